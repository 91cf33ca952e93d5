//! Mixed batches as tensors: the bits of the CPU, with their soft labels, from the loader and from the batcher.

use std::sync::Arc;

use autoaugment::burn::{AugmentBatcher, ImageItem};
use autoaugment::loader::{InMemory, Loader};
use autoaugment::mixing::{CutMix, Granularity, MixUp, Mixer, Mixing};
use autoaugment::transform::RandomResizedCrop;
use autoaugment::{Augmenter, Error, Layout, Normalize, Output, Policy, RaggedBatch, Size, Transform};
use burn::tensor::{Device, TensorData};

use crate::shared::*;
use crate::support::batches::batch_of;

const CLASSES: usize = 5;
const SIDE: usize = 12;

fn mixer() -> Mixer {
    let methods = [Mixing::from(MixUp { alpha: 0.4, per: Granularity::Image }), CutMix::default().into()];
    Mixer::new(methods, CLASSES).unwrap()
}

fn dataset() -> InMemory {
    let pixels = batch(shape(20, SIDE, SIDE), 30).data().to_vec();
    let images = RaggedBatch::packed(pixels, &[Size { width: SIDE, height: SIDE }; 20], 3).unwrap();
    InMemory::new(images, (0..20).map(|i| i % CLASSES as u32).collect()).unwrap()
}

fn loader(augmenter: autoaugment::AugmenterBuilder, output: Output) -> Loader {
    let augmenter = augmenter.seed(11).output(output).build().unwrap();
    let builder = Loader::builder(dataset(), Arc::new(augmenter)).batch_size(6).shuffle(true).mixing(mixer());
    builder.threads(2).build().unwrap()
}

fn transform() -> Transform {
    Transform::new().random_resized_crop(RandomResizedCrop::to(10, 9)).policy(Policy::cifar10())
}

#[test]
fn from_a_loader() {
    for output in [F32, F16] {
        let host = loader(Augmenter::builder(transform()).device(autoaugment::Device::Cpu), output);
        let mut ways = vec![(
            "flex",
            loader(Augmenter::builder(transform()).device(autoaugment::Device::Cpu), output),
            Device::flex(),
        )];
        if let Some(both) = both() {
            let on = |shared: &Shared| loader(Augmenter::builder(transform()).gpu(shared.gpu()), output);
            ways.extend(both.iter().map(|shared| (shared.way, on(shared), shared.device.clone())));
        }
        for (way, loader, device) in ways {
            let mut batches = loader.epoch(3);
            for host in host.epoch(3).map(Result::unwrap) {
                let got = batches.next_batch(&device).unwrap().unwrap();
                let (mixed, expected) = (got.mixed.unwrap(), host.mixed.as_ref().unwrap());
                assert_eq!(
                    (&mixed.plan, &got.plan, &got.indices),
                    (&expected.plan, &host.plan, &host.indices),
                    "{way}"
                );
                assert_eq!(mixed.labels.dims(), [host.indices.len(), CLASSES]);
                let labels = TensorData::new(expected.labels.clone(), mixed.labels.dims());
                assert_eq!(mixed.labels.into_data(), labels, "{way}");
                assert_same(&bits(got.images), &bits_of(host.images.host().unwrap()), way);
            }
            assert!(batches.next_batch(&device).is_none());
        }
    }
}

/// Bytes that are on the device, mixed to a tensor by hand.
#[test]
fn from_bytes_on_the_device() {
    let Some(both) = both() else { return };
    let gpu = both[0].gpu();
    let shape = shape(6, SIDE, SIDE);
    let images = batch_of(shape, Layout::Nhwc, 5);
    let there = gpu.upload(&images).unwrap();
    let plan = mixer().plan(1, 2, &indices(shape), shape.size()).unwrap();
    let (got, _) = gpu.mix_tensor(&there, &plan, &F32, &both[0].device).unwrap();
    let expected = gpu.download(&gpu.mix(&there, &plan, &F32).unwrap().0).unwrap();
    assert_same(&bits(got), &bits_of(&expected), "mixed");
    let elsewhere = gpu.mix_tensor(&there, &plan, &F32, &Device::flex());
    assert!(matches!(elsewhere, Err(Error::Burn(_))));
    let bytes = gpu.mix_tensor(&there, &plan, &Output::u8(), &both[0].device);
    assert!(matches!(bytes, Err(Error::Output(_))));
}

/// Five, one of each class.
fn items() -> Vec<ImageItem> {
    let pixels = batch(shape(5, SIDE, SIDE), 30);
    let item = |i: usize| ImageItem {
        pixels: Arc::from(&pixels.data()[i * SIDE * SIDE * 3..][..SIDE * SIDE * 3]),
        size: Size { width: SIDE, height: SIDE },
        channels: 3,
        label: i as i32,
        index: 100 + i as u64,
    };
    (0..5).map(item).collect()
}

#[test]
fn from_a_batcher() {
    let (pixels, items) = (batch(shape(5, SIDE, SIDE), 30), items());
    let indices: Vec<u64> = (100..105).collect();
    let alone = on_cpu(F32).augment(&pixels, 4, &indices).unwrap();
    let plan = mixer().plan(11, 4, &indices, alone.tensor.shape.size()).unwrap();
    let expected = bits_of(&plan.apply(&alone.tensor).unwrap());
    let mut ways = vec![(on_cpu(F32), Device::flex())];
    if let Some(both) = both() {
        ways.extend(both.iter().map(|shared| (shared.augmenter(F32), shared.device.clone())));
    }
    for (augmenter, device) in ways {
        let batcher = AugmentBatcher::new(augmenter).unwrap().mixing(mixer());
        batcher.epoch().set(4);
        let got = batcher.collate(&items, &device).unwrap();
        let mixed = got.mixed.unwrap();
        assert_eq!((&mixed.plan, &got.plan), (&plan, &alone.plan));
        let labels: Vec<f32> = mixed.labels.into_data().iter().collect();
        assert_eq!(labels, plan.labels(&[0, 1, 2, 3, 4], CLASSES).unwrap());
        assert_same(&bits(got.images), &expected, "collated");
        for label in [-1, 5] {
            let mut items = items.clone();
            items[2].label = label;
            let error = batcher.collate(&items, &device).unwrap_err().to_string();
            assert_eq!(error, format!("image 2: batch: the class {label} is outside 0..5"));
        }
    }
}

/// What was sent for a batch that cannot be mixed is used again: the next one makes no buffer.
#[test]
fn a_failure_keeps_no_memory() {
    let Some(both) = both() else { return };
    let normalize = Normalize { mean: [0.5; 3], std: [1e-39; 3] };
    let augmenter = Arc::new(both[0].augmenter(Output::f32(Layout::Nchw, normalize)));
    let batcher = AugmentBatcher::new(augmenter.clone()).unwrap().mixing(mixer());
    let gpu = augmenter.executor().gpu().unwrap();
    let made = [(); 4].map(|()| {
        let error = batcher.collate(&items(), &both[0].device).unwrap_err();
        assert!(error.to_string().contains("mixing needs values below 2^126"), "{error}");
        gpu.allocation_stats()
    });
    assert_eq!(made[2], made[3]);
}
