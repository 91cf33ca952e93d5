//! The GPU in a training loop: what is created, what is sent, what is under way at the same time, and whose memory it
//! is.

use std::sync::Arc;

use autoaugment::gpu::{AllocationStats, Grouping};
use autoaugment::loader::{InMemory, Loader};
use autoaugment::mixing::{CutMix, MixUp, Mixer, Mixing};
use autoaugment::{
    Augmenter, Error, Gpu, Interpolation, Layout, Normalize, Output, Plan, Policy, RaggedBatch, Sampler, Scheme, Size,
};

use crate::support::batches::{batch_of, differences, drawn, rgb};
use crate::support::gpu::{gpu, gpu_with, on_cpu};

const F16: Output = Output::f16(Layout::Nchw, Normalize::IMAGENET);

fn output_buffer(gpu: &Gpu, bytes: usize) -> wgpu::Buffer {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
    gpu.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: bytes as u64,
        usage,
        mapped_at_creation: false,
    })
}

/// Runs `batch` for many seeds and panics if anything is created after the first ones.
fn check_steady(gpu: &Gpu, what: &str, mut batch: impl FnMut(u64)) {
    // Every kernel and alpha has been seen by then, and the largest programs.
    (0..24).for_each(&mut batch);
    let before = gpu.allocation_stats();
    (24..64).for_each(&mut batch);
    assert_eq!(gpu.allocation_stats(), before, "{what}");
}

#[test]
fn a_batch_like_those_before_creates_nothing() {
    let Some(_) = gpu() else { return };
    // Small images have one kernel; the others have all classes, statistics and, with bicubic warps, stored images.
    for (policy, grouping, interpolation) in [
        (Policy::cifar10(), Grouping::Whole, Interpolation::Nearest),
        (Policy::imagenet(), Grouping::ByClass, Interpolation::Nearest),
        (Policy::imagenet(), Grouping::ByClass, Interpolation::Bicubic),
    ] {
        let gpu = gpu().unwrap().grouping(grouping);
        let shape = rgb(48, 14, 15);
        let batch = batch_of(shape, Layout::Nhwc, 1);
        let sampler = Sampler::new(policy, 9).unwrap().interpolation(interpolation);
        let plan = |epoch| sampler.plan(shape, epoch, &(0..48).collect::<Vec<_>>()).unwrap();
        let what = format!("{grouping:?}, {interpolation:?}");
        for output in [Output::u8(), F16] {
            check_steady(&gpu, &format!("{what}: host to host"), |seed| {
                gpu.apply(&batch, &plan(seed), &output).unwrap();
            });
            // Two outputs that take turns, as for a network that trains on one while the other is written.
            let resident = gpu.upload(&batch).unwrap();
            let outputs = [(); 2].map(|()| output_buffer(&gpu, 256 + shape.values() * output.dtype().bytes()));
            check_steady(&gpu, &format!("{what}: into the caller's memory"), |seed| {
                let into = &outputs[seed as usize % 2];
                gpu.apply_into(&resident, &plan(seed), &output, into, 256 * (seed / 2 % 2)).unwrap();
            });
            check_steady(&gpu, &format!("{what}: recycled"), |seed| {
                let sent = gpu.upload(&batch).unwrap();
                let (augmented, _) = gpu.apply_resident(&sent, &plan(seed), &output).unwrap();
                gpu.recycle(sent);
                gpu.recycle(augmented);
            });
        }
    }
}

