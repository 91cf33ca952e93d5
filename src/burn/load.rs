//! Load: the batches of a loader as tensors.

use ::burn::tensor::Device;

use super::augment::{dtype_on, from_host};
use super::batcher::{ImageBatch, labels_on, masks_on};
use super::mix::soft_labels_on;
use crate::error::Result;
use crate::loader::{Epoch, Ready};

impl Epoch {
    /// The next batch as tensors on `device`. `None` after the last batch.
    ///
    /// With the augmenter on a GPU, `device` must be burn's handle of the same wgpu device. The pixels are uploaded
    /// once. The augmenting or mixing dispatch writes the tensor's own memory. With the augmenter on the CPU, `device`
    /// can be any device, and `flex` takes the values without a copy.
    ///
    /// # Errors
    /// Those of the iterator and of [`Gpu::apply_tensor`](crate::Gpu::apply_tensor). If the loader mixes, also those of
    /// [`Gpu::mix_tensor`](crate::Gpu::mix_tensor), and [`Error::Batch`](crate::Error::Batch) for a label that is not
    /// below the mixer's classes.
    pub fn next_batch(&mut self, device: &Device) -> Option<Result<ImageBatch>> {
        let finished = self.step(&mut |work, ready| match ready {
            Ready::Host(tensor, report) => {
                let dtype = dtype_on(device, work.augmenter.output())?;
                Ok((from_host(tensor, dtype, device)?, report))
            }
            Ready::Device(batch) => work.resident_tensor(batch.into(), device),
        })?;
        Some(finished.map(|batch| ImageBatch {
            images: batch.images,
            labels: labels_on(batch.labels.iter().map(|&label| label as i32).collect(), device),
            mixed: batch.mixed.map(|mixed| soft_labels_on(mixed, device)),
            masks: batch.masks.map(|masks| masks_on(&masks, device)),
            indices: batch.indices,
            plan: batch.plan,
            report: batch.report,
        }))
    }
}
