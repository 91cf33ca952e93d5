//! Augmenter: policy, convention, seed and device in one; what most programs need.

use crate::batch::{Images, Sizes};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::executor::{Device, Executor};
#[cfg(feature = "gpu")]
use crate::gpu::{Gpu, GpuImages};
use crate::interpolation::Interpolation;
use crate::output::{Output, Tensor};
use crate::plan::Plan;
use crate::report::Report;
use crate::sampler::Sampler;
use crate::schemes::Scheme;
use crate::transform::{Stage, Transform};

/// Draws from a policy, or a whole transform, and applies what was drawn, batch by batch.
///
/// Nothing in it changes while it runs: threads may share it, and the same call gives the same result.
///
/// ```
/// use autoaugment::{Augmenter, Batch, Device, Layout, Policy, Shape};
/// let augmenter = Augmenter::builder(Policy::cifar10()).seed(42).device(Device::Cpu).build()?;
/// let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
/// let batch = Batch::new(vec![128; 2 * 32 * 32 * 3], shape, Layout::Nhwc)?;
/// let augmented = augmenter.augment(&batch, 0, &[0, 1])?;
/// println!("{}\n{}", augmented.report.device, augmented.plan);
/// // What was applied can be saved and applied again.
/// let (again, _) = augmenter.apply(&batch, &augmented.plan)?;
/// assert_eq!(again, augmented.tensor);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Debug)]
pub struct Augmenter {
    sampler: Sampler,
    executor: Executor,
    output: Output,
}

/// A batch after augmentation, with what was done to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Augmented {
    /// The images in the output form.
    pub tensor: Tensor,
    /// What was applied to each.
    pub plan: Plan,
    /// What the run cost.
    pub report: Report,
}

/// Collects the parts of an [`Augmenter`].
#[derive(Debug)]
#[must_use]
pub struct AugmenterBuilder {
    transform: Transform,
    seed: u64,
    device: Device,
    #[cfg(feature = "gpu")]
    gpu: Option<Gpu>,
    output: Output,
    interpolation: Option<Interpolation>,
    fill: Option<[u8; 3]>,
}

impl AugmenterBuilder {
    /// The seed of every draw; 0 unless set.
    pub fn seed(self, seed: u64) -> Self {
        AugmenterBuilder { seed, ..self }
    }

    /// Reads a learned policy's magnitudes in another convention than its own; other schemes have theirs.
    pub fn convention(mut self, convention: Convention) -> Self {
        for stage in &mut self.transform.stages {
            if let Stage::Policy(Scheme::Policy(policy)) = stage {
                policy.convention = convention;
            }
        }
        self
    }

    /// Another interpolation for every warp than the convention's.
    pub fn interpolation(self, interpolation: Interpolation) -> Self {
        AugmenterBuilder { interpolation: Some(interpolation), ..self }
    }

    /// Another fill (red, green, blue) than the convention's.
    pub fn fill(self, fill: [u8; 3]) -> Self {
        AugmenterBuilder { fill: Some(fill), ..self }
    }

    /// Where to run; [`Device::Auto`] unless set.
    pub fn device(self, device: Device) -> Self {
        AugmenterBuilder { device, ..self }
    }

    /// Runs on a GPU that is already open, for example a training framework's.
    #[cfg(feature = "gpu")]
    pub fn gpu(self, gpu: Gpu) -> Self {
        AugmenterBuilder { gpu: Some(gpu), ..self }
    }

    /// The output form; bytes in the input's layout unless set.
    pub fn output(self, output: Output) -> Self {
        AugmenterBuilder { output, ..self }
    }

    /// Checks everything and opens the device.
    ///
    /// # Errors
    /// Those of [`Transform::check`], [`Error::Output`](crate::Error::Output) and [`Executor::new`].
    pub fn build(self) -> Result<Augmenter> {
        self.output.check()?;
        let mut sampler = Sampler::new(self.transform, self.seed)?;
        if let Some(interpolation) = self.interpolation {
            sampler = sampler.interpolation(interpolation);
        }
        if let Some(fill) = self.fill {
            sampler = sampler.fill(fill);
        }
        #[cfg(feature = "gpu")]
        let executor = match self.gpu {
            Some(gpu) => Executor::with_gpu(gpu),
            None => Executor::new(self.device)?,
        };
        #[cfg(not(feature = "gpu"))]
        let executor = Executor::new(self.device)?;
        Ok(Augmenter { sampler, executor, output: self.output })
    }
}

