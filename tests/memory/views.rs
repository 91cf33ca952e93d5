//! Views and the caller's memory: once a batch was seen, nothing as large as an image is allocated for the next.

use std::sync::atomic::Ordering::Relaxed;

use autoaugment::{Device, Executor, ImageView, Layout, Normalize, Op, Output, Plan, PlannedImage, Size, Tensor};

use crate::counting::{HELD, MOST, alone};

/// Sizes of images that are cropped to the smallest: 300 KB and more each.
const SIZES: [Size; 4] = [
    Size { width: 320, height: 320 },
    Size { width: 400, height: 330 },
    Size { width: 321, height: 340 },
    Size { width: 500, height: 500 },
];

/// Less than any image, and more than what plans, reports and wgpu take for a batch.
const SMALL: usize = 256 << 10;

fn plan() -> Plan {
    let crop: Op = "Crop(x=0, y=0, width=320, height=320)".parse().unwrap();
    let chains =
        ["Rotate(degrees=20);Equalize", "Invert", "Sharpness(factor=1.7);ShearX(factor=0.2)", "HorizontalFlip"];
    let image = |chain: &str| {
        let ops = std::iter::once(crop.clone()).chain(chain.split(';').map(|op| op.parse().unwrap())).collect();
        PlannedImage { ops, ..Default::default() }
    };
    Plan::new(chains.map(image).to_vec())
}

/// The most bytes that were allocated at a time beyond those before, in the third of three runs.
fn allocated(mut run: impl FnMut()) -> usize {
    run();
    run();
    let before = HELD.load(Relaxed);
    MOST.store(before, Relaxed);
    run();
    MOST.load(Relaxed) - before
}

fn check(executor: &Executor) {
    // Separate memory for each image, the second with gaps between its rows.
    let gap = |i: usize| if i == 1 { 13 } else { 0 };
    let photos: Vec<Vec<u8>> =
        SIZES.iter().enumerate().map(|(i, s)| vec![100; (3 * s.width + gap(i)) * s.height]).collect();
    let views: Vec<ImageView<'_>> = (0..4)
        .map(|i| ImageView::with_row_stride(&photos[i], SIZES[i], 3, 3 * SIZES[i].width + gap(i)).unwrap())
        .collect();
    let (plan, output) = (plan(), Output::f32(Layout::Nchw, Normalize::IMAGENET));
    let mut values = vec![0.0_f32; 4 * 3 * 320 * 320];
    let to_slice = allocated(|| drop(executor.apply_to(&views, &plan, &output, &mut values).unwrap()));
    let mut tensor = Tensor::default();
    let to_tensor = allocated(|| drop(executor.apply_into(&views, &plan, &output, &mut tensor).unwrap()));
    println!("{executor}: {to_slice} bytes allocated into a slice, {to_tensor} into a tensor");
    assert!(to_slice < SMALL && to_tensor < SMALL, "{executor}: {to_slice}, {to_tensor}");
    assert_eq!(tensor.data.as_f32(), Some(&values[..]));
    // The count can fail: a result of its own is allocated.
    let own = allocated(|| drop(executor.apply(&views, &plan, &output).unwrap()));
    assert!(own > SMALL, "{executor}: {own}");
}

#[test]
fn the_cpu_copies_no_image() {
    let _alone = alone();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| check(&Executor::new(Device::Cpu).unwrap()));
}

#[cfg(feature = "gpu")]
#[test]
fn a_gpu_is_sent_images_and_sends_results_without_a_copy_on_the_host() {
    let _alone = alone();
    let Some(gpu) = crate::support::gpu::gpu() else { return };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| check(&Executor::with_gpu(gpu)));
}
