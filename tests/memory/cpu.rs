//! What the CPU executor allocates: nothing for an image, and for a batch no more than its documentation says.

use std::sync::atomic::Ordering::Relaxed;

use autoaugment::{
    Device, Executor, Layout, Normalize, Op, Output, Plan, PlannedImage, Policy, Sampler, Shape, Tensor,
};

use crate::counting::{ALLOCATIONS, HELD, MOST, alone};
use crate::support::batches::batch_of;

fn shape(images: usize) -> Shape {
    Shape { images, height: 96, width: 100, channels: 3 }
}

/// A policy's plan over and over, up to this many images, so that more of them are no more groups.
fn repeated(images: usize) -> Plan {
    let indices: Vec<u64> = (0..24).collect();
    let plan = Sampler::new(Policy::imagenet(), 3).unwrap().plan(shape(24), 0, &indices).unwrap();
    let mut all = plan.into_images();
    // Every operation that a policy of this crate has without a list, some behind others that are stored first.
    let chains = [
        "Sharpness(factor=1.5);Equalize;Contrast(factor=0.4);Rotate(degrees=11)",
        "ShearX(factor=0.2, interpolation=bicubic);ShearY(factor=0.1, interpolation=bilinear)",
        "TranslateX(pixels=10.3);TranslateY(pixels=-7.7);Cutout(x=3,y=4,width=9,height=9);SamplePairing(weight=0.2,partner=1)",
        "GaussianBlur(radius=1.2);Equalize;GaussianBlur(radius=7)",
        "Crop(x=-3, y=2, width=100, height=96, border=reflect);HorizontalFlip;VerticalFlip",
    ];
    all.extend(chains.map(|chain| {
        let ops: Vec<Op> = chain.split(';').map(|op| op.parse().unwrap()).collect();
        PlannedImage { ops, ..Default::default() }
    }));
    Plan::new(all.iter().cycle().take(images).cloned().collect())
}

#[test]
fn images_allocate_nothing() {
    let _alone = alone();
    let cpu = Executor::new(Device::Cpu).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (layout, output) in [
        (Layout::Nhwc, Output::u8()),
        (Layout::Nchw, Output::u8()),
        (Layout::Nhwc, Output::f32(Layout::Nchw, Normalize::IMAGENET)),
        (Layout::Nchw, Output::f16(Layout::Nchw, Normalize::IMAGENET)),
    ] {
        let allocations = [29, 116].map(|images| {
            let (batch, plan) = (batch_of(shape(images), layout, 1), repeated(images));
            let mut tensor = Tensor::default();
            let mut run = || pool.install(|| cpu.apply_into(&batch, &plan, &output, &mut tensor).unwrap());
            run();
            let before = ALLOCATIONS.load(Relaxed);
            run();
            ALLOCATIONS.load(Relaxed) - before
        });
        assert_eq!(allocations[0], allocations[1], "{layout:?} {output:?}");
    }
}

#[test]
fn memory_is_what_the_documentation_says() {
    let _alone = alone();
    let cpu = Executor::new(Device::Cpu).unwrap();
    let image = shape(1).values();
    for (layout, images_a_thread) in [(Layout::Nhwc, 2), (Layout::Nchw, 3)] {
        for threads in [1, 3] {
            let (batch, plan) = (batch_of(shape(116), layout, 1), repeated(116));
            let mut tensor = Tensor::default();
            cpu.apply_into(&batch, &Plan::uniform(116, vec![]), &Output::u8(), &mut tensor).unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let before = HELD.load(Relaxed);
            MOST.store(before, Relaxed);
            pool.install(|| cpu.apply_into(&batch, &plan, &Output::u8(), &mut tensor).unwrap());
            let more = MOST.load(Relaxed) - before;
            // Rows are filled up for a blur, which has 64 of them twice; a band, steps, the report, and what rayon's queues hold.
            let row = (shape(1).width * 3).next_multiple_of(64);
            let bound = threads * ((images_a_thread * shape(1).height + 2 * 64) * row + 30_000);
            assert!(more >= image && more <= bound, "{layout:?}, {threads} threads: {more}, not up to {bound}");
        }
    }
}
