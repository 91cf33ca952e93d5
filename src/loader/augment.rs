//! Augment: what is drawn for a batch, and the loader's only calls of the augmenter and of the mixer.

use crate::augmenter::Augmenter;
use crate::batch::{RaggedBatch, Sizes};
use crate::error::Result;
#[cfg(feature = "gpu")]
use crate::gpu::{Gpu, GpuBatch, GpuImages, GpuRaggedBatch};
use crate::mixing::{Mixed, Mixer};
use crate::output::Tensor;
use crate::plan::Plan;
use crate::report::Report;

/// The samples of a batch, and what is to draw for them.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a> {
    pub augmenter: &'a Augmenter,
    pub mixer: Option<&'a Mixer>,
    pub epoch: u64,
    pub indices: &'a [u64],
    /// Read only where there is a mixer.
    pub labels: &'a [u32],
}

/// What was drawn for a batch.
pub(crate) struct Drawn {
    pub plan: Plan,
    pub mixed: Option<Mixed<Vec<f32>>>,
}

/// What is done to a batch's images.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub augmenter: &'a Augmenter,
    pub drawn: &'a Drawn,
}

impl Samples<'_> {
    /// Draws everything and makes the soft labels. Whatever is wrong with a batch is found here, before anything is done to
    /// its images.
    pub fn draw<'s>(self, sizes: impl Into<Sizes<'s>>) -> Result<Drawn> {
        let Samples { augmenter, mixer, epoch, indices, labels } = self;
        let sizes = sizes.into();
        let plan = augmenter.plan(sizes, epoch, indices)?;
        let size = plan.check(sizes)?;
        let mix = |mixer: &Mixer| {
            let plan = mixer.plan(augmenter.sampler().seed(), epoch, indices, size)?;
            Ok(Mixed { labels: plan.labels(labels, mixer.classes())?, plan })
        };
        Ok(Drawn { mixed: mixer.map(mix).transpose()?, plan })
    }
}

impl Work<'_> {
    /// In host memory.
    pub fn on_host(self, batch: RaggedBatch<'_>) -> Result<(Tensor, Report)> {
        let (tensor, report) = self.augmenter.apply(&batch, &self.drawn.plan)?;
        let Some(Mixed { plan, .. }) = &self.drawn.mixed else { return Ok((tensor, report)) };
        // What is mixed needs memory that the pixels had.
        drop(batch);
        Ok((plan.apply(&tensor)?, report))
    }

    /// On the GPU that the batch is on, into a new buffer or into the caller's.
    #[cfg(feature = "gpu")]
    pub fn on_device(self, batch: &GpuRaggedBatch, into: Option<(&wgpu::Buffer, u64)>) -> Result<(GpuBatch, Report)> {
        let (gpu, output) = (self.augmenter.required_gpu()?, self.augmenter.output());
        let (batch, Drawn { plan, mixed }) = (GpuImages::from(batch), self.drawn);
        let Some((buffer, offset)) = into else {
            return match mixed {
                None => gpu.apply_resident(batch, plan, output),
                Some(Mixed { plan, .. }) => {
                    self.mixed_on_device(gpu, batch, |bytes, report| gpu.mix_reported(bytes, plan, output, report))
                }
            };
        };
        let shape = batch.shape_after(plan)?;
        let images = GpuBatch::new(buffer.clone(), offset, shape, output.layout(batch.layout()), output.dtype())?;
        let report = match mixed {
            None => gpu.apply_into(batch, plan, output, buffer, offset)?,
            Some(Mixed { plan, .. }) => {
                batch.check_apart(buffer)?;
                let mix = |bytes: &GpuBatch, report: &mut Report| {
                    gpu.mix_into_reported(bytes, plan, output, (buffer, offset), report)
                };
                self.mixed_on_device(gpu, batch, mix)?.1
            }
        };
        Ok((images, report))
    }

    /// Augments a batch on its GPU to bytes, has `mix` make the output of them, and gives their memory back.
    #[cfg(feature = "gpu")]
    pub fn mixed_on_device<T>(
        self,
        gpu: &Gpu,
        batch: GpuImages<'_>,
        mix: impl FnOnce(&GpuBatch, &mut Report) -> Result<T>,
    ) -> Result<(T, Report)> {
        let form = crate::Output::u8_as(self.augmenter.output().layout(batch.layout()));
        let (bytes, mut report) = gpu.apply_resident(batch, &self.drawn.plan, &form)?;
        let mixed = mix(&bytes, &mut report);
        gpu.recycle(bytes);
        Ok((mixed?, report))
    }
}
