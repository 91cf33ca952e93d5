//! Augmented: a set of images as a transform makes it anew in each epoch.

use autoaugment::{Batch, Executor, Layout, Output, Sampler, Shape, Tensor, Transform};

use crate::data::Images;
use crate::error::{Error, Result};

/// A set of images, and what makes the images of an epoch of it. The memory is used again.
pub(crate) struct Augmented<'a> {
    given: Batch<'a>,
    executor: &'a Executor,
    sampler: Sampler,
    indices: Vec<u64>,
    made: Tensor,
}

impl<'a> Augmented<'a> {
    pub fn new(images: &'a Images, executor: &'a Executor, transform: Transform, seed: u64) -> Result<Self> {
        let given = Batch::new(&images.pixels[..], images.shape(), Layout::Nhwc)?;
        let (sampler, indices) = (Sampler::new(transform, seed)?, (0..images.len() as u64).collect());
        Ok(Augmented { given, executor, sampler, indices, made: Tensor::default() })
    }

    /// The bytes of all images in an epoch, interleaved. Refuses a transform that changes their size.
    pub fn epoch(&mut self, epoch: u64) -> Result<&[u8]> {
        let before = self.given.shape();
        let plan = self.sampler.plan(before, epoch, &self.indices)?;
        self.executor.apply_into(&self.given, &plan, &Output::u8(), &mut self.made)?;
        let after = self.made.shape;
        if after != before {
            let size = |shape: Shape| format!("{} x {}", shape.width, shape.height);
            let (after, before) = (size(after), size(before));
            return Err(Error::Child(format!("the transform makes images of {after} pixels of those of {before}")));
        }
        Ok(self.made.data.as_u8().unwrap_or_default())
    }
}
