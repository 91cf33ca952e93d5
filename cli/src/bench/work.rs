//! Work: a batch, and the plans that are applied to it.

use anyhow::bail;
use autoaugment::{Batch, Layout, Output, Plan, Sampler, Shape};

use super::pictures::Pictures;

/// The most plans that there are, and the most images that all of them together have; runs take them in turns.
const PLANS: usize = 64;
const PLANNED: usize = 1 << 18;
/// The most bytes of a batch. The rows together hold some ten times as much, in floats four times that.
const MOST: usize = 1 << 32;
/// Plans whose bytes are compared at each size, before anything is timed.
pub const COMPARED: usize = 3;

/// What does not depend on the size of the batch.
pub struct Form<'a> {
    pub sampler: &'a Sampler,
    /// The epoch of the first plan; each has its own.
    pub first_epoch: u64,
    pub output: Output,
}

pub struct Work {
    pub batch: Batch<'static>,
    pub output: Output,
    plans: Vec<Plan>,
}

/// Refuses a batch that no machine could hold as often as it is needed.
pub fn check_bytes(images: usize, side: usize) -> anyhow::Result<()> {
    let bytes = images.saturating_mul(side).saturating_mul(side).saturating_mul(3);
    if bytes > MOST {
        bail!(
            "--batch {images} --size {side}: a batch would have {bytes} bytes and may have {MOST}; lower one of both"
        );
    }
    Ok(())
}

impl Work {
    pub fn new(pictures: &Pictures, images: usize, side: usize, form: &Form<'_>) -> anyhow::Result<Self> {
        let shape = Shape { images, height: side, width: side, channels: 3 };
        let batch = Batch::new(pictures.batch(images, side)?, shape, Layout::Nhwc)?;
        let plans = (PLANNED / images).clamp(COMPARED, PLANS) as u64;
        let plans: autoaugment::Result<_> = (0..plans).map(|turn| form.plan(shape, turn)).collect();
        Ok(Work { batch, output: form.output, plans: plans? })
    }

    /// The plan of a turn.
    pub fn plan(&self, turn: usize) -> &Plan {
        &self.plans[turn % self.plans.len()]
    }

    pub fn shape(&self) -> Shape {
        self.batch.shape()
    }

    pub fn input_bytes(&self) -> usize {
        self.shape().values()
    }

    pub fn output_bytes(&self) -> usize {
        self.shape().values() * self.output.dtype().bytes()
    }
}

impl Form<'_> {
    /// Draws the plan of a turn.
    pub fn plan(&self, shape: Shape, turn: u64) -> autoaugment::Result<Plan> {
        let samples: Vec<u64> = (0..shape.images as u64).collect();
        self.sampler.plan(shape, self.first_epoch.wrapping_add(turn), &samples)
    }
}
