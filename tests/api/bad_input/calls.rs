//! Operations as text, batches, and runs.

use autoaugment::{
    Augmenter, Batch, Convention, Device, Executor, Interpolation, Layout, Normalize, Op, Output, Plan, Policy,
    Sampler, Shape, ops,
};

use super::{Case, call};

pub fn op(op: &str) -> Result<(), autoaugment::Error> {
    call(op.parse::<Op>())
}

pub fn shape(images: usize, height: usize, width: usize, channels: usize) -> Shape {
    Shape { images, height, width, channels }
}

pub fn batch(bytes: usize, shape: Shape) -> Result<(), autoaugment::Error> {
    call(Batch::new(vec![0; bytes], shape, Layout::Nhwc))
}

/// Applies `plan` to two images of 3 x 3 pixels.
pub fn apply(plan: &Plan, output: Output) -> Result<(), autoaugment::Error> {
    let batch = Batch::new(vec![9; 54], shape(2, 3, 3, 3), Layout::Nhwc)?;
    call(Executor::new(Device::Cpu)?.apply(&batch, plan, &output))
}

/// Applies one operation, made by hand.
pub fn apply_op(op: impl Into<Op>) -> Result<(), autoaugment::Error> {
    apply(&Plan::uniform(2, vec![ops::Invert {}.into(), op.into()]), Output::u8())
}

pub fn output(mean: [f32; 3], std: [f32; 3]) -> Result<(), autoaugment::Error> {
    apply(&Plan::uniform(2, Vec::new()), Output::f32(Layout::Nchw, Normalize { mean, std }))
}

pub fn operations() -> Vec<Case> {
    vec![
        ("nothing", op(""), "unknown operation ``"),
        ("a name", op("ShareX(factor=1)"), "unknown operation `ShareX`; did you mean `ShearX`?"),
        ("no end", op("Rotate(degrees=1"), "operation: `Rotate(degrees=1` has no closing parenthesis"),
        ("no name of a parameter", op("Rotate(1)"), "operation: `1` in `Rotate(1)` is not `parameter=value`"),
        (
            "twice",
            op("Rotate(degrees=1, degrees = 1)"),
            "operation: `degrees` stands twice in `Rotate(degrees=1, degrees = 1)`",
        ),
        (
            "none",
            op("Rotate"),
            "operation: Rotate: missing field `degrees`; its form is Rotate(degrees, interpolation=nearest, fill=[0,0,0])",
        ),
        ("another's", op("Rotate(factor=1)"), "operation: Rotate: unknown field `factor`, ..."),
        ("one too many", op("Invert(x=1)"), "operation: Invert: unknown field `x`, ..."),
        (
            "a word",
            op("Rotate(degrees=left)"),
            "operation: Rotate: invalid type: string \"left\", expected f64; its form is Rotate(degrees, ...",
        ),
        ("two numbers of a fill", op("Rotate(degrees=1, fill=[1,2])"), "operation: Rotate: ..."),
        ("weight 1.5", op("SamplePairing(weight=1.5, partner=0)"), "SamplePairing: weight 1.5 is outside 0..=1"),
        (
            "partner -1",
            op("SamplePairing(weight=1, partner=-1)"),
            "operation: SamplePairing: invalid value: integer `-1`, expected usize; its form is SamplePairing(weight, partner)",
        ),
        ("threshold 257", op("SolarizeAdd(add=1, threshold=257)"), "SolarizeAdd: threshold 257 is outside 0..=256"),
        ("x 1e7", op("Cutout(x=10000000, y=0, width=1, height=1)"), "Cutout: x 10000000 is outside -1000000..=1000000"),
        (
            "an interpolation",
            call("bicubik".parse::<Interpolation>()),
            "unknown interpolation `bicubik`; did you mean `bicubic`?",
        ),
        (
            "a convention",
            call("tensor".parse::<Convention>()),
            "unknown convention `tensor`; did you mean `tensorflow`?",
        ),
        (
            "another convention",
            call("albumentations".parse::<Convention>()),
            "convention: there is no `albumentations`; there are ...",
        ),
    ]
}

