//! The GPU against the CPU on ragged batches, and the same through device memory.

use autoaugment::gpu::Grouping;
use autoaugment::{
    Batch, Device, Dtype, Executor, Layout, Normalize, Op, Output, Plan, PlannedImage, Shape, Size, ops,
};

use crate::support::batches::{EVERY_FORM, aug_mix_of, batch_of, nearest};
use crate::support::chains::{Chains, chains, resizes, some_nearest_op, some_op};
use crate::support::gpu::{check_all, gpu};

#[test]
fn resizing_in_every_form() {
    let Some(gpu) = gpu() else { return };
    for k in 0..8 {
        let Chains { batch, plan, .. } = resizes(24, [3, 1][k % 2], 70 + k as u64);
        check_all(&gpu, &batch, &plan, &EVERY_FORM, "resizing");
    }
}

#[test]
fn chains_in_every_grouping() {
    for grouping in Grouping::ALL {
        let Some(gpu) = gpu().map(|gpu| gpu.grouping(grouping)) else { return };
        for k in 0..4 {
            let Chains { batch, plan, .. } = chains(24, [3, 1][k % 2], 5, 80 + k as u64, some_nearest_op);
            check_all(&gpu, &batch, &plan, &[Output::u8()], &format!("{grouping:?}"));
        }
    }
}

#[test]
fn chains_with_interpolated_warps() {
    let Some(gpu) = gpu().map(|gpu| gpu.grouping(Grouping::Single)) else { return };
    for k in 0..3 {
        let Chains { batch, plan, .. } = chains(40, 3, 5, 90 + k, some_op);
        check_all(&gpu, &batch, &plan, &[Output::u8()], "interpolated");
    }
}

/// Branches behind crops, flips and resizes, whose frames they see, and in front of them.
#[test]
fn branches_among_crops_and_resizes() {
    for grouping in [Grouping::ByClass, Grouping::Single] {
        let Some(gpu) = gpu().map(|gpu| gpu.grouping(grouping)) else { return };
        for k in 0..4 {
            let some = |size: Size, rng: &mut _| {
                let shape = Shape { images: 1, height: size.height, width: size.width, channels: 3 };
                let op = some_nearest_op(size, rng);
                if !op.to_string().len().is_multiple_of(3) { aug_mix_of(3, 3, shape, rng) } else { op }
            };
            let Chains { batch, plan, .. } = chains(30, [3, 1][k % 2], 4, 200 + k as u64, some);
            check_all(&gpu, &batch, &nearest(&plan), &[Output::u8()], &format!("{grouping:?}"));
        }
    }
}

/// Crops and flips of images of one size, in both layouts, which a small image's one dispatch does.
#[test]
fn crops_and_flips_of_small_images_take_one_dispatch() {
    let Some(gpu) = gpu() else { return };
    let shape = Shape { images: 30, height: 32, width: 32, channels: 3 };
    let crop = |i: i64, border| ops::Crop { x: i % 9 - 4, y: i / 4 - 4, width: 32, height: 32, border, fill: [128; 3] };
    let image = |i: usize| {
        let border = autoaugment::Border::ALL[i % 4];
        let mut ops: Vec<Op> = vec![crop(i as i64, border).into(), ops::HorizontalFlip {}.into()];
        ops.truncate(1 + i % 2);
        ops.push("Equalize".parse().unwrap());
        ops.push("ShearX(factor=0.2)".parse().unwrap());
        ops.push(ops::Cutout { x: 3, y: 20, width: 16, height: 16, fill: [0; 3] }.into());
        PlannedImage { index: i as u64, ops, ..Default::default() }
    };
    let plan = Plan::new((0..30).map(image).collect());
    for layout in [Layout::Nhwc, Layout::Nchw] {
        let batch = batch_of(shape, layout, 9);
        check_all(&gpu, &batch, &plan, &EVERY_FORM, "small crops");
        let (_, report) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
        assert_eq!(report.dispatches, 1);
        assert_eq!(report.bytes_read, shape.values() as u64);
    }
}

#[test]
fn what_is_on_the_device_gives_the_same() {
    let Some(gpu) = gpu() else { return };
    let cpu = Executor::new(Device::Cpu).unwrap();
    let output = Output::f32(Layout::Nchw, Normalize::IMAGENET);
    let Chains { batch, plan, size } = chains(20, 3, 4, 99, some_nearest_op);
    let resident = gpu.upload_ragged(&batch).unwrap();
    let (augmented, report) = gpu.apply_resident(&resident, &plan, &output).unwrap();
    assert_eq!(report.bytes_downloaded, 0);
    assert_eq!((augmented.shape().size(), augmented.dtype()), (size, Dtype::F32));
    let (expected, _) = cpu.apply(&batch, &plan, &output).unwrap();
    assert_eq!(gpu.download(&augmented).unwrap(), expected);
}

/// A transform at its fewest: resizing is one dispatch more than the policy alone.
#[test]
fn dispatches_of_a_resized_batch() {
    let Some(gpu) = gpu() else { return };
    let sizes: Vec<_> = (0..16).map(|i| autoaugment::Size { width: 120 + 10 * i, height: 150 - 3 * i }).collect();
    let batch = crate::support::chains::images(&sizes, 3, &mut crate::support::chains::random(3));
    let policy = autoaugment::Policy::imagenet();
    let transform = autoaugment::Transform::new()
        .random_resized_crop(autoaugment::transform::RandomResizedCrop::to(96, 96))
        .random_horizontal_flip(0.5)
        .policy(policy);
    let sampler = autoaugment::Sampler::new(transform, 5).unwrap();
    let indices: Vec<u64> = (0..16).collect();
    let plan = sampler.plan(&sizes, 0, &indices).unwrap();
    check_all(&gpu, &batch, &plan, &[Output::u8(), Output::f16(Layout::Nchw, Normalize::IMAGENET)], "imagenet");
    let (_, report) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
    assert!(report.dispatches <= 6, "{report:?}");
    // The second batch finds its kernels made.
    let pipelines = gpu.pipelines();
    let plan = sampler.plan(&sizes, 1, &indices).unwrap();
    gpu.apply(&batch, &plan, &Output::u8()).unwrap();
    assert_eq!(gpu.pipelines(), pipelines);
}

/// Images of one size that are resized, as a batch and as a ragged one.
#[test]
fn planes_are_resized_too() {
    let Some(gpu) = gpu() else { return };
    let shape = Shape { images: 5, height: 31, width: 45, channels: 3 };
    let ops: Vec<Op> =
        ["Resize(width=20, height=40, interpolation=bicubic, box=[0.5, 3, 40, 30.25])", "HorizontalFlip"]
            .map(|op| op.parse().unwrap())
            .into();
    let batch: Batch<'_> = batch_of(shape, Layout::Nchw, 4);
    check_all(&gpu, &batch, &Plan::uniform(5, ops), &EVERY_FORM, "planes");
}
