//! Mix: batches mixed into burn tensors, and their soft labels.

use ::burn::tensor::{Device, Tensor, TensorData};

use super::augment::{dtype_on, from_host, sent, tensor_of};
use super::device::check_shared;
use crate::batch::RaggedBatch;
use crate::error::Result;
use crate::gpu::{Gpu, GpuBatch, GpuImages};
use crate::loader::Work;
use crate::mixing::{MixPlan, Mixed};
use crate::output::{Output, Tensor as HostTensor};
use crate::report::Report;

impl Gpu {
    /// Mixes augmented bytes and returns the result as a tensor on `device`, burn's handle of the same wgpu device. The
    /// dispatch writes the tensor's own memory.
    ///
    /// # Errors
    /// Those of [`Gpu::mix_into`] and, about the tensor, of [`Gpu::apply_tensor`].
    pub fn mix_tensor(
        &self,
        batch: &GpuBatch,
        plan: &MixPlan,
        output: &Output,
        device: &Device,
    ) -> Result<(Tensor<4>, Report)> {
        check_shared(self, device)?;
        let (tensor, memory) = tensor_of(batch.shape(), batch.layout(), output, device)?;
        let report = self.mix_into(batch, plan, output, memory.buffer(), memory.offset())?;
        Ok((tensor, report))
    }
}

impl Work<'_> {
    /// Augments, and perhaps mixes, a batch on the GPU into a tensor there.
    pub(super) fn resident_tensor(self, batch: GpuImages<'_>, device: &Device) -> Result<(Tensor<4>, Report)> {
        let (gpu, output) = (self.augmenter.required_gpu()?, self.augmenter.output());
        match &self.drawn.mixed {
            None => gpu.apply_tensor_checked(batch, self.drawn.checked(), output, device),
            Some(Mixed { plan, .. }) => {
                self.mixed_on_device(gpu, batch, |bytes| gpu.mix_tensor(bytes, plan, output, device))
            }
        }
    }

    /// The same for a batch in host memory, on the augmenter's device.
    pub(super) fn tensor(self, batch: RaggedBatch<'_>, device: &Device) -> Result<(Tensor<4>, Report)> {
        let output = self.augmenter.output();
        if let Some(gpu) = self.augmenter.executor().gpu() {
            return sent(gpu, (&batch).into(), output, device, |there| self.resident_tensor(there, device));
        }
        let dtype = dtype_on(device, output)?;
        let (tensor, report) = self.on_host((&batch).into(), HostTensor::default())?;
        // Mixing needs the memory that the pixels had.
        drop(batch);
        Ok((from_host(self.mixed(tensor, HostTensor::default)?.0, dtype, device)?, report))
    }
}

/// The soft labels as a tensor.
pub(super) fn soft_labels_on(Mixed { plan, labels }: Mixed<Vec<f32>>, device: &Device) -> Mixed<Tensor<2>> {
    let images = plan.images().len();
    let classes = labels.len() / images.max(1);
    Mixed { plan, labels: Tensor::from_data(TensorData::new(labels, [images, classes]), device) }
}
