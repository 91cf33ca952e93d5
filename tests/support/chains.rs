//! Random ragged batches, and random chains that bring their images to one size.

use autoaugment::{Border, Interpolation, Op, Plan, PlannedImage, RaggedBatch, Size, ops};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A batch and what is to be done to it.
pub struct Chains {
    pub batch: RaggedBatch<'static>,
    pub plan: Plan,
    /// Of every image afterwards.
    pub size: Size,
}

pub fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Images of these sizes: noise, gradients with a little of it, and two values.
pub fn images(sizes: &[Size], channels: usize, rng: &mut ChaCha8Rng) -> RaggedBatch<'static> {
    let mut data = Vec::new();
    for (i, size) in sizes.iter().enumerate() {
        let values = size.width * size.height * channels;
        for k in 0..values {
            let noise: u8 = rng.random();
            data.push(match i % 3 {
                0 => noise,
                1 => (k * 255 / values) as u8 ^ (noise & 7),
                _ => [20, 230][usize::from(noise >> 7)],
            });
        }
    }
    RaggedBatch::packed(data, sizes, channels).unwrap()
}

fn interpolation(rng: &mut ChaCha8Rng) -> Interpolation {
    Interpolation::ALL[rng.random_range(0..3)]
}

/// A side that a resize to `to` makes 1/16 to 8 times as long.
fn side_before(to: usize, rng: &mut ChaCha8Rng) -> usize {
    let scale = (-3.0 + 7.0 * rng.random::<f64>()).exp2();
    ((to as f64 * scale) as usize).clamp(1, 400)
}

/// Resizes to random sizes, of random boxes, from 1/16 to 8 times; each fifth image has a side of 1.
pub fn resizes(images_in_batch: usize, channels: usize, seed: u64) -> Chains {
    let mut rng = random(seed);
    let to = Size { width: rng.random_range(1..40), height: rng.random_range(1..40) };
    let mut sizes = Vec::new();
    let mut planned = Vec::new();
    for i in 0..images_in_batch {
        let mut size = Size { width: side_before(to.width, &mut rng), height: side_before(to.height, &mut rng) };
        match i % 10 {
            0 => size.width = 1,
            5 => size.height = 1,
            3 => size.width = to.width,
            8 => size = to,
            _ => {}
        }
        let (w, h) = (size.width as f64, size.height as f64);
        let part = match rng.random_range(0..4) {
            0 | 1 => None,
            // Whole pixels.
            2 => {
                let (x, y) = (rng.random_range(0..size.width), rng.random_range(0..size.height));
                let (right, bottom) = (rng.random_range(x..size.width) + 1, rng.random_range(y..size.height) + 1);
                Some([x as f64, y as f64, right as f64, bottom as f64])
            }
            _ => {
                let mut at = |side: f64| side * 0.999 * rng.random::<f64>();
                let ([a, b], [c, d]) = ([at(w), at(w)], [at(h), at(h)]);
                let part = [a.min(b), c.min(d), a.max(b), c.max(d)];
                // Binary32 may make the two sides of a sliver the same.
                Some(part).filter(|p| (p[0] as f32) < p[2] as f32 && (p[1] as f32) < p[3] as f32)
            }
        };
        sizes.push(size);
        let resize = ops::Resize { width: to.width, height: to.height, interpolation: interpolation(&mut rng), part };
        planned.push(PlannedImage { index: i as u64, ops: vec![resize.into()], ..Default::default() });
    }
    Chains { batch: images(&sizes, channels, &mut rng), plan: Plan::new(planned), size: to }
}

/// A random operation that crops, turns over or resizes an image of `size`.
fn framing(size: Size, rng: &mut ChaCha8Rng) -> Op {
    match rng.random_range(0..6) {
        0 => ops::HorizontalFlip {}.into(),
        1 => ops::VerticalFlip {}.into(),
        2 => {
            let (width, height) = (rng.random_range(1..50), rng.random_range(1..50));
            ops::Resize { width, height, interpolation: interpolation(rng), part: None }.into()
        }
        3 => {
            let (width, height) = (rng.random_range(1..=size.width), rng.random_range(1..=size.height));
            let x = rng.random_range(0..=size.width - width) as i64;
            let y = rng.random_range(0..=size.height - height) as i64;
            crop(x, y, Size { width, height }, Border::Constant, rng)
        }
        _ => {
            let border = Border::ALL[rng.random_range(0..4)];
            let reach = |side: usize| match border {
                Border::Reflect => side - 1,
                Border::Symmetric => side,
                _ => 12,
            };
            let mut span = |side: usize| {
                let reach = reach(side).min(12) as i64;
                let (a, b) = (rng.random_range(-reach..side as i64), rng.random_range(1..=side as i64 + reach));
                (a.min(b - 1), (b - a.min(b - 1)) as usize)
            };
            let ((x, width), (y, height)) = (span(size.width), span(size.height));
            crop(x, y, Size { width, height }, border, rng)
        }
    }
}

