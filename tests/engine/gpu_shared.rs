//! One GPU for everybody: augmenters, executors and loaders that share a handle share its pipelines and tables.

use std::sync::Arc;

use autoaugment::gpu::Grouping;
use autoaugment::loader::{InMemory, Loader};
use autoaugment::{Augmenter, Device, Executor, Layout, Normalize, Output, Policy, RaggedBatch, Size, Transform};

use crate::support::batches::{batch_of, differences, drawn, rgb};
use crate::support::gpu::{gpu, on_cpu};

const F16: Output = Output::f16(Layout::Nchw, Normalize::IMAGENET);

#[test]
fn two_augmenters_and_a_loader_compile_each_pipeline_once() {
    let Some(gpu) = gpu() else { return };
    let augmenter = |transform: Transform, gpu| Augmenter::builder(transform).gpu(gpu).output(F16).build().unwrap();
    let training = Arc::new(augmenter(Policy::cifar10().into(), gpu.clone()));
    let evaluation = augmenter(Transform::new(), gpu.clone());
    let images = RaggedBatch::packed(vec![77; 64 * 192], &[Size { width: 8, height: 8 }; 64], 3).unwrap();
    let dataset = InMemory::new(images, vec![0; 64]).unwrap();
    let loader = Loader::builder(dataset, training.clone()).batch_size(16).threads(2).build().unwrap();
    let shape = rgb(16, 8, 8);
    let batch = batch_of(shape, Layout::Nhwc, 1);
    let indices: Vec<u64> = (0..16).collect();
    let all = |epoch| {
        let trained = training.augment(&batch, epoch, &indices).unwrap();
        assert_eq!(
            differences(shape, &trained.plan, &on_cpu(&batch, &trained.plan, &F16), &trained.tensor.data),
            [""; 0]
        );
        let plain = evaluation.augment(&batch, epoch, &indices).unwrap();
        assert_eq!(plain.tensor.data, on_cpu(&batch, &plain.plan, &F16));
        assert_eq!(loader.epoch(epoch).map(|batch| batch.unwrap().indices.len()).sum::<usize>(), 64);
    };
    // Small images have one kernel for all operations. Who is first compiles it, the others find it.
    (0..3).for_each(all);
    let stats = gpu.allocation_stats();
    assert_eq!((gpu.pipelines(), stats.pipelines), (1, 1), "{stats:?}");
    // Each sees the same device, and so the same counters.
    for shared in [training.executor().gpu().unwrap(), evaluation.executor().gpu().unwrap(), &gpu.clone()] {
        assert_eq!(shared.allocation_stats().pipelines, 1);
        assert_eq!(shared.device(), gpu.device());
    }
    // A device of its own has a pipeline of its own.
    let other = self::gpu().unwrap();
    let alone = augmenter(Policy::cifar10().into(), other.clone());
    alone.augment(&batch, 0, &indices).unwrap();
    assert_eq!((other.allocation_stats().pipelines, gpu.allocation_stats().pipelines), (1, 1));
}

#[test]
fn handles_may_divide_batches_differently() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(24, 20, 20);
    let batch = batch_of(shape, Layout::Nhwc, 2);
    let plan = drawn(Policy::imagenet(), shape, 3);
    let expected = on_cpu(&batch, &plan, &Output::u8());
    let dispatches = |grouping| {
        let executor = Executor::with_gpu(gpu.clone().grouping(grouping));
        let (tensor, report) = executor.apply(&batch, &plan, &Output::u8()).unwrap();
        assert_eq!(differences(shape, &plan, &expected, &tensor.data), [""; 0]);
        report.dispatches
    };
    assert_eq!(dispatches(Grouping::Whole), 1);
    assert!(dispatches(Grouping::ByClass) > 1);
    assert_eq!(dispatches(Grouping::Whole), 1);
}

#[test]
fn the_last_handle_ends_the_device_and_no_other() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(4, 8, 8);
    let batch = batch_of(shape, Layout::Nhwc, 4);
    let plan = drawn(Policy::cifar10(), shape, 5);
    let executor = Executor::with_gpu(gpu.clone());
    drop(gpu);
    let (tensor, _) = executor.apply(&batch, &plan, &Output::u8()).unwrap();
    assert_eq!(tensor.data, Executor::new(Device::Cpu).unwrap().apply(&batch, &plan, &Output::u8()).unwrap().0.data);
}
