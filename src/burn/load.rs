//! Load: the batches of a loader as tensors.

use ::burn::tensor::Device;

use super::augment::{AugmentedTensor, dtype_on, from_host};
use super::batcher::{ImageBatch, labels_on};
use crate::error::Result;
use crate::loader::{Epoch, Ready};

impl Epoch {
    /// The next batch as tensors on `device`. None after the last batch.
    ///
    /// With the augmenter on a GPU `device` must be burn's name for the same wgpu device; the images' pixels were sent there
    /// once, and the dispatch that augments them writes the tensor's own memory. With the augmenter on the CPU any device
    /// will do, and `flex` takes the values without a copy.
    ///
    /// # Errors
    /// As the iterator, and those of [`Gpu::apply_tensor`](crate::Gpu::apply_tensor).
    pub fn next_batch(&mut self, device: &Device) -> Option<Result<ImageBatch>> {
        let finished = self.step(&mut |augmenter, ready, epoch, indices| match ready {
            Ready::Host(host) => {
                let (augmented, plan, report) = *host;
                let dtype = dtype_on(device, augmenter.output())?;
                Ok((from_host(augmented, dtype, device)?, plan, report))
            }
            Ready::Device(batch) => {
                let AugmentedTensor { tensor, plan, report } =
                    augmenter.augment_resident_tensor(batch, epoch, indices, device)?;
                Ok((tensor, plan, report))
            }
        })?;
        Some(finished.map(|batch| ImageBatch {
            images: batch.images,
            labels: labels_on(batch.labels.iter().map(|&label| label as i32).collect(), device),
            indices: batch.indices,
            plan: batch.plan,
            report: batch.report,
        }))
    }
}
