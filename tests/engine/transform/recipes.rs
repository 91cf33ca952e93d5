//! The two usual recipes, from photographs to normalized tensors, against Pillow and NumPy: equal bytes before
//! normalizing, equal bits after, on both executors.

use autoaugment::transform::Recipe;
use autoaugment::{
    Device, Executor, Layout, Normalize, Output, Plan, Policy, RaggedBatch, Sampler, Size, TensorData, Transform,
};

use super::pillow::{compare, replayed};
use crate::support::chains::{images, random};
use crate::support::conformance::{Picture, Python, say};

/// The photographs, each several times.
fn photographs(times: usize) -> RaggedBatch<'static> {
    let photos = [
        ("photos/astronaut.png", Size { width: 512, height: 512 }),
        ("photos/chelsea.png", Size { width: 451, height: 300 }),
        ("photos/coffee.png", Size { width: 600, height: 400 }),
    ];
    let (mut data, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..times {
        for (path, size) in photos {
            data.extend(Picture::photo(path));
            sizes.push(size);
        }
    }
    RaggedBatch::packed(data, &sizes, 3).unwrap()
}

fn executors() -> Vec<Executor> {
    let cpu = Executor::new(Device::Cpu).unwrap();
    #[cfg(feature = "gpu")]
    if let Some(gpu) = crate::support::gpu::gpu() {
        return vec![cpu, Executor::with_gpu(gpu)];
    }
    vec![cpu]
}

/// Draws a batch, and compares what each executor makes of it with Pillow, as bytes and as binary32.
fn check(what: &str, transform: Transform, normalize: Normalize, batch: &RaggedBatch<'_>) -> Option<Plan> {
    let python = Python::find_for(what)?;
    let folder = tempfile::tempdir().unwrap();
    let indices: Vec<u64> = (100..100 + batch.sizes().len() as u64).collect();
    let plan = Sampler::new(transform, 11).unwrap().plan(batch.sizes(), 2, &indices).unwrap();
    let bytes = replayed(&python, folder.path(), batch, &plan, None);
    let numbers: Vec<_> = normalize.mean.iter().chain(&normalize.std).map(f32::to_string).collect();
    let floats = replayed(&python, folder.path(), batch, &plan, Some(&numbers.join(",")));
    for executor in executors() {
        let (tensor, _) = executor.apply(batch, &plan, &Output::u8()).unwrap();
        let differing = compare(batch, &plan, &bytes, tensor.data.as_u8().unwrap());
        assert!(differing.is_empty(), "{what} on {executor}:\n{}", differing.join("\n"));
        let (tensor, _) = executor.apply(batch, &plan, &Output::f32(Layout::Nchw, normalize)).unwrap();
        let TensorData::F32(values) = &tensor.data else { panic!("not binary32") };
        let bits: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let differing = compare(batch, &plan, &floats, &bits);
        assert!(differing.is_empty(), "{what}, normalized, on {executor}:\n{}", differing.join("\n"));
        say(&format!("{what} on {executor}: {} images: 0 differing bytes, 0 differing bits", batch.sizes().len()));
    }
    Some(plan)
}

#[test]
fn imagenet_training() {
    let transform = Transform::from(Recipe::ImageNet.training().policy(Policy::imagenet()).erasing());
    let Some(plan) = check("the ImageNet recipe", transform, Normalize::IMAGENET, &photographs(8)) else { return };
    let has = |name: &str| plan.images().iter().filter(|i| i.ops.iter().any(|op| op.kind().name() == name)).count();
    assert_eq!(has("Resize"), 24);
    assert!(has("HorizontalFlip") > 4 && has("Cutout") > 0 && has("Crop") > 20);
}

#[test]
fn imagenet_evaluation() {
    check("evaluation on ImageNet", Recipe::ImageNet.evaluation(), Normalize::IMAGENET, &photographs(1));
}

#[test]
fn cifar_training() {
    let batch = images(&[Size { width: 32, height: 32 }; 96], 3, &mut random(6));
    let transform = Transform::from(Recipe::Cifar.training().policy(Policy::cifar10()));
    let Some(plan) = check("the CIFAR recipe", transform, Normalize::CIFAR10, &batch) else { return };
    assert!(plan.images().iter().all(|i| i.ops[0].kind().name() == "Crop"));
    assert!(plan.images().iter().all(|i| i.ops.last().unwrap().kind().name() == "Cutout"));
}
