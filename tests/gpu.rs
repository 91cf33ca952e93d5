//! The GPU against the CPU: the same bytes, whatever the operations, sizes, forms and grouping.
#![cfg(feature = "gpu")]

mod gpu_support;

use autoaugment::{Device, Executor, Layout, Normalize, Output, Plan, PlannedImage, Shape, gpu::Grouping};
use gpu_support::{batch_of, chain_of, check_all, pairs, random};

fn outputs() -> Vec<Output> {
    let mut all = vec![Output::u8_as(Layout::Nhwc), Output::u8_as(Layout::Nchw)];
    for layout in [Layout::Nhwc, Layout::Nchw] {
        all.push(Output::f32(layout, Normalize::IMAGENET));
        all.push(Output::f16(layout, Normalize::IMAGENET));
    }
    all
}

#[test]
fn every_ordered_pair_of_operations() {
    let Some(gpu) = gpu_support::gpu() else { return };
    for (height, width) in [(16, 16), (9, 7), (61, 67)] {
        let shape = Shape { images: 18 * 18, height, width, channels: 3 };
        let batch = batch_of(shape, Layout::Nhwc, 1);
        let plan = Plan::new(pairs(shape, 2));
        check_all(&gpu, &batch, &plan, &[Output::u8()], "pairs");
    }
}
