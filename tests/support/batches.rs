//! Random batches and chains, and the comparison of what became of them.

use autoaugment::{
    Batch, Interpolation, Layout, Normalize, Op, OpKind, Output, Plan, PlannedImage, Policy, Sampler, Shape,
    TensorData,
    ops::{self, Branch, MixRule},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Every type and layout of output.
pub const EVERY_FORM: [Output; 6] = [
    Output::u8_as(Layout::Nhwc),
    Output::u8_as(Layout::Nchw),
    Output::f32(Layout::Nhwc, Normalize::IMAGENET),
    Output::f32(Layout::Nchw, Normalize::IMAGENET),
    Output::f16(Layout::Nhwc, Normalize::IMAGENET),
    Output::f16(Layout::Nchw, Normalize::IMAGENET),
];

/// So many RGB images.
pub fn rgb(images: usize, height: usize, width: usize) -> Shape {
    Shape { images, height, width, channels: 3 }
}

/// What a policy draws for images 0, 1, 2, ... in the first epoch.
pub fn drawn(policy: Policy, shape: Shape, seed: u64) -> Plan {
    let indices: Vec<u64> = (0..shape.images as u64).collect();
    Sampler::new(policy, seed).unwrap().plan(shape, 0, &indices).unwrap()
}

/// A generator for tests.
pub fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Images of several characters: noise, narrow ranges, two values, constants, gradients.
pub fn batch_of(shape: Shape, layout: Layout, seed: u64) -> Batch<'static> {
    let mut rng = random(seed);
    let mut data = Vec::with_capacity(shape.values());
    for image in 0..shape.images {
        let low: u8 = rng.random_range(0..200);
        let high: u8 = rng.random_range(low..=255);
        let n = shape.values_per_image();
        for i in 0..n {
            data.push(match image % 5 {
                0 => rng.random(),
                1 => rng.random_range(low..=high),
                2 => [low, high][rng.random_range(0..2)],
                3 => (i * 255 / n) as u8 ^ rng.random_range(0..8u8),
                _ => low,
            });
        }
    }
    Batch::new(data, shape, layout).unwrap()
}

/// A random operation of a kind, with parameters beyond the tables' too.
pub fn op_of(kind: OpKind, shape: Shape, rng: &mut ChaCha8Rng) -> Op {
    let interpolation = Interpolation::ALL[rng.random_range(0..3)];
    let fill: [u8; 3] = [rng.random(), rng.random(), rng.random()];
    let (w, h) = (shape.width as f64, shape.height as f64);
    let mut between = |a: f64, b: f64| a + (b - a) * rng.random::<f64>();
    match kind {
        OpKind::Rotate => {
            let turns = [0.0, 90.0, 180.0, 270.0, -90.0];
            let degrees =
                if between(0.0, 1.0) < 0.2 { turns[between(0.0, 5.0) as usize] } else { between(-200.0, 200.0) };
            ops::Rotate { degrees, interpolation, fill }.into()
        }
        OpKind::ShearX => ops::ShearX { factor: between(-0.4, 0.4), interpolation, fill }.into(),
        OpKind::ShearY => ops::ShearY { factor: between(-0.4, 0.4), interpolation, fill }.into(),
        OpKind::TranslateX => {
            let pixels = between(-w * 0.6, w * 0.6);
            let pixels = if between(0.0, 1.0) < 0.5 { (2.0 * pixels).round() / 2.0 } else { pixels };
            ops::TranslateX { pixels, interpolation, fill }.into()
        }
        OpKind::TranslateY => ops::TranslateY { pixels: between(-h * 0.6, h * 0.6), interpolation, fill }.into(),
        OpKind::Cutout => ops::Cutout {
            x: between(-w / 2.0, w) as i64,
            y: between(-h / 2.0, h) as i64,
            width: between(0.0, w) as u32,
            height: between(0.0, h) as u32,
            fill,
        }
        .into(),
        OpKind::SamplePairing => {
            ops::SamplePairing { weight: between(0.0, 1.0), partner: between(0.0, shape.images as f64) as usize }.into()
        }
        OpKind::Brightness => ops::Brightness { factor: between(-0.5, 2.5) }.into(),
        OpKind::Contrast => ops::Contrast { factor: between(-0.5, 2.5) }.into(),
        OpKind::Color => ops::Color { factor: between(-0.5, 2.5) }.into(),
        OpKind::Desaturate => ops::Desaturate { amount: between(0.0, 1.0) }.into(),
        OpKind::Sharpness => ops::Sharpness { factor: between(-0.5, 2.5) }.into(),
        OpKind::Solarize => ops::Solarize { threshold: between(-5.0, 260.0) }.into(),
        OpKind::SolarizeAdd => {
            ops::SolarizeAdd { add: between(0.0, 256.0) as u8, threshold: between(0.0, 257.0) as u16 }.into()
        }
        OpKind::GaussianBlur => {
            // Nothing at all and boxes longer than the image now and then.
            let radius = match between(0.0, 8.0) as usize {
                0 => 0.0,
                1 => between(0.0, 128.0),
                _ => between(0.05, 3.0),
            };
            ops::GaussianBlur { radius }.into()
        }
        OpKind::Posterize => ops::Posterize { bits: between(0.0, 9.0) as u8 }.into(),
        // Those without parameters, and operations that the list above does not know.
        _ => match kind.examples() {
            [only] => only.parse().unwrap(),
            several => several[rng.random_range(0..several.len())].parse().unwrap(),
        },
    }
}

