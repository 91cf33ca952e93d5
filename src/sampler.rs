//! Sampler: draws plans from a transform.

use rayon::prelude::*;

use crate::batch::{Size, Sizes};
use crate::convention::Convention;
use crate::draw::{Context, Draw};
use crate::error::Result;
use crate::interpolation::Interpolation;
use crate::ops::{Op, OpKind};
use crate::plan::{Plan, PlannedImage};
use crate::random::{FirstBlocks, LANES, Streams};
use crate::threads;
use crate::transform::{Drawn, Transform};

/// Images that one thread draws at once. On a virtual machine, two threads draw 256 images of the ImageNet recipe in
/// 0.75 of one thread's time, and 256 of its policy alone in the same time. 93 % of the instructions are divided.
const PART: usize = 32;

/// Draws plans from a policy, another scheme, or a transform.
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
    transform: Transform,
    /// The possible operations of the transform, for every plan.
    operations: Vec<OpKind>,
    seed: u64,
    interpolation: Option<Interpolation>,
    fill: Option<[u8; 3]>,
}

impl Sampler {
    /// A sampler of a policy with its own convention, of another scheme, or of a transform.
    ///
    /// # Errors
    /// Those of [`Transform::check`].
    pub fn new(transform: impl Into<Transform>, seed: u64) -> Result<Self> {
        let transform = transform.into();
        transform.check()?;
        let operations = transform.operations();
        Ok(Sampler { transform, operations, seed, interpolation: None, fill: None })
    }

    /// Replaces the convention's interpolation for every warp of a policy or scheme.
    #[must_use]
    pub fn interpolation(self, interpolation: Interpolation) -> Self {
        Sampler { interpolation: Some(interpolation), ..self }
    }

    /// Replaces the convention's fill (red, green, blue) for the operations of a policy or scheme.
    #[must_use]
    pub fn fill(self, fill: [u8; 3]) -> Self {
        Sampler { fill: Some(fill), ..self }
    }

    /// The interpolation that replaces the convention's, if there is one.
    pub(crate) fn interpolation_override(&self) -> Option<Interpolation> {
        self.interpolation
    }

    /// The fill that replaces the convention's, if there is one.
    pub(crate) fn fill_override(&self) -> Option<[u8; 3]> {
        self.fill
    }

    /// The transform.
    pub fn transform(&self) -> &Transform {
        &self.transform
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Draws a plan for images of these sizes. A policy draws one sub-policy per image. Per step
    /// it draws whether the step is applied, and the sign.
    ///
    /// `indices` are the sample indices, one per image in the batch's order. The draws of an image depend on its sample
    /// index, so each image of an epoch needs its own.
    ///
    /// # Errors
    /// [`Error::Batch`](crate::Error::Batch) if a size is unusable or there is not one index per image.
    /// [`Error::At`](crate::Error::At) with the image if a stage cannot be applied to it.
    pub fn plan<'a>(&self, sizes: impl Into<Sizes<'a>>, epoch: u64, indices: &[u64]) -> Result<Plan> {
        let sizes = sizes.into();
        sizes.check()?;
        if indices.len() != sizes.len() {
            return Err(crate::Error::Batch(format!(
                "expected {} sample indices, one per image, got {}",
                sizes.len(),
                indices.len()
            )));
        }
        let mut images = Vec::new();
        images.resize_with(indices.len(), PlannedImage::default);
        let part = |(k, (images, indices)): (usize, (&mut [PlannedImage], &[u64]))| {
            self.part(sizes, epoch, k * PART, indices, images)
        };
        let parts: Vec<_> = if indices.len() <= PART {
            vec![part((0, (&mut images, indices)))]
        } else {
            threads::shared(|| match threads::count() {
                1 => images.chunks_mut(PART).zip(indices.chunks(PART)).enumerate().map(part).collect(),
                _ => images.par_chunks_mut(PART).zip(indices.par_chunks(PART)).enumerate().map(part).collect(),
            })?
        };
        let parts: Vec<_> = parts.into_iter().collect::<Result<_>>()?;
        let plan = Plan::drawn(images, self.operations.clone());
        Ok(match parts.split_first() {
            Some((&Some(after), rest)) if rest.iter().all(|part| *part == Some(after)) => plan.drawn_for(sizes, after),
            _ => plan,
        })
    }

    /// Draws the images from position `first` on. Returns the size of all of them afterwards, if they have the same.
    fn part(
        &self,
        sizes: Sizes<'_>,
        epoch: u64,
        first: usize,
        indices: &[u64],
        images: &mut [PlannedImage],
    ) -> Result<Option<Size>> {
        let mut blocks = FirstBlocks::default();
        let mut after = None;
        let mut is_same = true;
        for (k, (images, indices)) in images.chunks_mut(LANES).zip(indices.chunks(LANES)).enumerate() {
            blocks.restart(self.seed, epoch, indices);
            for (lane, (image, &index)) in images.iter_mut().zip(indices).enumerate() {
                let position_in_batch = first + k * LANES + lane;
                let drawn = self.transform.draw(Context {
                    streams: &blocks.streams(lane),
                    occurrence: 0,
                    size: sizes.get(position_in_batch),
                    sizes,
                    position_in_batch,
                    interpolation: self.interpolation,
                    fill: self.fill,
                });
                let Drawn { ops, sub_policy, size } = drawn.map_err(|e| e.at(format!("image {position_in_batch}")))?;
                // People count from 1, and so do texts, options and errors.
                let sub_policy = sub_policy.map(|position| position + 1);
                *image = PlannedImage { file: None, index, sub_policy, ops };
                is_same &= *after.get_or_insert(size) == size;
            }
        }
        Ok(after.filter(|_| is_same))
    }

    /// The operation `op` at `magnitude` for an image of `size`, with a fixed sign and no other draw. If a convention
    /// draws the value from a range, it is the end of the range for the magnitude.
    ///
    /// # Errors
    /// Those of [`Convention::check`].
    pub fn resolve(convention: Convention, op: OpKind, magnitude: f64, negative: bool, size: Size) -> Result<Op> {
        let sizes = [size];
        let context = Context {
            streams: &Streams::new(0, 0, 0),
            occurrence: 0,
            size,
            sizes: Sizes::from(&sizes[..]),
            position_in_batch: 0,
            interpolation: None,
            fill: None,
        };
        Ok(op.drawn(&mut Draw {
            value: convention.value(op, magnitude, negative, size)?,
            interpolation: convention.interpolation(op),
            fill: convention.fill_of(op),
            context: &context,
            step: 0,
        }))
    }
}
