//! Sampler: draws plans from a transform.

use crate::batch::{Size, Sizes};
use crate::convention::Convention;
use crate::draw::{Context, Draw};
use crate::error::Result;
use crate::interpolation::Interpolation;
use crate::ops::{Op, OpKind};
use crate::plan::{Plan, PlannedImage};
use crate::random::Streams;
use crate::transform::Transform;

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
        let images: Result<Vec<_>> = indices
            .iter()
            .enumerate()
            .map(|(position, &index)| {
                self.image(sizes, epoch, index, position).map_err(|e| e.at(format!("image {position}")))
            })
            .collect();
        Ok(Plan::drawn(images?, self.operations.clone()))
    }

    fn image(&self, sizes: Sizes<'_>, epoch: u64, index: u64, position_in_batch: usize) -> Result<PlannedImage> {
        let streams = Streams { seed: self.seed, epoch, index };
        let (ops, sub_policy) = self.transform.draw(Context {
            streams: &streams,
            occurrence: 0,
            size: sizes.get(position_in_batch),
            sizes,
            position_in_batch,
            interpolation: self.interpolation,
            fill: self.fill,
        })?;
        Ok(PlannedImage { file: None, index, sub_policy, ops })
    }

    /// The operation `op` at `magnitude` for an image of `size`, with a fixed sign and no other draw. If a convention
    /// draws the value from a range, it is the end of the range for the magnitude.
    ///
    /// # Errors
    /// Those of [`Convention::check`].
    pub fn resolve(convention: Convention, op: OpKind, magnitude: f64, negative: bool, size: Size) -> Result<Op> {
        let streams = Streams { seed: 0, epoch: 0, index: 0 };
        Ok(op.drawn(&mut Draw {
            value: convention.value(op, magnitude, negative, size)?,
            interpolation: convention.interpolation(op),
            fill: convention.fill_of(op),
            context: Context {
                streams: &streams,
                occurrence: 0,
                size,
                sizes: Sizes::from(&[size][..]),
                position_in_batch: 0,
                interpolation: None,
                fill: None,
            },
            step: 0,
        }))
    }
}
