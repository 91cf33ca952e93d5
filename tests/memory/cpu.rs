//! What the CPU executor allocates: nothing for an image, and for a batch no more than its documentation says.

use std::sync::atomic::Ordering::Relaxed;

use autoaugment::transform::RandomResizedCrop;
use autoaugment::{
    Augmenter, Device, Executor, ImageView, Images, Layout, Normalize, Op, Output, Plan, PlannedImage, Policy,
    RaggedBatch, Sampler, Shape, Size, Tensor, Transform,
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
    for layout in [Layout::Nhwc, Layout::Nchw] {
        for threads in [1, 3] {
            let (batch, plan) = (batch_of(shape(116), layout, 1), repeated(116));
            let mut tensor = Tensor::default();
            cpu.apply_into(&batch, &Plan::uniform(116, vec![]), &Output::u8(), &mut tensor).unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let before = HELD.load(Relaxed);
            MOST.store(before, Relaxed);
            pool.install(|| cpu.apply_into(&batch, &plan, &Output::u8(), &mut tensor).unwrap());
            let more = MOST.load(Relaxed) - before;
            // Rows are filled up for a blur, which has 64 of them twice; a band, steps, the report, and what rayon's
            // queues hold.
            let row = (shape(1).width * 3).next_multiple_of(64);
            let bound = threads * ((2 * shape(1).height + 2 * 64) * row + 30_000);
            assert!(more >= image && more <= bound, "{layout:?}, {threads} threads: {more}, not up to {bound}");
        }
    }
}

/// The most bytes that are held during a run, beyond those before it.
fn most_during(run: impl FnOnce()) -> usize {
    let before = HELD.load(Relaxed);
    MOST.store(before, Relaxed);
    run();
    MOST.load(Relaxed) - before
}

/// What `examples/separate_images.rs` does: the images lie apart and have different sizes, and the caller owns the
/// tensor.
#[test]
fn separate_images_are_not_copied() {
    const SIDE: usize = 64;
    let _alone = alone();
    let sizes = [(1200, 900), (1000, 1000), (901, 1203)].map(|(width, height)| Size { width, height });
    let photos = sizes.map(|size| vec![100; size.pixels() * 3]);
    let packed = RaggedBatch::packed(photos.concat(), &sizes, 3).unwrap();
    let separate: Vec<_> = photos.iter().zip(sizes).map(|(photo, s)| ImageView::new(photo, s, 3).unwrap()).collect();
    let mut values = vec![f32::NAN; sizes.len() * 3 * SIDE * SIDE];
    let output = Output::f32(Layout::Nchw, Normalize::IMAGENET);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();

    // A result is a hundredth of its image, so a copy of one image would be many times the bound.
    let cpu = Executor::new(Device::Cpu).unwrap();
    let resize: Op = format!("Resize(width={SIDE}, height={SIDE}, interpolation=bilinear)").parse().unwrap();
    let plan = Plan::uniform(sizes.len(), vec![resize]);
    let mut run = || pool.install(|| cpu.apply_to(&separate, &plan, &output, &mut values).unwrap());
    run();
    let (more, image) = (most_during(|| drop(run())), photos.iter().map(Vec::len).min().unwrap());
    assert!(more <= image / 4, "{more} bytes more for images of {image} and more");

    // Crops are stored on the way; images that lie apart need no more than images in one piece.
    let transform = Transform::new().random_resized_crop(RandomResizedCrop::to(SIDE, SIDE)).policy(Policy::imagenet());
    let augmenter = Augmenter::builder(transform).device(Device::Cpu).output(output).build().unwrap();
    for epoch in 0..8 {
        let mut run = |images: Images<'_>| {
            most_during(|| drop(pool.install(|| augmenter.augment_to(images, epoch, &[0, 1, 2], &mut values).unwrap())))
        };
        run((&packed).into());
        let [apart, whole] = [(&separate).into(), (&packed).into()].map(&mut run);
        assert!(apart <= whole + 4096, "epoch {epoch}: {apart} bytes more, and {whole} in one piece");
    }
}