impl Augmenter {
    /// Starts with a policy, another scheme or a transform; everything else has a default.
    pub fn builder(transform: impl Into<Transform>) -> AugmenterBuilder {
        AugmenterBuilder {
            transform: transform.into(),
            seed: 0,
            device: Device::Auto,
            #[cfg(feature = "gpu")]
            gpu: None,
            output: Output::u8(),
            interpolation: None,
            fill: None,
        }
    }

    /// What draws the plans.
    pub fn sampler(&self) -> &Sampler {
        &self.sampler
    }

    /// What runs them.
    pub fn executor(&self) -> &Executor {
        &self.executor
    }

    /// The output form.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Draws without applying; see [`Sampler::plan`].
    ///
    /// # Errors
    /// Those of [`Sampler::plan`].
    pub fn plan<'a>(&self, sizes: impl Into<Sizes<'a>>, epoch: u64, indices: &[u64]) -> Result<Plan> {
        self.sampler.plan(sizes, epoch, indices)
    }

    /// Draws for each image of the batch and applies what was drawn. `indices` are the images' numbers in the data
    /// set, one an image: together with seed and epoch they decide what is drawn.
    ///
    /// # Errors
    /// Those of [`Sampler::plan`] and [`Executor::apply`].
    pub fn augment<'a>(&self, batch: impl Into<Images<'a>>, epoch: u64, indices: &[u64]) -> Result<Augmented> {
        let batch = batch.into();
        let plan = self.plan(batch.sizes(), epoch, indices)?;
        let (tensor, report) = self.apply(batch, &plan)?;
        Ok(Augmented { tensor, plan, report })
    }

    /// Applies a plan, drawn before or made by hand.
    ///
    /// # Errors
    /// Those of [`Executor::apply`].
    pub fn apply<'a>(&self, batch: impl Into<Images<'a>>, plan: &Plan) -> Result<(Tensor, Report)> {
        self.executor.apply(batch, plan, &self.output)
    }

    /// Augments a batch on the GPU into memory that the caller owns; see [`Gpu::apply_into`]. Returns the plan and what
    /// the run cost.
    ///
    /// # Errors
    /// Those of [`Sampler::plan`] and [`Gpu::apply_into`], and [`Error::WrongDevice`] on the CPU.
    #[cfg(feature = "gpu")]
    pub fn augment_into<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        epoch: u64,
        indices: &[u64],
        buffer: &wgpu::Buffer,
        offset: u64,
    ) -> Result<(Plan, Report)> {
        let batch = batch.into();
        let plan = self.plan(batch.sizes(), epoch, indices)?;
        let report = self.required_gpu()?.apply_into(batch, &plan, &self.output, buffer, offset)?;
        Ok((plan, report))
    }

    /// Augments a batch on the GPU and leaves the result there; see [`Gpu::apply_resident`].
    ///
    /// # Errors
    /// Those of [`Sampler::plan`] and [`Gpu::apply_resident`], and [`Error::WrongDevice`] on the CPU.
    #[cfg(feature = "gpu")]
    pub fn augment_resident<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        epoch: u64,
        indices: &[u64],
    ) -> Result<(crate::GpuBatch, Plan, Report)> {
        let batch = batch.into();
        let plan = self.plan(batch.sizes(), epoch, indices)?;
        let (augmented, report) = self.required_gpu()?.apply_resident(batch, &plan, &self.output)?;
        Ok((augmented, plan, report))
    }

    #[cfg(feature = "gpu")]
    pub(crate) fn required_gpu(&self) -> Result<&Gpu> {
        self.executor.gpu().ok_or(Error::WrongDevice { what: "augmenter" })
    }
}
