//! From a data set of images of different sizes, through the loader, to tensors: the same bits on every device, with
//! nothing sent but pixels and programs, and nothing fetched.

use std::sync::Arc;

use autoaugment::burn::{ImageBatch, TensorMemory};
use autoaugment::loader::{InMemory, Loader};
use autoaugment::ops::Crop;
use autoaugment::transform::{RandomErasing, RandomResizedCrop};
use autoaugment::{Augmenter, Op, Output, Plan, Policy, RaggedBatch, Size, Transform};
use burn::tensor::Device;
use burn::tensor::Tensor;

use crate::shared::*;
use crate::support::batches::random;

const IMAGES: usize = 22;

/// Images whose bytes are multiples of 8, so that aligning them takes no more.
fn dataset() -> InMemory {
    use rand::RngExt;
    let mut rng = random(31);
    let sizes: Vec<Size> =
        (0..IMAGES).map(|_| Size { width: 8 * rng.random_range(2..8), height: rng.random_range(9..60) }).collect();
    let bytes = sizes.iter().map(|size| size.pixels() * 3).sum();
    let pixels = (0..bytes).map(|_| rng.random()).collect::<Vec<u8>>();
    let images = RaggedBatch::packed(pixels, &sizes, 3).unwrap();
    InMemory::new(images, (0..IMAGES as u32).map(|i| i % 7).collect()).unwrap()
}

fn transform() -> Transform {
    Transform::new()
        .random_resized_crop(RandomResizedCrop::to(20, 16))
        .random_horizontal_flip(0.5)
        .policy(Policy::imagenet())
        .random_erasing(RandomErasing::default())
}

fn loader(builder: autoaugment::AugmenterBuilder, output: Output) -> Loader {
    let augmenter = builder.seed(9).output(output).build().unwrap();
    Loader::builder(dataset(), Arc::new(augmenter)).batch_size(8).shuffle(true).seed(5).threads(2).build().unwrap()
}

fn on_cpu(output: Output) -> Loader {
    loader(Augmenter::builder(transform()).device(autoaugment::Device::Cpu), output)
}

fn batches(loader: &Loader, device: &Device) -> Vec<ImageBatch> {
    let mut epoch = loader.epoch(3);
    let mut batches = Vec::new();
    while let Some(batch) = epoch.next_batch(device) {
        batches.push(batch.unwrap());
    }
    assert_eq!((batches.len(), epoch.position().batch), (3, 3));
    batches
}

fn labels(batch: &ImageBatch) -> Vec<i64> {
    batch.labels.clone().into_data().convert::<i64>().try_to_vec().unwrap()
}

#[test]
fn the_same_bits_everywhere() {
    for output in [F32, F16] {
        let host: Vec<_> = on_cpu(output).epoch(3).map(Result::unwrap).collect();
        let mut ways = vec![("flex", batches(&on_cpu(output), &Device::flex()))];
        if let Some(both) = both() {
            for shared in both {
                let loader = loader(Augmenter::builder(transform()).gpu(shared.gpu()), output);
                ways.push((shared.way, batches(&loader, &shared.device)));
            }
        }
        for (way, got) in ways {
            for (host, got) in host.iter().zip(got) {
                assert_eq!((&host.indices, &host.plan), (&got.indices, &got.plan), "{way}");
                assert_eq!(host.labels.iter().map(|&l| i64::from(l)).collect::<Vec<_>>(), labels(&got), "{way}");
                assert_eq!(got.images.dims(), [got.indices.len(), 3, 16, 20]);
                assert_same(&bits(got.images), &bits_of(host.images.host().unwrap()), way);
            }
        }
    }
}

/// The device gets the pixels and the programs, once, and is asked for nothing.
#[test]
fn nothing_else_is_sent_or_fetched() {
    let Some(both) = both() else { return };
    let shared = &both[0];
    let gpu_loader = loader(Augmenter::builder(transform()).gpu(shared.gpu()), F32);
    let gpu = shared.gpu();
    let dataset = dataset();
    for batch in batches(&gpu_loader, &shared.device) {
        let samples: Vec<_> =
            batch.indices.iter().map(|&i| autoaugment::loader::Dataset::read(&dataset, i as usize).unwrap()).collect();
        // The loader decodes and sends what the crops at the beginning keep.
        let mut images = batch.plan.clone().into_images();
        let cropped = images.iter_mut().zip(&samples).map(|(image, sample)| match image.ops.first() {
            Some(&Op::Crop(Crop { width, height, .. })) => {
                image.ops.remove(0);
                Size { width, height }
            }
            _ => sample.size(),
        });
        let sizes: Vec<Size> = cropped.collect();
        let pixels: usize = sizes.iter().map(|size| size.pixels() * 3).sum();
        let sent: usize = sizes.iter().map(|size| (size.pixels() * 3).next_multiple_of(8)).sum();
        // What the programs alone take, on a batch that is there already.
        let there = gpu.upload_ragged(&RaggedBatch::packed(vec![0; pixels], &sizes, 3).unwrap()).unwrap();
        let (_, alone) = gpu.apply_resident(&there, &Plan::new(images), &F32).unwrap();
        assert_eq!(batch.report.bytes_uploaded, sent as u64 + alone.bytes_uploaded);
        assert_eq!(batch.report.bytes_downloaded, 0);
        assert_eq!(batch.report.device, gpu.description());
    }
}

/// The dispatch writes where the tensor lies: what is there before anything of burn runs is the augmented batch.
#[test]
fn the_tensors_memory_is_the_one_that_was_written() {
    let Some(both) = both() else { return };
    for shared in both {
        let loader = loader(Augmenter::builder(transform()).gpu(shared.gpu()), F32);
        let batch = loader.epoch(3).next_batch(&shared.device).unwrap().unwrap();
        let memory = TensorMemory::of(&batch.images).unwrap();
        let (wgpu, gpu) = (shared.wgpu(), shared.gpu());
        let copy = wgpu.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: (batch.images.shape().num_elements() * 4) as u64,
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = wgpu.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(memory.buffer(), memory.offset(), &copy, 0, copy.size());
        gpu.queue().submit([encoder.finish()]);
        copy.slice(..).map_async(wgpu::MapMode::Read, Result::unwrap);
        wgpu.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let bytes = copy.slice(..).get_mapped_range().unwrap().to_vec();
        let got: Vec<u32> = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let expected = on_cpu(F32).epoch(3).next().unwrap().unwrap();
        assert_same(&got, &bits_of(expected.images.host().unwrap()), shared.way);
        // And burn goes on with the same values.
        let sum: Tensor<1> = batch.images.clone().sum();
        assert!(sum.into_scalar::<f32>().is_finite());
    }
}
