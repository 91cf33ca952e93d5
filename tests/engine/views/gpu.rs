//! Views on the GPU: what the CPU makes of the packed batch.

use autoaugment::{Batch, Executor, Gpu, ImageView, Layout, Normalize, Output, Plan, Policy, Size};

use super::check;
use crate::support::batches::{EVERY_FORM, batch_of, differences, drawn, mixtures, nearest, random, rgb};
use crate::support::chains::{Chains, chains, some_nearest_op};
use crate::support::gpu::{gpu, gpu_with, on_cpu};
use crate::support::views::Scattered;

fn check_uniform(gpu: &Gpu, batch: &Batch<'_>, plan: &Plan, outputs: &[Output], what: &str) {
    let scattered = Scattered::of_uniform(batch, &mut random(5));
    let views = scattered.views();
    let executor = Executor::with_gpu(gpu.clone());
    check(&executor, batch.into(), (&views).into(), plan, outputs, what);
    // The packed batch on the CPU is the same, so that both paths of the GPU cannot be wrong together.
    let (got, _) = gpu.apply(&views, plan, &outputs[0]).unwrap();
    assert_eq!(differences(got.shape, plan, &on_cpu(batch, plan, &outputs[0]), &got.data), [""; 0], "{what}");
}

#[test]
fn images_of_different_sizes() {
    let Some(gpu) = gpu() else { return };
    let executor = Executor::with_gpu(gpu);
    for channels in [1, 3] {
        let Chains { batch, plan, .. } = chains(60, channels, 4, 11, some_nearest_op);
        for scattered in [Scattered::of(&batch, &mut random(1)), Scattered::planar(&batch)] {
            check(&executor, (&batch).into(), (&scattered.views()).into(), &plan, &EVERY_FORM, "different sizes");
        }
    }
}

#[test]
fn planar_and_padded_images_with_branches_and_partners() {
    let Some(gpu) = gpu() else { return };
    for layout in [Layout::Nhwc, Layout::Nchw] {
        let shape = rgb(24, 19, 23);
        let mut images = nearest(&mixtures(shape, 3, 2, 7)).into_images();
        for (i, image) in images.iter_mut().enumerate() {
            image.ops.push(format!("SamplePairing(weight=0.3, partner={})", (i * 17 + 5) % 24).parse().unwrap());
        }
        check_uniform(&gpu, &batch_of(shape, layout, 6), &Plan::new(images), &EVERY_FORM, "branches and partners");
    }
}

#[test]
fn a_batch_in_chunks_with_partners_in_other_chunks() {
    let Some(gpu) = gpu_with(|l| l.max_storage_buffer_binding_size = 1 << 17) else { return };
    let shape = rgb(40, 63, 63);
    let batch = batch_of(shape, Layout::Nhwc, 10);
    let mut images = nearest(&drawn(Policy::imagenet(), shape, 11)).into_images();
    for (i, image) in images.iter_mut().enumerate().filter(|(i, _)| i % 3 == 0) {
        image.ops.push(format!("SamplePairing(weight=0.4, partner={})", (i * 17 + 5) % 40).parse().unwrap());
    }
    let plan = Plan::new(images);
    let outputs = [Output::u8(), Output::f16(Layout::Nchw, Normalize::IMAGENET)];
    check_uniform(&gpu, &batch, &plan, &outputs, "chunks");
    let scattered = Scattered::of_uniform(&batch, &mut random(5));
    let (_, report) = gpu.apply(&scattered.views(), &plan, &outputs[1]).unwrap();
    assert!(report.chunks >= 5, "{report:?}");
}

#[test]
fn an_image_with_gaps_that_several_threads_send() {
    let Some(gpu) = gpu() else { return };
    // Rows of 1,501 bytes in memory of 1,510: more than one share, and no share of whole words.
    let (size, stride) = (Size { width: 1501, height: 1600 }, 1510);
    let memory: Vec<u8> = (0..stride * size.height).map(|i| (i % 251) as u8).collect();
    let view = ImageView::with_row_stride(&memory, size, 1, stride).unwrap();
    let plan = Plan::uniform(2, vec!["Invert".parse().unwrap()]);
    let run = || gpu.apply(&[view, view], &plan, &Output::u8()).unwrap();
    // The first batch brings tables with it.
    run();
    let (tensor, report) = run();
    let image = memory.chunks(stride).flat_map(|row| row[..size.width].iter().map(|v| 255 - v));
    let expected: Vec<u8> = image.clone().chain(image).collect();
    assert!(tensor.data.as_u8() == Some(&expected[..]));
    let sent = 2 * (size.width * size.height) as u64;
    assert!((sent..sent + 4096).contains(&report.bytes_uploaded), "{report:?}");
}

#[test]
fn a_batch_that_was_begun_keeps_its_own_memory() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(3, 9, 7);
    let batch = batch_of(shape, Layout::Nhwc, 2);
    let plan = Plan::uniform(3, vec!["Invert".parse().unwrap()]);
    let pending = {
        let scattered = Scattered::of_uniform(&batch, &mut random(3));
        gpu.begin(&scattered.views(), &plan, &Output::u8()).unwrap()
        // The images are sent: their memory may go.
    };
    let (tensor, _) = pending.wait().unwrap();
    assert_eq!(tensor.data, on_cpu(&batch, &plan, &Output::u8()));
}
