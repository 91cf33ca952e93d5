//! Augment: plans run into burn tensors.

use ::burn::tensor::{DType, Device, Tensor};

use super::device::check_shared;
use super::memory::TensorMemory;
use crate::augmenter::{Augmented, Augmenter};
use crate::batch::{Images, Layout, Shape};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::gpu::compile::host::HostImages;
use crate::gpu::{Gpu, GpuImages, block_on};
use crate::output::{Dtype, Output, TensorData};
use crate::plan::{CheckedPlan, Plan};
use crate::report::Report;

impl Augmenter {
    /// Draws for each image of a batch in host memory and applies the draws; see [`Augmenter::augment`] and
    /// [`Executor::apply_tensor`].
    ///
    /// # Errors
    /// Those of [`Sampler::plan`](crate::Sampler::plan) and [`Executor::apply_tensor`].
    pub fn augment_tensor<'a>(
        &self,
        batch: impl Into<Images<'a>>,
        epoch: u64,
        indices: &[u64],
        device: &Device,
    ) -> Result<Augmented<Tensor<4>>> {
        let batch = batch.into();
        let plan = self.plan(batch.sizes(), epoch, indices)?;
        let (tensor, report) = self.executor().apply_tensor(batch, &plan, self.output(), device)?;
        Ok(Augmented { tensor, plan, report })
    }

    /// Draws for each image of a batch on the GPU and applies the draws; see [`Gpu::apply_tensor`].
    ///
    /// # Errors
    /// Those of [`Sampler::plan`](crate::Sampler::plan) and [`Gpu::apply_tensor`], and [`Error::WrongDevice`] on the
    /// CPU.
    pub fn augment_resident_tensor<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        epoch: u64,
        indices: &[u64],
        device: &Device,
    ) -> Result<Augmented<Tensor<4>>> {
        let batch = batch.into();
        let plan = self.plan(batch.sizes(), epoch, indices)?;
        let (tensor, report) = self.required_gpu()?.apply_tensor(batch, &plan, self.output(), device)?;
        Ok(Augmented { tensor, plan, report })
    }
}

impl Executor {
    /// Applies `plan` to a batch in host memory and returns the result as a tensor on `device`.
    ///
    /// On a GPU, the batch is uploaded once, and `device` must be burn's handle of the same wgpu device; see
    /// [`Gpu::apply_tensor`]. On the CPU, `device` can be any device. `flex` takes the values without a copy, and burn
    /// uploads them to other devices.
    ///
    /// # Errors
    /// Those of [`Executor::apply`] and [`Gpu::apply_tensor`].
    pub fn apply_tensor<'a>(
        &self,
        batch: impl Into<Images<'a>>,
        plan: &Plan,
        output: &Output,
        device: &Device,
    ) -> Result<(Tensor<4>, Report)> {
        let batch = batch.into();
        if let Some(gpu) = self.gpu() {
            let plan = plan.checked_for(&batch)?;
            output.check()?;
            return sent(gpu, batch, output, device, |there| gpu.apply_tensor_checked(there, plan, output, device));
        }
        let dtype = dtype_on(device, output)?;
        let (augmented, report) = self.apply(batch, plan, output)?;
        Ok((from_host(augmented, dtype, device)?, report))
    }
}

