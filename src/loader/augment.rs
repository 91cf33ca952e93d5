//! Augment: the loader's only calls of the augmenter and of the mixer.

use crate::augmenter::{Augmented, Augmenter};
use crate::batch::Size;
use crate::error::Result;
#[cfg(feature = "gpu")]
use crate::gpu::{Gpu, GpuImages};
use crate::mixing::{MixPlan, Mixed, Mixer};
use crate::output::Tensor;
use crate::plan::Plan;
use crate::ragged::RaggedBatch;
use crate::report::Report;

/// What is done to a batch's images.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub augmenter: &'a Augmenter,
    pub mixer: Option<&'a Mixer>,
    pub epoch: u64,
    pub indices: &'a [u64],
}

/// What the images became, and how.
pub(crate) struct Outcome<T> {
    pub images: T,
    pub plan: Plan,
    pub mixing: Option<MixPlan>,
    pub report: Report,
}

impl<T> Outcome<T> {
    pub fn try_map<U>(self, map: impl FnOnce(T) -> Result<U>) -> Result<Outcome<U>> {
        let Outcome { images, plan, mixing, report } = self;
        Ok(Outcome { images: map(images)?, plan, mixing, report })
    }
}

impl Work<'_> {
    /// In host memory.
    pub fn on_host(self, batch: RaggedBatch<'_>) -> Result<Outcome<Tensor>> {
        let Augmented { tensor, plan, report } = self.augmenter.augment(&batch, self.epoch, self.indices)?;
        let Some(mixer) = self.mixer else { return Ok(Outcome { images: tensor, plan, mixing: None, report }) };
        // What is mixed needs memory that the pixels had.
        drop(batch);
        let mixing = self.draw(mixer, tensor.shape.size())?;
        Ok(Outcome { images: mixing.mixed(&tensor)?, plan, mixing: Some(mixing), report })
    }

    /// On the GPU that the batch is on, into a new buffer or into the caller's.
    #[cfg(feature = "gpu")]
    pub fn on_device(
        self,
        batch: &crate::gpu::GpuRaggedBatch,
        into: Option<(&wgpu::Buffer, u64)>,
    ) -> Result<Outcome<crate::GpuBatch>> {
        let output = self.augmenter.output();
        if let Some(mixer) = self.mixer {
            return self.mixed_on_device(mixer, batch.into(), |gpu, bytes, mixing, report| {
                let Some((buffer, offset)) = into else { return gpu.mix_reported(bytes, mixing, output, report) };
                gpu.mix_into_reported(bytes, mixing, output, (buffer, offset), report)?;
                let layout = output.layout(bytes.layout());
                crate::GpuBatch::new(buffer.clone(), offset, bytes.shape(), layout, output.dtype())
            });
        }
        let Some((buffer, offset)) = into else {
            let (images, plan, report) = self.augmenter.augment_resident(batch, self.epoch, self.indices)?;
            return Ok(Outcome { images, plan, mixing: None, report });
        };
        let (plan, report) = self.augmenter.augment_into(batch, self.epoch, self.indices, buffer, offset)?;
        let shape = GpuImages::from(batch).shape_after(&plan)?;
        let layout = output.layout(crate::Layout::Nhwc);
        let images = crate::GpuBatch::new(buffer.clone(), offset, shape, layout, output.dtype())?;
        Ok(Outcome { images, plan, mixing: None, report })
    }

    /// Augments a batch on its GPU to bytes, has `mix` make the output of them, and gives their memory back.
    #[cfg(feature = "gpu")]
    pub fn mixed_on_device<T>(
        self,
        mixer: &Mixer,
        batch: GpuImages<'_>,
        mix: impl FnOnce(&Gpu, &crate::GpuBatch, &MixPlan, &mut Report) -> Result<T>,
    ) -> Result<Outcome<T>> {
        let gpu = self.augmenter.required_gpu()?;
        let plan = self.augmenter.plan(batch.sizes(), self.epoch, self.indices)?;
        let form = crate::Output::u8_as(self.augmenter.output().layout(batch.layout()));
        let (bytes, mut report) = gpu.apply_resident(batch, &plan, &form)?;
        let mixed = self.draw(mixer, bytes.shape().size()).and_then(|mixing| {
            let images = mix(gpu, &bytes, &mixing, &mut report)?;
            Ok((images, mixing))
        });
        gpu.recycle(bytes);
        let (images, mixing) = mixed?;
        Ok(Outcome { images, plan, mixing: Some(mixing), report })
    }

    /// The soft labels of images that were mixed.
    pub fn mixed(self, mixing: Option<MixPlan>, labels: &[u32]) -> Result<Option<Mixed<Vec<f32>>>> {
        let Some((plan, mixer)) = mixing.zip(self.mixer) else { return Ok(None) };
        Ok(Some(Mixed { labels: plan.labels(labels, mixer.classes())?, plan }))
    }

    fn draw(self, mixer: &Mixer, size: Size) -> Result<MixPlan> {
        mixer.plan(self.augmenter.sampler().seed(), self.epoch, self.indices, size)
    }
}