pub fn batches() -> Vec<Case> {
    vec![
        (
            "one byte short",
            batch(149, shape(2, 5, 5, 3)),
            "batch: 2 images of 5 x 5 x 3 are 150 bytes, and there are 149",
        ),
        (
            "16 bits",
            batch(300, shape(2, 5, 5, 3)),
            "batch: 2 images of 5 x 5 x 3 are 150 bytes, and there are 300; is it 16 bits a value? Reduce it to 8 first",
        ),
        (
            "floats",
            batch(600, shape(2, 5, 5, 3)),
            "batch: 2 images of 5 x 5 x 3 are 150 bytes, and there are 600; is it 32-bit float? Convert it to u8 first",
        ),
        ("bytes of no image", batch(3, shape(0, 5, 5, 3)), "batch: 0 images of 5 x 5 x 3 are 0 bytes, and there are 3"),
        (
            "RGBA",
            batch(100, shape(1, 5, 5, 4)),
            "batch: 4 channels: an alpha channel is not supported; drop it or flatten onto a background first",
        ),
        (
            "gray with alpha",
            batch(50, shape(1, 5, 5, 2)),
            "batch: 2 channels: an alpha channel is not supported; drop it or flatten onto a background first",
        ),
        ("no channels", batch(0, shape(1, 5, 5, 0)), "batch: 0 channels: only 1 (gray) and 3 (RGB) are supported"),
        (
            "axes in another order",
            batch(75, shape(1, 3, 5, 5)),
            "batch: 5 channels: only 1 (gray) and 3 (RGB) are supported",
        ),
        ("no rows", batch(0, shape(1, 0, 5, 3)), "batch: images of 5 x 0 pixels: both sides must be at least 1"),
        ("no columns", batch(0, shape(1, 5, 0, 3)), "batch: images of 0 x 5 pixels: both sides must be at least 1"),
        (
            "too many pixels",
            batch(0, shape(1, 1 << 16, 1 << 15, 1)),
            "batch: 1 x 65536 x 32768 x 1: too large; an image has at most 2147483647 pixels",
        ),
        (
            "an area that overflows",
            batch(0, shape(1, usize::MAX, usize::MAX, 3)),
            "batch: 1 x 18446744073709551615 x 18446744073709551615 x 3: too large; an image has at most 2147483647 pixels",
        ),
        (
            "a batch that overflows",
            batch(0, shape(usize::MAX, 1, 1, 3)),
            "batch: 18446744073709551615 x 1 x 1 x 3: too large; an image has at most 2147483647 pixels",
        ),
        (
            "a batch that just does not",
            batch(4, shape(usize::MAX, 1, 1, 1)),
            "batch: 18446744073709551615 images of 1 x 1 x 1 are 18446744073709551615 bytes, and there are 4",
        ),
    ]
}