/// A random chain.
pub fn chain_of(length: usize, shape: Shape, rng: &mut ChaCha8Rng) -> Vec<Op> {
    (0..length).map(|_| op_of(OpKind::ALL[rng.random_range(0..OpKind::ALL.len())], shape, rng)).collect()
}

/// A random AugMix of up to `width` branches of up to `depth` operations, its weights from nothing to more than the
/// image.
pub fn aug_mix_of(width: usize, depth: usize, shape: Shape, rng: &mut ChaCha8Rng) -> Op {
    let weight = |rng: &mut ChaCha8Rng| match rng.random_range(0..10) {
        0 => [0.0, 1.0, 2.0, 1e-30, 1e-42, 0.5][rng.random_range(0..6)],
        1 => f64::from(rng.random::<f32>()).powi(9),
        _ => f64::from(rng.random::<f32>()) / width as f64,
    };
    let rule = match rng.random_range(0..3) {
        0 => MixRule::Sum(weight(rng)),
        1 => MixRule::SumThenBlend(weight(rng)),
        _ => MixRule::Blends,
    };
    let kinds: Vec<_> = OpKind::ALL.iter().copied().filter(|kind| *kind != OpKind::SamplePairing).collect();
    let branch = |rng: &mut ChaCha8Rng| {
        let length = rng.random_range(0..=depth);
        let ops = (0..length).map(|_| op_of(kinds[rng.random_range(0..kinds.len())], shape, rng)).collect();
        Branch { weight: weight(rng), ops }
    };
    let branches = (0..rng.random_range(1..=width)).map(|_| branch(rng)).collect();
    ops::AugMix { rule, branches }.into()
}

/// Chains with an AugMix among up to two operations before and behind.
pub fn mixtures(shape: Shape, width: usize, depth: usize, seed: u64) -> Plan {
    let mut rng = random(seed);
    let image = |i: usize| {
        let mut ops = chain_of(i % 3, shape, &mut rng);
        ops.push(aug_mix_of(width, depth, shape, &mut rng));
        ops.extend(chain_of(i / 3 % 3, shape, &mut rng));
        PlannedImage { ops, ..Default::default() }
    };
    Plan::new((0..shape.images).map(image).collect())
}

/// The same plan without interpolated warps, whose kernels software drivers are slow to compile.
pub fn nearest(plan: &Plan) -> Plan {
    let json = plan.to_json();
    let json = ["bilinear", "bicubic"].iter().fold(json, |json, name| json.replace(name, "nearest"));
    Plan::from_json(&json).unwrap()
}

/// All ordered pairs of operations, as far as there are images.
pub fn pairs(shape: Shape, seed: u64) -> Vec<PlannedImage> {
    let mut rng = random(seed);
    let n = OpKind::ALL.len();
    let pair = |i: usize, rng: &mut ChaCha8Rng| {
        vec![op_of(OpKind::ALL[i % n], shape, rng), op_of(OpKind::ALL[i / n % n], shape, rng)]
    };
    (0..shape.images).map(|i| PlannedImage { index: i as u64, ops: pair(i, &mut rng), ..Default::default() }).collect()
}

/// One line for each image that differs.
pub fn differences(shape: Shape, plan: &Plan, expected: &TensorData, got: &TensorData) -> Vec<String> {
    let bits = |data: &TensorData| -> Vec<u32> {
        match data {
            TensorData::U8(v) => v.iter().map(|&v| u32::from(v)).collect(),
            TensorData::F32(v) => v.iter().map(|v| v.to_bits()).collect(),
            TensorData::F16(v) => v.iter().map(|v| u32::from(v.to_bits())).collect(),
        }
    };
    let (expected, got) = (bits(expected), bits(got));
    assert_eq!(expected.len(), got.len());
    let n = shape.values_per_image();
    let mut lines = Vec::new();
    for (i, image) in plan.images().iter().enumerate() {
        let (e, g) = (&expected[i * n..(i + 1) * n], &got[i * n..(i + 1) * n]);
        let wrong = e.iter().zip(g).filter(|(e, g)| e != g).count();
        if let Some(at) = e.iter().zip(g).position(|(e, g)| e != g) {
            let ops: Vec<_> = image.ops.iter().map(|op| op.to_string()).collect();
            lines.push(format!(
                "image {i}: {wrong} of {n}, first at value {at}: CPU {} GPU {}: {}",
                e[at],
                g[at],
                ops.join(" + ")
            ));
        }
    }
    lines
}
