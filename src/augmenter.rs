//! Augmenter: draws from a policy or a transform and applies the draws. Most programs need nothing else.

mod builder;
mod config;

pub use builder::AugmenterBuilder;
pub use config::AugmenterConfig;

use crate::batch::{Images, Sizes};
#[cfg(all(feature = "gpu", not(target_arch = "wasm32")))]
use crate::error::Error;
use crate::error::Result;
use crate::executor::{Device, Executor};
#[cfg(feature = "gpu")]
use crate::gpu::Gpu;
#[cfg(all(feature = "gpu", not(target_arch = "wasm32")))]
use crate::gpu::GpuImages;
use crate::output::{Output, Tensor, TensorMut};
use crate::plan::Plan;
use crate::report::Report;
use crate::sampler::Sampler;
use crate::transform::Transform;

/// Draws from a policy or a whole transform and applies the draws, batch by batch.
///
/// An augmenter never changes: threads may share it, and the same call gives the same result.
///
/// ```
/// use autoaugment::{Augmenter, Batch, Device, Layout, Policy, Shape};
/// let augmenter = Augmenter::builder(Policy::cifar10()).seed(42).device(Device::Cpu).build()?;
/// let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
/// let batch = Batch::new(vec![128; 2 * 32 * 32 * 3], shape, Layout::Nhwc)?;
/// let augmented = augmenter.augment(&batch, 0, &[0, 1])?;
/// println!("{}\n{}", augmented.report.device, augmented.plan);
/// // The plan can be saved and applied again.
/// let (again, _) = augmenter.apply(&batch, &augmented.plan)?;
/// assert_eq!(again, augmented.tensor);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Debug)]
pub struct Augmenter {
    sampler: Sampler,
    executor: Executor,
    output: Output,
    /// The device that the configuration names.
    device: Device,
}

/// A batch after augmentation: the images, the plan that was applied, and the cost of the run.
///
/// `T` says where the images are: a [`Tensor`] in host memory, a [`GpuBatch`](crate::GpuBatch) in device memory, or a
/// tensor of burn.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Augmented<T = Tensor> {
    /// The images in the output form.
    pub tensor: T,
    /// The plan that was applied.
    pub plan: Plan,
    /// The cost of the run.
    pub report: Report,
}

impl Augmenter {
    /// Starts with a policy, another scheme or a transform; everything else has a default.
    pub fn builder(transform: impl Into<Transform>) -> AugmenterBuilder {
        AugmenterBuilder::new(transform.into())
    }

    /// The configuration that builds an augmenter with the same results.
    pub fn config(&self) -> AugmenterConfig {
        AugmenterConfig {
            transform: self.sampler.transform().clone(),
            seed: self.sampler.seed(),
            interpolation: self.sampler.interpolation_override(),
            fill: self.sampler.fill_override(),
            output: self.output,
            device: self.device.clone(),
        }
    }

    /// The sampler, which draws the plans.
    pub fn sampler(&self) -> &Sampler {
        &self.sampler
    }

    /// The executor, which applies the plans.
    pub fn executor(&self) -> &Executor {
        &self.executor
    }

    /// The GPU, if plans run on one.
    #[cfg(feature = "gpu")]
    pub fn gpu(&self) -> Option<&Gpu> {
        self.executor.gpu()
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

    /// Draws operations for each image of the batch and applies them. `indices` are the sample indices of the images:
    /// with seed and epoch they decide the draws.
    ///
    /// # Errors
    /// Those of [`Sampler::plan`] and [`Executor::apply`].
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn augment<'a>(&self, batch: impl Into<Images<'a>>, epoch: u64, indices: &[u64]) -> Result<Augmented> {
        let batch = batch.into();
        let plan = self.plan(batch.sizes(), epoch, indices)?;
        let (tensor, report) = self.apply(batch, &plan)?;
        Ok(Augmented { tensor, plan, report })
    }

    /// Draws and applies, as [`Augmenter::augment`], without waiting for a GPU.
    ///
    /// # Errors
    /// Those of [`Augmenter::augment`].
    #[cfg(feature = "gpu")]
    pub async fn augment_async<'a>(
        &self,
        batch: impl Into<Images<'a>>,
        epoch: u64,
        indices: &[u64],
    ) -> Result<Augmented> {
        let batch = batch.into();
        let plan = self.plan(batch.sizes(), epoch, indices)?;
        let (tensor, report) = self.executor.apply_async(batch, &plan, &self.output).await?;
        Ok(Augmented { tensor, plan, report })
    }

    /// The same into the caller's memory; see [`Executor::apply_to`]. Returns the plan and the cost of the run.
    ///
    /// ```
    /// use autoaugment::{Augmenter, Device, ImageView, Policy, Size};
    /// let photos = [vec![128; 3 * 32 * 32], vec![64; 3 * 32 * 32]];
    /// let size = Size { width: 32, height: 32 };
    /// let images: Vec<_> = photos.iter().map(|photo| ImageView::new(photo, size, 3)).collect::<Result<_, _>>()?;
    /// let augmenter = Augmenter::builder(Policy::cifar10()).device(Device::Cpu).build()?;
    /// // N x H x W x C: 2 x 32 x 32 x 3, used again for every batch.
    /// let mut values = vec![0_u8; 2 * 32 * 32 * 3];
    /// let (plan, report) = augmenter.augment_to(&images, 0, &[0, 1], &mut values)?;
    /// assert_eq!((plan.images().len(), report.images), (2, 2));
    /// # Ok::<(), autoaugment::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Sampler::plan`] and [`Executor::apply_to`].
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn augment_to<'a, 'b>(
        &self,
        batch: impl Into<Images<'a>>,
        epoch: u64,
        indices: &[u64],
        memory: impl Into<TensorMut<'b>>,
    ) -> Result<(Plan, Report)> {
        let batch = batch.into();
        let plan = self.plan(batch.sizes(), epoch, indices)?;
        let report = self.executor.apply_to(batch, &plan, &self.output, memory)?;
        Ok((plan, report))
    }

    /// Applies a plan that was drawn before or written by hand.
    ///
    /// # Errors
    /// Those of [`Executor::apply`].
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn apply<'a>(&self, batch: impl Into<Images<'a>>, plan: &Plan) -> Result<(Tensor, Report)> {
        self.executor.apply(batch, plan, &self.output)
    }

    /// Augments a batch on the GPU into a buffer that the caller owns; see [`Gpu::apply_into`]. Returns the plan and
    /// the cost of the run.
    ///
    /// # Errors
    /// Those of [`Sampler::plan`] and [`Gpu::apply_into`], and [`Error::WrongDevice`] on the CPU.
    #[cfg(all(feature = "gpu", not(target_arch = "wasm32")))]
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
    #[cfg(all(feature = "gpu", not(target_arch = "wasm32")))]
    pub fn augment_resident<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        epoch: u64,
        indices: &[u64],
    ) -> Result<Augmented<crate::GpuBatch>> {
        let batch = batch.into();
        let plan = self.plan(batch.sizes(), epoch, indices)?;
        let (tensor, report) = self.required_gpu()?.apply_resident(batch, &plan, &self.output)?;
        Ok(Augmented { tensor, plan, report })
    }

    #[cfg(all(feature = "gpu", not(target_arch = "wasm32")))]
    pub(crate) fn required_gpu(&self) -> Result<&Gpu> {
        self.executor.gpu().ok_or(Error::WrongDevice { what: "augmenter" })
    }
}
