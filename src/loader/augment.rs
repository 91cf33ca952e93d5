//! Augment: the draws for a batch, and the loader's only calls of the augmenter and of the mixer.

use crate::augmenter::Augmenter;
use crate::batch::{Images, Size, Sizes};
use crate::error::Result;
#[cfg(feature = "gpu")]
use crate::gpu::{Gpu, GpuBatch, GpuImages, GpuRaggedBatch, block_on};
use crate::mixing::{Mixed, Mixer};
use crate::output::Tensor;
use crate::plan::{CheckedPlan, Plan};
use crate::report::Report;

/// The samples of a batch, with the augmenter and the mixer.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a> {
    pub augmenter: &'a Augmenter,
    pub mixer: Option<&'a Mixer>,
    pub epoch: u64,
    pub indices: &'a [u64],
    /// Read only if there is a mixer.
    pub labels: &'a [u32],
}

/// The draws for a batch.
pub(crate) struct Drawn {
    pub plan: Plan,
    /// The plan for images of which only the regions were decoded that `plan` reads.
    pub within_regions: Option<Plan>,
    /// The size that the check of the plan gave.
    size: Size,
    pub mixed: Option<Mixed<Vec<f32>>>,
}

/// The work on a batch's images.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub augmenter: &'a Augmenter,
    pub drawn: &'a Drawn,
}

impl Samples<'_> {
    /// Draws the plans and makes the soft labels. All errors of a batch are found here, before the work on its images.
    pub fn draw<'s>(self, sizes: impl Into<Sizes<'s>>) -> Result<Drawn> {
        let Samples { augmenter, mixer, epoch, indices, labels } = self;
        let sizes = sizes.into();
        let plan = augmenter.plan(sizes, epoch, indices)?;
        let size = plan.checked(sizes)?.size();
        let mix = |mixer: &Mixer| {
            let plan = mixer.plan(augmenter.sampler().seed(), epoch, indices, size)?;
            Ok(Mixed { labels: plan.labels(labels, mixer.classes())?, plan })
        };
        Ok(Drawn { mixed: mixer.map(mix).transpose()?, plan, within_regions: None, size })
    }
}

impl Drawn {
    /// The plan for the decoded pixels. It was checked when it was drawn.
    pub fn checked(&self) -> CheckedPlan<'_> {
        CheckedPlan::again(self.within_regions.as_ref().unwrap_or(&self.plan), self.size)
    }
}

impl Work<'_> {
    /// In the memory of `tensor`, without mixing.
    pub fn on_host(self, batch: Images<'_>, mut tensor: Tensor) -> Result<(Tensor, Report)> {
        let (executor, output) = (self.augmenter.executor(), self.augmenter.output());
        let report = executor.apply_checked(batch, self.drawn.checked(), output, &mut tensor)?;
        Ok((tensor, report))
    }

    /// The same images, mixed in other memory if there are draws for that. Then their own memory is left over.
    pub fn mixed(self, tensor: Tensor, memory: impl FnOnce() -> Tensor) -> Result<(Tensor, Option<Tensor>)> {
        let Some(Mixed { plan, .. }) = &self.drawn.mixed else { return Ok((tensor, None)) };
        let mut mixed = memory();
        plan.apply_into(&tensor, &mut mixed)?;
        Ok((mixed, Some(tensor)))
    }

    /// On the GPU of the batch, into a new buffer or into the caller's.
    #[cfg(feature = "gpu")]
    pub fn on_device(self, batch: &GpuRaggedBatch, into: Option<(&wgpu::Buffer, u64)>) -> Result<(GpuBatch, Report)> {
        let (gpu, output) = (self.augmenter.required_gpu()?, self.augmenter.output());
        let (batch, plan, mixed) = (GpuImages::from(batch), self.drawn.checked(), &self.drawn.mixed);
        let Some((buffer, offset)) = into else {
            return match mixed {
                None => block_on(gpu.apply_resident_checked(batch, plan, output)),
                Some(Mixed { plan, .. }) => self.mixed_on_device(gpu, batch, |bytes| gpu.mix(bytes, plan, output)),
            };
        };
        let shape = batch.shape_after(plan);
        let images = GpuBatch::new(buffer.clone(), offset, shape, output.layout(batch.layout()), output.dtype())?;
        let report = match mixed {
            None => block_on(gpu.apply_into_checked(batch, plan, output, buffer, offset))?,
            Some(Mixed { plan, .. }) => {
                batch.check_apart(buffer)?;
                let mix = |bytes: &GpuBatch| Ok(((), gpu.mix_into(bytes, plan, output, buffer, offset)?));
                self.mixed_on_device(gpu, batch, mix)?.1
            }
        };
        Ok((images, report))
    }

    /// Augments a batch on its GPU to bytes, makes the output by `mix`, and returns the memory of the bytes.
    #[cfg(feature = "gpu")]
    pub fn mixed_on_device<T>(
        self,
        gpu: &Gpu,
        batch: GpuImages<'_>,
        mix: impl FnOnce(&GpuBatch) -> Result<(T, Report)>,
    ) -> Result<(T, Report)> {
        let form = crate::Output::u8_as(self.augmenter.output().layout(batch.layout()));
        let (bytes, report) = block_on(gpu.apply_resident_checked(batch, self.drawn.checked(), &form))?;
        let mixed = mix(&bytes);
        gpu.recycle(bytes);
        let (mixed, mixing) = mixed?;
        Ok((mixed, report.with_mixing(&mixing)))
    }
}