fn crop(x: i64, y: i64, size: Size, border: Border, rng: &mut ChaCha8Rng) -> Op {
    let Size { width, height } = size;
    ops::Crop { x, y, width, height, border, fill: rng.random() }.into()
}

/// The size that an operation gives.
fn after(op: &Op, size: Size) -> Size {
    match op {
        Op::Crop(crop) => Size { width: crop.width, height: crop.height },
        Op::Resize(resize) => Size { width: resize.width, height: resize.height },
        _ => size,
    }
}

/// Chains of up to `longest` operations, half of them framing and half what `other` makes for a size; then a crop or a
/// resize to one size.
pub fn chains(
    images_in_batch: usize,
    channels: usize,
    longest: usize,
    seed: u64,
    mut other: impl FnMut(Size, &mut ChaCha8Rng) -> Op,
) -> Chains {
    let mut rng = random(seed);
    let to = Size { width: rng.random_range(8..30), height: rng.random_range(8..30) };
    let mut sizes = Vec::new();
    let mut planned = Vec::new();
    for i in 0..images_in_batch {
        let mut size = Size { width: rng.random_range(1..60), height: rng.random_range(1..60) };
        sizes.push(size);
        let mut chain = Vec::new();
        for _ in 0..rng.random_range(0..=longest) {
            let op = if rng.random() { framing(size, &mut rng) } else { other(size, &mut rng) };
            size = after(&op, size);
            chain.push(op);
        }
        let border = [Border::Constant, Border::Edge][rng.random_range(0..2)];
        let middle = |side: usize, length: usize| (side as i64 - length as i64) / 2;
        chain.push(match rng.random_range(0..4) {
            0 => ops::Resize { width: to.width, height: to.height, interpolation: interpolation(&mut rng), part: None }
                .into(),
            _ => crop(middle(size.width, to.width), middle(size.height, to.height), to, border, &mut rng),
        });
        for _ in 0..rng.random_range(0..2) {
            chain.push(other(to, &mut rng));
        }
        planned.push(PlannedImage { index: i as u64, ops: chain, ..Default::default() });
    }
    Chains { batch: images(&sizes, channels, &mut rng), plan: Plan::new(planned), size: to }
}

/// One of some operations of other kinds, for images of any size.
pub fn some_op(size: Size, rng: &mut ChaCha8Rng) -> Op {
    let interpolation = interpolation(rng);
    op_with(interpolation, size, rng)
}

/// The same without interpolated warps, whose kernels software drivers are slow to compile.
#[cfg(feature = "gpu")]
pub fn some_nearest_op(size: Size, rng: &mut ChaCha8Rng) -> Op {
    op_with(Interpolation::Nearest, size, rng)
}

fn op_with(interpolation: Interpolation, size: Size, rng: &mut ChaCha8Rng) -> Op {
    let warp = (interpolation, rng.random::<[u8; 3]>());
    let factor = 2.0 * rng.random::<f64>();
    let away = size.width as f64 * (rng.random::<f64>() - 0.5);
    match rng.random_range(0..12) {
        0 => ops::Rotate { degrees: 360.0 * factor, interpolation: warp.0, fill: warp.1 }.into(),
        1 => ops::ShearX { factor: factor - 1.0, interpolation: warp.0, fill: warp.1 }.into(),
        2 => ops::ShearY { factor: factor - 1.0, interpolation: warp.0, fill: warp.1 }.into(),
        3 => ops::TranslateX { pixels: away, interpolation: warp.0, fill: warp.1 }.into(),
        4 => ops::Equalize {}.into(),
        5 => ops::AutoContrast {}.into(),
        6 => ops::Contrast { factor }.into(),
        7 => ops::Sharpness { factor }.into(),
        8 => ops::Color { factor }.into(),
        9 => ops::Solarize { threshold: 128.0 * factor }.into(),
        10 => ops::Cutout { x: away as i64, y: 1, width: 9, height: 7, fill: warp.1 }.into(),
        _ => ops::Posterize { bits: 3 }.into(),
    }
}