/// How many batches are made ahead is a matter of time, but each needs its memory once.
#[test]
fn a_loader_creates_no_more_than_its_batches_ahead_need() {
    let methods = [Mixing::from(MixUp::default()), CutMix::default().into()];
    for mixer in [None, Some(Mixer::new(methods, 10).unwrap())] {
        let Some(gpu) = gpu() else { return };
        let images = RaggedBatch::packed(vec![77; 64 * 192], &[Size { width: 8, height: 8 }; 64], 3).unwrap();
        let augmenter = Arc::new(Augmenter::builder(Policy::cifar10()).gpu(gpu).output(F16).build().unwrap());
        let dataset = InMemory::new(images, vec![0; 64]).unwrap();
        let builder = Loader::builder(dataset, augmenter.clone()).batch_size(16).threads(2).prefetch(2);
        let builder = match mixer {
            Some(mixer) => builder.mixing(mixer),
            None => builder,
        };
        let loader = builder.build().unwrap();
        let gpu = augmenter.executor().gpu().unwrap();
        let outputs = [(); 2].map(|()| output_buffer(gpu, 16 * 192 * 2));
        let run = |epoch| {
            let mut batches = loader.epoch(epoch);
            let mut number = 0;
            while let Some(batch) = batches.next_into(&outputs[number % 2], 0).unwrap() {
                assert_eq!(batch.indices.len(), 16);
                number += 1;
            }
            assert_eq!(number, 4);
            loader.epoch(epoch).for_each(|batch| gpu.recycle(batch.unwrap().images.device().unwrap().clone()));
        };
        (0..8).for_each(run);
        let AllocationStats { buffers, bind_groups, pipelines, .. } = gpu.allocation_stats();
        (8..28).for_each(run);
        let after = gpu.allocation_stats();
        // 160 batches, of which three may be under way where there were fewer before: their pixels on the way and on
        // the device.
        assert!(after.buffers <= buffers + 2 * 3, "{buffers} {after:?}");
        // And what reads each of them and writes each output, or the bytes that are mixed.
        assert!(after.bind_groups <= bind_groups + 3 * 3, "{bind_groups} {after:?}");
        assert_eq!(after.pipelines, pipelines);
    }
}

#[test]
fn several_batches_may_be_under_way() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(20, 40, 33);
    for output in [Output::u8(), F16] {
        let made = |seed| {
            let batch = batch_of(shape, Layout::Nhwc, seed);
            let plan = drawn(Policy::imagenet(), shape, seed);
            (on_cpu(&batch, &plan, &output), gpu.begin(&batch, &plan, &output).unwrap(), plan)
        };
        // Waited for out of order, in another thread, and not at all.
        let mut begun: Vec<_> = (0..7).map(|seed| Some(made(seed))).collect();
        drop(begun[2].take());
        for i in [4, 0, 6, 3] {
            let (expected, pending, plan) = begun[i].take().unwrap();
            let (got, report) = pending.wait().unwrap();
            assert_eq!(differences(shape, &plan, &expected, &got.data), [""; 0]);
            assert_eq!((report.images, report.chunks), (20, 1));
            assert_eq!(report.bytes_downloaded as usize, shape.values() * output.dtype().bytes());
        }
        drop(begun[1].take());
        let (expected, pending, plan) = begun[5].take().unwrap();
        std::thread::spawn(move || {
            while !pending.is_done().unwrap() {
                std::thread::yield_now();
            }
            assert_eq!(differences(shape, &plan, &expected, &pending.wait().unwrap().0.data), [""; 0]);
        })
        .join()
        .unwrap();
        // Whatever was dropped leaves the ones behind it alone.
        let (expected, pending, plan) = made(9);
        assert_eq!(differences(shape, &plan, &expected, &pending.wait().unwrap().0.data), [""; 0]);
    }
}

#[test]
fn what_is_under_way_outlives_the_gpu_and_not_the_device() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(3, 8, 8);
    let batch = batch_of(shape, Layout::Nhwc, 1);
    let plan = drawn(Policy::cifar10(), shape, 2);
    let expected = on_cpu(&batch, &plan, &Output::u8());
    let begun = || gpu.begin(&batch, &plan, &Output::u8()).unwrap();
    assert_eq!(begun().wait().unwrap().0.data, expected);
    let (first, last) = (begun(), begun());
    let device = gpu.device().clone();
    drop(gpu);
    assert_eq!(first.wait().unwrap().0.data, expected);
    device.destroy();
    // Whether it was done before is a matter of time; if not, that is an error.
    match last.wait() {
        Ok((tensor, _)) => assert_eq!(tensor.data, expected),
        Err(error) => assert!(matches!(error, Error::DeviceLost(_)), "{error}"),
    }
}