pub fn runs() -> Vec<Case> {
    let sampler = Sampler::new(Policy::svhn(), 0).unwrap();
    let plan = |images, indices: &[u64]| call(sampler.plan(shape(images, 5, 5, 3), 0, indices));
    let augmenter = Augmenter::builder(Policy::svhn()).device(Device::Cpu).build().unwrap();
    let two = Batch::new(vec![0; 54], shape(2, 3, 3, 3), Layout::Nhwc).unwrap();
    let pairing = |partner| ops::SamplePairing { weight: 0.5, partner };
    let infinite = f64::INFINITY;
    vec![
        ("one index for two images", plan(2, &[1]), "batch: expected 2 sample indices, one per image, got 1"),
        ("two indices for no image", plan(0, &[1, 2]), "batch: expected 0 sample indices, one per image, got 2"),
        (
            "an index short",
            call(augmenter.augment(&two, 0, &[1])),
            "batch: expected 2 sample indices, one per image, got 1",
        ),
        (
            "a shape",
            call(sampler.plan(shape(1, 5, 5, 4), 0, &[1])),
            "batch: 4 channels: an alpha channel is not supported; drop it or flatten onto a background first",
        ),
        (
            "a plan for three",
            apply(&Plan::uniform(3, Vec::new()), Output::u8()),
            "expected a plan for 2 images, got one for 3",
        ),
        ("a plan for none", apply(&Plan::new(Vec::new()), Output::u8()), "expected a plan for 2 images, got one for 0"),
        (
            "a plan for one",
            call(augmenter.apply(&two, &Plan::uniform(1, Vec::new()))),
            "expected a plan for 2 images, got one for 1",
        ),
        (
            "the partner behind the last",
            apply_op(pairing(2)),
            "image 0: SamplePairing: partner 2 is outside the batch of 2 images",
        ),
        (
            "weight -0.1",
            apply_op(ops::SamplePairing { weight: -0.1, partner: 0 }),
            "image 0: SamplePairing: weight -0.1 is outside 0..=1",
        ),
        (
            "weight NaN",
            apply_op(ops::SamplePairing { weight: f64::NAN, partner: 0 }),
            "image 0: SamplePairing: weight NaN is outside 0..=1",
        ),
        ("9 bits", apply_op(ops::Posterize { bits: 9 }), "image 0: Posterize: bits 9 is outside 0..=8"),
        (
            "threshold 257",
            apply_op(ops::SolarizeAdd { add: 1, threshold: 257 }),
            "image 0: SolarizeAdd: threshold 257 is outside 0..=256",
        ),
        (
            "threshold NaN",
            apply_op(ops::Solarize { threshold: f64::NAN }),
            "image 0: Solarize: threshold NaN is outside -1000000..=1000000",
        ),
        (
            "factor NaN",
            apply_op(ops::Brightness { factor: f64::NAN }),
            "image 0: Brightness: factor NaN is outside -1000000..=1000000",
        ),
        (
            "factor inf",
            apply_op(ops::Contrast { factor: infinite }),
            "image 0: Contrast: factor inf is outside -1000000..=1000000",
        ),
        (
            "factor -inf",
            apply_op(ops::Color { factor: -infinite }),
            "image 0: Color: factor -inf is outside -1000000..=1000000",
        ),
        (
            "factor 1000001",
            apply_op(ops::Sharpness { factor: 1000001.0 }),
            "image 0: Sharpness: factor 1000001 is outside -1000000..=1000000",
        ),
        (
            "radius 128.5",
            apply_op(ops::GaussianBlur { radius: 128.5 }),
            "image 0: GaussianBlur: radius 128.5 is outside 0..=128",
        ),
        (
            "radius -1",
            apply_op(ops::GaussianBlur { radius: -1.0 }),
            "image 0: GaussianBlur: radius -1 is outside 0..=128",
        ),
        (
            "radius NaN",
            apply_op(ops::GaussianBlur { radius: f64::NAN }),
            "image 0: GaussianBlur: radius NaN is outside 0..=128",
        ),
        ("amount 1.5", apply_op(ops::Desaturate { amount: 1.5 }), "image 0: Desaturate: amount 1.5 is outside 0..=1"),
        (
            "amount NaN",
            apply_op(ops::Desaturate { amount: f64::NAN }),
            "image 0: Desaturate: amount NaN is outside 0..=1",
        ),
        (
            "degrees NaN",
            apply_op(ops::Rotate { degrees: f64::NAN, interpolation: Interpolation::Nearest, fill: [0; 3] }),
            "image 0: Rotate: degrees NaN is outside -1000000..=1000000",
        ),
        (
            "shear -1000000.1",
            apply_op(ops::ShearX { factor: -1000000.1, interpolation: Interpolation::Nearest, fill: [0; 3] }),
            "image 0: ShearX: factor -1000000.1 is outside -1000000..=1000000",
        ),
        (
            "shear NaN",
            apply_op(ops::ShearY { factor: f64::NAN, interpolation: Interpolation::Nearest, fill: [0; 3] }),
            "image 0: ShearY: factor NaN is outside -1000000..=1000000",
        ),
        (
            "pixels inf",
            apply_op(ops::TranslateX { pixels: infinite, interpolation: Interpolation::Nearest, fill: [0; 3] }),
            "image 0: TranslateX: pixels inf is outside -1000000..=1000000",
        ),
        (
            "pixels NaN",
            apply_op(ops::TranslateY { pixels: f64::NAN, interpolation: Interpolation::Nearest, fill: [0; 3] }),
            "image 0: TranslateY: pixels NaN is outside -1000000..=1000000",
        ),
        (
            "a row far away",
            apply_op(ops::Cutout { x: 0, y: i64::MIN, width: 1, height: 1, fill: [0; 3] }),
            "image 0: Cutout: y -9.223372036854776e18 is outside -1000000..=1000000",
        ),
        (
            "the second image",
            apply(
                &Plan::new(vec![
                    autoaugment::PlannedImage::default(),
                    autoaugment::PlannedImage { ops: vec![pairing(7).into()], ..Default::default() },
                ]),
                Output::u8(),
            ),
            "image 1: SamplePairing: partner 7 is outside the batch of 2 images",
        ),
        ("std 0", output([0.5; 3], [1.0, 0.0, 1.0]), "output: the normalization's std must be finite and not 0, got 0"),
        (
            "std -0",
            output([0.5; 3], [1.0, 1.0, -0.0]),
            "output: the normalization's std must be finite and not 0, got -0",
        ),
        (
            "std NaN",
            output([0.5; 3], [f32::NAN; 3]),
            "output: the normalization's std must be finite and not 0, got NaN",
        ),
        (
            "mean inf",
            output([0.5, f32::INFINITY, 0.5], [1.0; 3]),
            "output: the normalization's mean must be finite, got inf",
        ),
        (
            "std 0 of binary16",
            call(
                Augmenter::builder(Policy::svhn())
                    .output(Output::f16(Layout::Nhwc, Normalize { mean: [0.0; 3], std: [0.0; 3] }))
                    .build(),
            ),
            "output: the normalization's std must be finite and not 0, got 0",
        ),
        ("a device", call(" ".parse::<Device>()), "unknown device ` `"),
        #[cfg(feature = "gpu")]
        (
            "an adapter that is not there",
            call(Executor::new(Device::adapter("977"))),
            "no usable GPU: no adapter has the number or the name `977`; there are...",
        ),
        #[cfg(not(feature = "gpu"))]
        (
            "a GPU that is not built in",
            call(Executor::new(Device::Gpu)),
            "no usable GPU: this build has no feature `gpu`",
        ),
        #[cfg(not(feature = "gpu"))]
        (
            "an augmenter on it",
            call(Augmenter::builder(Policy::svhn()).device(Device::Gpu).build()),
            "no usable GPU: this build has no feature `gpu`",
        ),
    ]
}
