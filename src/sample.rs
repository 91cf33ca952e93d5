//! Sampling: the only place where random numbers are drawn.
//!
//! Every draw comes from a stream that `(seed, epoch, sample index, purpose)` picks: the four numbers are the key of a
//! ChaCha8 generator. So an image's draws depend on nothing else: not on the batch it is in, its place there, the
//! number of threads, or the device. Within a stream the k-th draw belongs to the k-th step, whether or not earlier
//! steps were applied, so that no draw depends on another.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::batch::{Shape, Size};
use crate::convention::Convention;
use crate::error::Result;
use crate::ops::{Interpolation, Op};
use crate::plan::{Plan, PlannedImage};
use crate::policy::Policy;

/// What a stream's numbers are for. The numbers are part of every user's results and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
enum Purpose {
    /// Which sub-policy.
    SubPolicy = 1,
    /// Whether a step is applied.
    Gate = 2,
    /// Whether a magnitude is negative.
    Sign = 3,
    /// Where something is placed.
    Position = 4,
    /// Which other image takes part.
    Partner = 5,
}

/// Turns a policy into plans.
///
/// ```
/// use autoaugment::{Policy, Sampler, Shape};
/// let sampler = Sampler::new(Policy::cifar10(), 42)?;
/// let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
/// let plan = sampler.plan(shape, 0, &[7, 8])?;
/// assert_eq!(plan, sampler.plan(shape, 0, &[7, 8])?);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler {
    policy: Policy,
    seed: u64,
    interpolation: Option<Interpolation>,
    fill: Option<[u8; 3]>,
}

/// What an operation is made from: its parameter's value, and streams for whatever else it has to draw.
pub(crate) struct Draw<'a> {
    pub value: f64,
    pub interpolation: Interpolation,
    pub fill: [u8; 3],
    size: Size,
    images: usize,
    position_in_batch: usize,
    streams: &'a Streams,
    step: usize,
}

/// The streams of one image in one epoch.
struct Streams {
    seed: u64,
    epoch: u64,
    index: u64,
}

impl Streams {
    fn of(&self, purpose: Purpose) -> ChaCha8Rng {
        let mut key = [0; 32];
        for (bytes, number) in key.chunks_exact_mut(8).zip([self.seed, self.epoch, self.index, purpose as u64]) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }
}

impl Draw<'_> {
    /// A pixel of the image, uniformly: column and row.
    pub fn point(&mut self) -> (usize, usize) {
        let mut stream = self.streams.of(Purpose::Position);
        let mut point = (0, 0);
        for _ in 0..=self.step {
            let (x, y): (f64, f64) = (stream.random(), stream.random());
            point = ((x * self.size.width as f64) as usize, (y * self.size.height as f64) as usize);
        }
        point
    }

    /// Another image of the batch, uniformly; this one if it is alone.
    ///
    /// The number that is drawn does not depend on the batch, which image it stands for does.
    pub fn partner(&mut self) -> usize {
        if self.images == 1 {
            return self.position_in_batch;
        }
        let mut stream = self.streams.of(Purpose::Partner);
        let mut number = 0.0;
        for _ in 0..=self.step {
            number = stream.random::<f64>();
        }
        let others = self.images - 1;
        let ahead = 1 + (number * others as f64) as usize;
        (self.position_in_batch + ahead) % self.images
    }
}

impl Sampler {
    /// A sampler of `policy` with its own convention.
    ///
    /// # Errors
    /// Those of [`Policy::check`].
    pub fn new(policy: Policy, seed: u64) -> Result<Self> {
        policy.check()?;
        Ok(Sampler { policy, seed, interpolation: None, fill: None })
    }

    /// The same with another interpolation for every warp than the convention's.
    #[must_use]
    pub fn interpolation(self, interpolation: Interpolation) -> Self {
        Sampler { interpolation: Some(interpolation), ..self }
    }

    /// The same with another fill (red, green, blue) than the convention's.
    #[must_use]
    pub fn fill(self, fill: [u8; 3]) -> Self {
        Sampler { fill: Some(fill), ..self }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Draws what will be done to a batch of `shape`: one sub-policy an image, a gate and a sign a step.
    ///
    /// `indices` are the images' numbers in the data set, one an image in the batch's order. The number of a sample is
    /// what its draws depend on, so each image of an epoch needs its own.
    ///
    /// # Errors
    /// [`Error::Batch`](crate::Error::Batch) if the shape is unusable or there is not one index an image.
    pub fn plan(&self, shape: Shape, epoch: u64, indices: &[u64]) -> Result<Plan> {
        shape.check()?;
        if indices.len() != shape.images {
            return Err(crate::Error::Batch(format!("{} images and {} sample indices", shape.images, indices.len())));
        }
        let images: Result<Vec<_>> =
            indices.iter().enumerate().map(|(position, &index)| self.image(shape, epoch, index, position)).collect();
        Ok(Plan::drawn(images?, self.policy.operations()))
    }

    fn image(&self, shape: Shape, epoch: u64, index: u64, position_in_batch: usize) -> Result<PlannedImage> {
        let streams = Streams { seed: self.seed, epoch, index };
        let number = streams.of(Purpose::SubPolicy).random_range(0..self.policy.sub_policies.len());
        let steps = &self.policy.sub_policies[number].steps;
        let mut gates = streams.of(Purpose::Gate);
        let gates: Vec<bool> = steps.iter().map(|s| gates.random::<f64>() < s.probability).collect();
        let mut signs = None;
        let mut signs_drawn = 0;
        let mut ops: Vec<Op> = Vec::with_capacity(steps.len());
        for (k, step) in steps.iter().enumerate().filter(|(k, _)| gates[*k]) {
            let convention = self.policy.convention;
            let mut negative = false;
            if convention.is_signed(step.op) {
                let stream = signs.get_or_insert_with(|| streams.of(Purpose::Sign));
                for _ in signs_drawn..=k {
                    negative = stream.random::<u32>() >> 31 == 1;
                }
                signs_drawn = k + 1;
            }
            ops.push(step.op.drawn(&mut Draw {
                value: convention.value(step.op, step.magnitude, negative, shape.size())?,
                interpolation: self.interpolation.unwrap_or_else(|| convention.interpolation(step.op)),
                fill: self.fill.unwrap_or_else(|| convention.fill()),
                size: shape.size(),
                images: shape.images,
                position_in_batch,
                streams: &streams,
                step: k,
            }));
        }
        Ok(PlannedImage { file: None, index, sub_policy: Some(number), ops })
    }

    /// The one operation that `op` at `magnitude` is for an image of `size`, without any draw but a fixed sign.
    ///
    /// # Errors
    /// Those of [`Convention::check`].
    pub fn resolve(
        convention: Convention,
        op: crate::OpKind,
        magnitude: f64,
        negative: bool,
        size: Size,
    ) -> Result<Op> {
        let streams = Streams { seed: 0, epoch: 0, index: 0 };
        Ok(op.drawn(&mut Draw {
            value: convention.value(op, magnitude, negative, size)?,
            interpolation: convention.interpolation(op),
            fill: convention.fill(),
            size,
            images: 1,
            position_in_batch: 0,
            streams: &streams,
            step: 0,
        }))
    }
}
