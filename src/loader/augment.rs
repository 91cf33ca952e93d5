//! Augment: the loader's only calls of the augmenter.

use crate::augmenter::Augmenter;
use crate::error::Result;
use crate::output::Tensor;
use crate::plan::Plan;
use crate::ragged::{Place, RaggedBatch};
use crate::report::Report;

/// On the CPU, in the thread that decoded the batch.
pub(super) fn on_host(
    augmenter: &Augmenter,
    pixels: Vec<u8>,
    places: &[Place],
    channels: usize,
    epoch: u64,
    indices: &[u64],
) -> Result<(Tensor, Plan, Report)> {
    let batch = RaggedBatch::new(pixels, places, channels)?;
    let augmented = augmenter.augment(&batch, epoch, indices)?;
    Ok((augmented.tensor, augmented.plan, augmented.report))
}

/// On the GPU that the batch is on, into a new buffer or into the caller's.
#[cfg(feature = "gpu")]
pub(super) fn on_device(
    augmenter: &Augmenter,
    batch: &crate::gpu::GpuRaggedBatch,
    epoch: u64,
    indices: &[u64],
    into: Option<(&wgpu::Buffer, u64)>,
) -> Result<(crate::GpuBatch, Plan, Report)> {
    let Some((buffer, offset)) = into else {
        return augmenter.augment_resident(batch, epoch, indices);
    };
    let (plan, report) = augmenter.augment_into(batch, epoch, indices, buffer, offset)?;
    let crate::Size { width, height } = plan.check(batch.sizes())?;
    let shape = crate::Shape { images: indices.len(), height, width, channels: batch.channels() };
    let output = augmenter.output();
    let layout = output.layout(crate::Layout::Nhwc);
    Ok((crate::GpuBatch::new(buffer.clone(), offset, shape, layout, output.dtype())?, plan, report))
}