/// Uploads a batch to the shared device, makes a tensor of it there by `run`, and takes the batch's memory back.
pub(super) fn sent(
    gpu: &Gpu,
    batch: Images<'_>,
    output: &Output,
    device: &Device,
    run: impl FnOnce(GpuImages<'_>) -> Result<(Tensor<4>, Report)>,
) -> Result<(Tensor<4>, Report)> {
    dtype_on(device, output)?;
    check_shared(gpu, device)?;
    let host = HostImages::new(batch);
    let written = host.all();
    let buffer = block_on(gpu.upload_bytes(&written))?;
    let done = run(GpuImages::sent(&buffer, host.placement()));
    gpu.return_buffer(buffer);
    let (tensor, mut report) = done?;
    report.bytes_uploaded += written.iter().map(|written| written.len() as u64).sum::<u64>();
    Ok((tensor, report))
}

/// A tensor of values in host memory, which `flex` takes without a copy.
pub(super) fn from_host(augmented: crate::Tensor, dtype: DType, device: &Device) -> Result<Tensor<4>> {
    let dims = dims(augmented.shape, augmented.layout);
    let data = match augmented.data {
        TensorData::F32(values) => ::burn::tensor::TensorData::new(values, dims),
        TensorData::F16(values) => ::burn::tensor::TensorData::new(values, dims),
        TensorData::U8(_) => return Err(bytes_refused()),
    };
    Ok(Tensor::from_data(data, (device, dtype)))
}

impl Gpu {
    /// Applies `plan` to a batch on the device and returns the result as a tensor on `device`, burn's handle of the
    /// same wgpu device. The dispatch writes the tensor's own memory, without a copy and without waiting.
    ///
    /// # Errors
    /// Those of [`Gpu::apply_into`]. [`Error::Output`] for bytes, and for `f16` if the device does not support it.
    /// [`Error::Burn`] if `device` is not the device that this GPU shares with burn, or has no memory for the tensor.
    pub fn apply_tensor<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        plan: &Plan,
        output: &Output,
        device: &Device,
    ) -> Result<(Tensor<4>, Report)> {
        let batch = batch.into();
        let plan = plan.checked(batch.sizes())?;
        output.check()?;
        self.apply_tensor_checked(batch, plan, output, device)
    }

    /// The same for a plan that was checked against the batch, and an output that was checked.
    pub(super) fn apply_tensor_checked(
        &self,
        batch: GpuImages<'_>,
        plan: CheckedPlan<'_>,
        output: &Output,
        device: &Device,
    ) -> Result<(Tensor<4>, Report)> {
        check_shared(self, device)?;
        let (tensor, memory) = tensor_of(batch.shape_after(plan), batch.layout(), output, device)?;
        let report = block_on(self.apply_into_checked(batch, plan, output, memory.buffer(), memory.offset()))?;
        Ok((tensor, report))
    }
}

/// An empty tensor for images in `layout`, and its memory. No call of burn may come between this and the submission.
pub(super) fn tensor_of(
    shape: Shape,
    layout: Layout,
    output: &Output,
    device: &Device,
) -> Result<(Tensor<4>, TensorMemory)> {
    let dtype = dtype_on(device, output)?;
    let tensor = Tensor::<4>::empty(dims(shape, output.layout(layout)), (device, dtype));
    // Made on the caller's device, so that it carries that device's way to differentiate; the memory is the same.
    let memory = TensorMemory::of(&tensor.clone().inner())?;
    let needed = (shape.values() * output.dtype().bytes()) as u64;
    if memory.bytes() < needed {
        return Err(Error::Burn(format!("burn allocated {} bytes and {needed} are needed", memory.bytes())));
    }
    Ok((tensor, memory))
}

/// The tensor's type for an output form, if `device` supports it.
pub(super) fn dtype_on(device: &Device, output: &Output) -> Result<DType> {
    match output.dtype() {
        Dtype::F32 => Ok(DType::F32),
        Dtype::F16 if device.supports_dtype(DType::F16) => Ok(DType::F16),
        Dtype::F16 => Err(Error::Output("F16: burn's device does not compute with binary16".to_string())),
        Dtype::U8 => Err(bytes_refused()),
    }
}

pub(super) fn bytes_refused() -> Error {
    Error::Output("U8: a burn tensor must be normalized F32 or F16".to_string())
}

fn dims(shape: Shape, layout: Layout) -> [usize; 4] {
    let Shape { images, height, width, channels } = shape;
    match layout {
        Layout::Nchw => [images, channels, height, width],
        Layout::Nhwc => [images, height, width, channels],
    }
}
