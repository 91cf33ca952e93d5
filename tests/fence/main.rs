//! Fence: the CPU executor with every block of memory next to an unreadable page. An access beyond a block, or to one
//! that was freed, ends the process.

#![cfg(target_os = "linux")]

mod fenced;
#[path = "../support/mod.rs"]
mod support;

use autoaugment::{
    Batch, Device, Executor, ImageView, Layout, Output, Plan, PlannedImage, RaggedBatch, Shape, Size, Tensor, reference,
};
use fenced::{Fence, within};
use support::batches::{EVERY_FORM, batch_of, chain_of, differences, mixtures, pairs, random, rgb};
use support::chains::{Chains, chains, resizes, some_op};

/// Sides around a vector, a block and a band.
const SIZES: [(usize, usize); 8] = [(1, 1), (1, 7), (3, 5), (11, 9), (32, 32), (63, 65), (70, 131), (3, 2800)];

/// Runs something on a thread without memory from before, in blocks with the fence.
fn fenced(fence: Fence, run: impl FnOnce() -> Tensor + Send) -> Tensor {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| within(fence, run))
}

/// The reference's bytes come out of the executor, with the batch in one block and with a block for each image.
fn check(images: &RaggedBatch<'_>, plan: &Plan, outputs: &[Output]) {
    let cpu = Executor::new(Device::Cpu).unwrap();
    let channels = images.channels();
    let image = |i: usize| &images.data()[images.offsets()[i]..][..images.sizes()[i].pixels() * channels];
    for output in outputs {
        let expected = reference::apply(images, plan, output).unwrap();
        for fence in [Fence::Behind, Fence::InFront] {
            let together = fenced(fence, || {
                let copy = RaggedBatch::packed(images.data().to_vec(), images.sizes(), channels).unwrap();
                cpu.apply(&copy, plan, output).unwrap().0
            });
            let apart = fenced(fence, || {
                let copies: Vec<Vec<u8>> = (0..images.sizes().len()).map(|i| image(i).to_vec()).collect();
                let views = copies.iter().zip(images.sizes());
                let views: Vec<_> = views.map(|(copy, &size)| ImageView::new(copy, size, channels).unwrap()).collect();
                cpu.apply(&views[..], plan, output).unwrap().0
            });
            for got in [together, apart] {
                let different = differences(expected.shape, plan, &expected.data, &got.data);
                assert!(different.is_empty(), "{fence:?} {output:?}\n{}", different.join("\n"));
            }
        }
    }
}

fn ragged(batch: &Batch<'_>) -> RaggedBatch<'static> {
    let Shape { images, height, width, channels } = batch.shape();
    RaggedBatch::packed(batch.data().to_vec(), &vec![Size { width, height }; images], channels).unwrap()
}

/// The check can fail: both ends of a block are guarded.
#[test]
fn an_access_beyond_a_block_ends_the_process() {
    const PLACE: &str = "AUTOAUGMENT_TEST_PLACE";
    if let Ok(place) = std::env::var(PLACE) {
        let (fence, at) = if place == "behind" { (Fence::Behind, 1000) } else { (Fence::InFront, -1) };
        let block = within(fence, || vec![7_u8; 1000]);
        // SAFETY: none; the process has to end here.
        let beyond = unsafe { block.as_ptr().offset(at).read_volatile() };
        panic!("read {beyond}");
    }
    for place in ["behind", "in front"] {
        let test = ["an_access_beyond_a_block_ends_the_process", "--exact"];
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let status = child.args(test).env(PLACE, place).output().unwrap().status;
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGSEGV), "{place}: {status}");
    }
}

#[test]
fn pairs_of_operations() {
    for (k, (height, width)) in SIZES.into_iter().enumerate() {
        let shape = rgb(if height * width > 4000 { 60 } else { 600 }, height, width);
        let plan = Plan::new(pairs(shape, 70 + k as u64));
        check(&ragged(&batch_of(shape, Layout::Nhwc, k as u64)), &plan, &[Output::u8()]);
    }
}

#[test]
fn chains_in_every_form() {
    for (k, (height, width)) in SIZES.into_iter().enumerate() {
        for channels in [1, 3] {
            let shape = Shape { channels, ..rgb(30, height, width) };
            let mut rng = random(k as u64);
            let image = |i: usize| PlannedImage { ops: chain_of(i % 5, shape, &mut rng), ..Default::default() };
            let plan = Plan::new((0..shape.images).map(image).collect());
            check(&ragged(&batch_of(shape, Layout::Nhwc, k as u64)), &plan, &EVERY_FORM);
        }
    }
}

#[test]
fn mixtures_resizes_and_crops() {
    for seed in 0..6 {
        let shape = rgb(12, 9 + 20 * seed, 33);
        let plan = mixtures(shape, 3, 2, seed as u64);
        check(&ragged(&batch_of(shape, Layout::Nhwc, 1)), &plan, &[Output::u8()]);
        for channels in [1, 3] {
            let Chains { batch, plan, .. } = resizes(20, channels, seed as u64);
            check(&batch, &plan, &[Output::u8()]);
            let Chains { batch, plan, .. } = chains(20, channels, 4, seed as u64, some_op);
            check(&batch, &plan, &EVERY_FORM);
        }
    }
}