#[test]
fn only_what_is_ours_is_taken_back_and_only_once() {
    let Some(gpu) = gpu() else { return };
    let Some(other) = self::gpu() else { return };
    let shape = rgb(2, 8, 8);
    let batch = batch_of(shape, Layout::Nhwc, 1);
    let plan = Plan::uniform(2, vec!["Invert".parse().unwrap()]);
    let sent = gpu.upload(&batch).unwrap();
    let apply = || gpu.apply_resident(&sent, &plan, &Output::u8()).unwrap().0;
    let first = apply();
    // Not another device's, not one that the caller made, not twice.
    other.recycle(first.clone());
    gpu.recycle(
        autoaugment::GpuBatch::new(output_buffer(&gpu, 384), 0, shape, Layout::Nhwc, autoaugment::Dtype::U8).unwrap(),
    );
    let clone = first.clone();
    let buffer = first.buffer().clone();
    gpu.recycle(clone);
    let second = apply();
    assert_eq!(second.buffer(), &buffer);
    gpu.recycle(first);
    let third = apply();
    assert_ne!(third.buffer(), &buffer);
    for augmented in [second, third] {
        assert_eq!(gpu.download(&augmented).unwrap().data, on_cpu(&batch, &plan, &Output::u8()));
    }
}

#[test]
fn memory_is_what_was_foretold_and_not_much_less() {
    for (binding, images, side, scheme, interpolation, outputs) in [
        (1 << 27, 200, 20, "cifar10", Interpolation::Nearest, &[Output::u8(), F16][..]),
        // With images that are stored between, as a whole and in pieces.
        (1 << 27, 24, 50, "imagenet", Interpolation::Bicubic, &[Output::u8()]),
        (1 << 17, 60, 50, "imagenet", Interpolation::Bicubic, &[Output::u8()]),
        (1 << 27, 24, 50, "augmix(width=4)", Interpolation::Nearest, &[Output::u8()]),
        (1 << 18, 24, 50, "augmix(width=4)", Interpolation::Nearest, &[Output::u8()]),
    ] {
        let scheme: Scheme = scheme.parse().unwrap();
        let sampler = Sampler::new(scheme, 9).unwrap().interpolation(interpolation);
        let shape = rgb(images, side, side);
        let batch = batch_of(shape, Layout::Nhwc, 1);
        let plan = |epoch| sampler.plan(shape, epoch, &(0..images as u64).collect::<Vec<_>>()).unwrap();
        for &output in outputs {
            let made = || gpu_with(|limits| limits.max_storage_buffer_binding_size = binding);
            let Some((through_host, on_device)) = made().zip(made()) else { return };
            let resident = on_device.upload(&batch).unwrap();
            let into = output_buffer(&on_device, shape.values() * output.dtype().bytes());
            on_device.trim();
            let (mut foretold, mut foretold_on_device) = (0, 0);
            for epoch in 0..3 {
                let plan = plan(epoch);
                foretold = through_host.estimate_memory(shape, 3, &plan, &output).unwrap().through_host().max(foretold);
                through_host.apply(&batch, &plan, &output).unwrap();
                let memory = on_device.estimate_memory(shape, 3, &plan, &output).unwrap();
                foretold_on_device = memory.on_device().max(foretold_on_device);
                on_device.apply_into(&resident, &plan, &output, &into, 0).unwrap();
            }
            for (gpu, foretold) in [(&through_host, foretold), (&on_device, foretold_on_device)] {
                let held = gpu.allocation_stats().bytes_held;
                assert!(held <= foretold, "{held} and not {foretold}");
                assert!(held >= foretold / 3, "{held} is far less than {foretold}");
                gpu.trim();
                // The tables stay.
                assert_eq!(gpu.allocation_stats().bytes_held, binding.min(1 << 18));
            }
        }
    }
}
