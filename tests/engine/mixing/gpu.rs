//! The GPU against the host: the same bits in every form and layout, wherever images begin in memory, however they are
//! mixed.

use autoaugment::mixing::{MixPlan, MixUp, MixedImage, Mixing, Rectangle};
use autoaugment::{
    Batch, Device, Executor, Gpu, Layout, Normalize, Output, Plan, Policy, Sampler, Shape, Size, Tensor,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::batches::{EVERY_FORM, batch_of, differences};
use crate::support::gpu::{gpu, gpu_with};

/// Partners anywhere in the batch, lambdas of every size, MixUp and CutMix side by side.
fn any_plan(shape: Shape, seed: u64) -> MixPlan {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let image = |i: usize| {
        let partner = rng.random_range(0..shape.images);
        let lambda = match i % 5 {
            0 => [0.0, 1.0, 0.5, 1e-40, 1.0 - 1e-9][i / 5 % 5],
            1 => rng.random::<f64>().powi(40),
            _ => rng.random(),
        };
        let Size { width, height } = shape.size();
        let [x, y] = [width, height].map(|side| rng.random_range(0..side));
        let rectangle = Rectangle::around(x, y, lambda, shape.size());
        let is_cut = rng.random_range(0..3) == 0;
        MixedImage { index: i as u64, partner, lambda, rectangle: is_cut.then_some(rectangle) }
    };
    MixPlan::new((0..shape.images).map(image).collect())
}

/// What the host makes of images that are normalized first.
fn on_host(batch: &Batch<'_>, plan: &MixPlan, output: &Output) -> Tensor {
    let nothing = Plan::uniform(batch.shape().images, vec![]);
    let (images, _) = Executor::new(Device::Cpu).unwrap().apply(batch, &nothing, output).unwrap();
    plan.apply(&images).unwrap()
}

/// CutMix for bytes.
fn fitting(plan: MixPlan, output: &Output) -> MixPlan {
    if output.dtype() != autoaugment::Dtype::U8 {
        return plan;
    }
    let mut images = plan.into_images();
    let whole = Rectangle { x: 0, y: 0, width: 1, height: 1 };
    images.iter_mut().for_each(|image| image.rectangle = image.rectangle.or(Some(whole)));
    MixPlan::new(images)
}

fn check(gpu: &Gpu, batch: &Batch<'_>, plan: MixPlan, output: &Output) {
    let plan = fitting(plan, output);
    let expected = on_host(batch, &plan, output);
    let got = gpu.download(&gpu.mix(&gpu.upload(batch).unwrap(), &plan, output).unwrap().0).unwrap();
    assert_eq!((got.shape, got.layout), (expected.shape, expected.layout));
    let nothing = Plan::uniform(batch.shape().images, vec![]);
    let found = differences(expected.shape, &nothing, &expected.data, &got.data);
    assert!(found.is_empty(), "{:?} {output:?}\n{plan}\n{}", batch.shape(), found.join("\n"));
}

#[test]
fn every_form_and_layout() {
    let Some(gpu) = gpu() else { return };
    for (images, height, width) in [(40, 12, 16), (33, 7, 9), (31, 1, 1), (3, 97, 101)] {
        for (channels, layout) in [(3, Layout::Nhwc), (3, Layout::Nchw), (1, Layout::Nhwc)] {
            let shape = Shape { images, height, width, channels };
            let batch = batch_of(shape, layout, 1);
            for (i, output) in EVERY_FORM.iter().enumerate() {
                check(&gpu, &batch, any_plan(shape, i as u64), output);
            }
        }
    }
}

/// Values and sums around the smallest that are normal, in both types, and around the largest of binary16.
#[test]
fn every_size_of_values() {
    let Some(gpu) = gpu() else { return };
    let shape = Shape { images: 25, height: 16, width: 17, channels: 3 };
    let batch = batch_of(shape, Layout::Nhwc, 2);
    for (std, mean) in [(1.0, 0.5), (1e37, 0.4), (1e38, 0.5), (1e-30, 0.3), (1e4, 0.5), (1e7, 0.1), (2e-5, 0.4)] {
        let normalize = Normalize { mean: [mean, 0.0, 1.0], std: [std, 3.0 * std, std / 3.0] };
        check(&gpu, &batch, any_plan(shape, 7), &Output::f32(Layout::Nchw, normalize));
        if std > 1e-5 {
            let normalize = Normalize { std: [std, 3.0 * std, 4e-5f32.max(std)], ..normalize };
            check(&gpu, &batch, any_plan(shape, 8), &Output::f16(Layout::Nhwc, normalize));
        }
    }
}

/// Both bytes of every pair, and so every sum that there is for some lambdas.
#[test]
fn every_pair_of_bytes() {
    let Some(gpu) = gpu() else { return };
    let shape = Shape { images: 2, height: 256, width: 256, channels: 1 };
    let pairs = (0..2).flat_map(|i| (0..65536u32).map(move |p| if i == 0 { p as u8 } else { (p >> 8) as u8 }));
    let batch = Batch::new(pairs.collect::<Vec<_>>(), shape, Layout::Nhwc).unwrap();
    for seed in 0..4 {
        let plan = Mixing::from(MixUp::default()).plan(seed, 0, &[0, 1], shape.size()).unwrap();
        for output in [Output::f32(Layout::Nhwc, Normalize::CIFAR10), Output::f16(Layout::Nchw, Normalize::IMAGENET)] {
            check(&gpu, &batch, plan.clone(), &output);
        }
    }
}

#[test]
fn what_is_beside_the_output_stays() {
    let Some(gpu) = gpu() else { return };
    // Images of an odd number of values, so that words are shared.
    let shape = Shape { images: 3, height: 5, width: 7, channels: 1 };
    let batch = batch_of(shape, Layout::Nhwc, 3);
    let source = gpu.upload(&batch).unwrap();
    for output in EVERY_FORM {
        let plan = fitting(any_plan(shape, 9), &output);
        let before = vec![0xa5u8; 1024];
        let bytes = shape.values() * output.dtype().bytes();
        for offset in [0, 4, 260] {
            let whole = Shape { images: 1, height: 1, width: 1024, channels: 1 };
            let buffer = gpu.upload(&Batch::new(before.clone(), whole, Layout::Nhwc).unwrap()).unwrap();
            gpu.mix_into(&source, &plan, &output, buffer.buffer(), offset as u64).unwrap();
            let after = gpu.download(&buffer).unwrap();
            let after = after.data.as_u8().unwrap();
            let expected = on_host(&batch, &plan, &output);
            let expected: Vec<u8> = match &expected.data {
                autoaugment::TensorData::U8(values) => values.clone(),
                autoaugment::TensorData::F32(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
                autoaugment::TensorData::F16(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            };
            assert_eq!(after[offset..offset + bytes], expected, "{output:?} at {offset}");
            assert!(
                after[..offset].iter().chain(&after[offset + bytes..]).all(|&b| b == 0xa5),
                "{output:?} at {offset}"
            );
        }
    }
}

#[test]
fn from_a_policy_to_mixed_values() {
    let Some(gpu) = gpu() else { return };
    let shape = Shape { images: 48, height: 33, width: 31, channels: 3 };
    let indices: Vec<u64> = (100..148).collect();
    let batch = batch_of(shape, Layout::Nhwc, 4);
    let plan = Sampler::new(Policy::cifar10(), 5).unwrap().plan(shape, 1, &indices).unwrap();
    let output = Output::f16(Layout::Nchw, Normalize::CIFAR10);
    let (images, _) = Executor::new(Device::Cpu).unwrap().apply(&batch, &plan, &output).unwrap();
    let (bytes, _) = gpu.apply_resident(&gpu.upload(&batch).unwrap(), &plan, &Output::u8_as(Layout::Nchw)).unwrap();
    for mixing in ["mixup(alpha=0.2)", "mixup(alpha=0.2, per=image)", "cutmix", "cutmix(per=image)"] {
        let mix = mixing.parse::<Mixing>().unwrap().plan(5, 1, &indices, shape.size()).unwrap();
        let (mixed, _) = gpu.mix(&bytes, &mix, &output).unwrap();
        assert_eq!(gpu.download(&mixed).unwrap(), mix.apply(&images).unwrap(), "{mixing}");
        gpu.recycle(mixed);
    }
}

#[test]
fn a_training_loop_creates_nothing() {
    let Some(gpu) = gpu() else { return };
    let shape = Shape { images: 20, height: 14, width: 15, channels: 3 };
    let source = gpu.upload(&batch_of(shape, Layout::Nhwc, 5)).unwrap();
    let output = Output::f32(Layout::Nchw, Normalize::IMAGENET);
    let sampler = Sampler::new(Policy::cifar10(), 1).unwrap();
    let step = |epoch: u64| {
        let indices: Vec<u64> = (0..20).collect();
        let plan = sampler.plan(shape, epoch, &indices).unwrap();
        let (bytes, _) = gpu.apply_resident(&source, &plan, &Output::u8_as(Layout::Nchw)).unwrap();
        let mixing: Mixing = ["mixup(per=image)", "cutmix"][epoch as usize % 2].parse().unwrap();
        let (mixed, _) = gpu.mix(&bytes, &mixing.plan(1, epoch, &indices, shape.size()).unwrap(), &output).unwrap();
        gpu.recycle(bytes);
        gpu.recycle(mixed);
    };
    (0..24).for_each(step);
    let before = gpu.allocation_stats();
    (24..64).for_each(step);
    assert_eq!(gpu.allocation_stats(), before);
}

/// Pieces: a device that binds little, and a batch whose first image's partner is the last.
#[test]
fn a_batch_larger_than_a_binding() {
    let Some(small) = gpu_with(|limits| limits.max_storage_buffer_binding_size = 1 << 17) else { return };
    for (height, width) in [(31, 33), (32, 32)] {
        let shape = Shape { images: 90, height, width, channels: 3 };
        let batch = batch_of(shape, Layout::Nchw, 6);
        let indices: Vec<u64> = (0..90).collect();
        let rolled = "mixup(per=image)".parse::<Mixing>().unwrap().plan(1, 1, &indices, shape.size()).unwrap();
        for output in EVERY_FORM {
            check(&small, &batch, rolled.clone(), &output);
            check(&small, &batch, any_plan(shape, 11), &output);
        }
    }
}

#[test]
fn what_is_refused() {
    let Some(gpu) = gpu() else { return };
    let shape = Shape { images: 2, height: 4, width: 4, channels: 3 };
    let batch = gpu.upload(&batch_of(shape, Layout::Nhwc, 1)).unwrap();
    let plan = Mixing::from(MixUp::default()).plan(0, 0, &[0, 1], shape.size()).unwrap();
    let f32_of = |std| Output::f32(Layout::Nhwc, Normalize { mean: [0.5; 3], std: [std; 3] });
    let error =
        |result: autoaugment::Result<(autoaugment::GpuBatch, autoaugment::Report)>| result.unwrap_err().to_string();
    assert!(error(gpu.mix(&batch, &plan, &Output::u8())).contains("MixUp needs f32 or f16 output"));
    assert!(error(gpu.mix(&batch, &plan, &f32_of(1e-39))).contains("mixing needs values below 2^126"));
    assert!(error(gpu.mix(&batch, &plan, &f32_of(0.0))).contains("must be finite and not 0"));
    let (mixed, _) = gpu.mix(&batch, &plan, &f32_of(1.0)).unwrap();
    assert_eq!(error(gpu.mix(&mixed, &plan, &f32_of(1.0))), "buffer: the input is F32 and must be U8");
    let none = MixPlan::default();
    assert_eq!(error(gpu.mix(&batch, &none, &f32_of(1.0))), "expected a plan for 2 images, got one for 0");
    let own = gpu.mix_into(&batch, &plan, &f32_of(1.0), batch.buffer(), 0).unwrap_err().to_string();
    assert!(own.starts_with("buffer: "), "{own}");
}
