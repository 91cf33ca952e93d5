//! Mix: batches mixed into burn tensors, and their soft labels.

use ::burn::tensor::{Device, Tensor, TensorData};

use super::augment::{AugmentedTensor, dtype_on, from_host, tensor_of};
use super::device::check_shared;
use crate::error::Result;
use crate::gpu::{Gpu, GpuBatch, GpuImages};
use crate::loader::{Outcome, Work};
use crate::mixing::{MixPlan, Mixed};
use crate::output::Output;
use crate::ragged::RaggedBatch;
use crate::report::Report;

impl Gpu {
    /// Mixes augmented bytes and returns the result as a tensor on `device`, burn's name for the same wgpu device. The dispatch
    /// writes the tensor's own memory.
    ///
    /// # Errors
    /// Those of [`Gpu::mix_into`] and, about the tensor, of [`Gpu::apply_tensor`].
    pub fn mix_tensor(&self, batch: &GpuBatch, plan: &MixPlan, output: &Output, device: &Device) -> Result<Tensor<4>> {
        self.mix_tensor_reported(batch, plan, output, device, &mut Report::default())
    }

    fn mix_tensor_reported(
        &self,
        batch: &GpuBatch,
        plan: &MixPlan,
        output: &Output,
        device: &Device,
        report: &mut Report,
    ) -> Result<Tensor<4>> {
        check_shared(self, device)?;
        let (tensor, memory) = tensor_of(batch.shape(), batch.layout(), output, device)?;
        self.mix_into_reported(batch, plan, output, (memory.buffer(), memory.offset()), report)?;
        Ok(tensor)
    }
}

impl Work<'_> {
    /// Augments and perhaps mixes a batch that is on the GPU into a tensor there.
    pub(super) fn resident_tensor(self, batch: GpuImages<'_>, device: &Device) -> Result<Outcome<Tensor<4>>> {
        let output = self.augmenter.output();
        if let Some(mixer) = self.mixer {
            return self.mixed_on_device(mixer, batch, |gpu, bytes, mixing, report| {
                gpu.mix_tensor_reported(bytes, mixing, output, device, report)
            });
        }
        let AugmentedTensor { tensor, plan, report } =
            self.augmenter.augment_resident_tensor(batch, self.epoch, self.indices, device)?;
        Ok(Outcome { images: tensor, plan, mixing: None, report })
    }

    /// The same of a batch in host memory, wherever the augmenter runs.
    pub(super) fn tensor(self, batch: RaggedBatch<'_>, device: &Device) -> Result<Outcome<Tensor<4>>> {
        let dtype = dtype_on(device, self.augmenter.output())?;
        let Some(gpu) = self.augmenter.executor().gpu() else {
            return self.on_host(batch)?.try_map(|tensor| from_host(tensor, dtype, device));
        };
        check_shared(gpu, device)?;
        let buffer = gpu.upload_bytes(batch.data())?;
        let mut outcome = self.resident_tensor(GpuImages::sent(&buffer, (&batch).into()), device)?;
        outcome.report.bytes_uploaded += batch.data().len() as u64;
        gpu.give_back(buffer);
        Ok(outcome)
    }
}

/// Soft labels as a tensor.
pub(super) fn on_device(Mixed { plan, labels }: Mixed<Vec<f32>>, device: &Device) -> Mixed<Tensor<2>> {
    let images = plan.images().len();
    let classes = labels.len() / images.max(1);
    Mixed { plan, labels: Tensor::from_data(TensorData::new(labels, [images, classes]), device) }
}
