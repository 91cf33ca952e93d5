//! The reference: images whose pixels have numbers of their own, run like any other, tell where each pixel went.

use autoaugment::targets::Masks;
use autoaugment::{Border, Device, Executor, Op, Plan, PlannedImage, Size};

use crate::support::chains::{self, some_op};

/// What a chain makes of an image in which pixel i has the value i + 1: 0 is what came from outside.
pub struct Painted {
    pub before: Size,
    pub after: Size,
    pub values: Vec<u32>,
    pub ops: Vec<Op>,
}

impl Painted {
    pub fn new(ops: Vec<Op>, before: Size) -> Self {
        let values: Vec<u32> = (1..=(before.width * before.height) as u32).collect();
        let plan = Plan::uniform(1, ops.clone());
        let cpu = Executor::new(Device::Cpu).unwrap();
        let (values, after) = Masks { fill: 0, cutout: false }.apply(&cpu, &plan, &values, &[before][..]).unwrap();
        Painted { before, after, values, ops }
    }

    pub fn image(&self) -> PlannedImage {
        PlannedImage { ops: self.ops.clone(), ..Default::default() }
    }

    /// The center of the source pixel with this value.
    pub fn source(&self, value: u32) -> [f64; 2] {
        let i = value as usize - 1;
        [(i % self.before.width) as f64 + 0.5, (i / self.before.width) as f64 + 0.5]
    }

    /// Every output pixel: its center, and its value.
    pub fn pixels(&self) -> impl Iterator<Item = ([f64; 2], u32)> {
        let width = self.after.width;
        let center = move |i: usize| [(i % width) as f64 + 0.5, (i / width) as f64 + 0.5];
        self.values.iter().enumerate().map(move |(i, &value)| (center(i), value))
    }

    /// How far the nearest pixel may be from where a point goes: half a pixel of its source an operation, moved on by
    /// those that follow; after each operation, from none on.
    pub fn roundings(&self) -> Vec<f64> {
        let mut far = vec![0.0];
        let mut size = self.before;
        for op in &self.ops {
            let transform =
                PlannedImage { ops: vec![op.clone()], ..Default::default() }.geometric_transform(size).unwrap();
            size = transform.size();
            let [a, b, _, d, e, _] = transform.matrix();
            let is_rounded =
                matches!(op.kind().category(), autoaugment::ops::Category::Warp | autoaugment::ops::Category::Resize);
            let rounding = if is_rounded { 0.5 } else { 0.0 };
            let norm = f64::max(a.abs() + b.abs(), d.abs() + e.abs());
            // 16.16 fixed point is off by a little more.
            far.push((far.last().unwrap() + rounding) * norm + 0.01);
        }
        far
    }
}

/// Random chains for images of random sizes, without crops that repeat pixels.
pub fn random_chains(count: usize, longest: usize, seed: u64) -> impl Iterator<Item = Painted> {
    let chains = chains::chains(count, 1, longest, seed, some_op);
    let sizes = chains.batch.sizes().to_vec();
    let plan = chains.plan.into_images();
    plan.into_iter().zip(sizes).map(|(image, size)| {
        let constant = |op| match op {
            Op::Crop(crop) => autoaugment::ops::Crop { border: Border::Constant, ..crop }.into(),
            other => other,
        };
        Painted::new(image.ops.into_iter().map(constant).collect(), size)
    })
}
