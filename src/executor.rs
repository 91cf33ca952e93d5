//! Executor: applies plans to batches, on the CPU or on a GPU.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::batch::{ImageView, Images, Size, Sizes};
use crate::cpu;
#[cfg(feature = "cuda")]
use crate::cuda::Cuda;
use crate::error::{Error, Result};
#[cfg(feature = "gpu")]
use crate::gpu::Gpu;
#[cfg(all(feature = "gpu", not(target_arch = "wasm32")))]
use crate::gpu::block_on;
use crate::ops::Op;
use crate::output::{Output, Tensor, TensorMut};
use crate::plan::{CheckedPlan, Plan};
use crate::report::Report;
use crate::rgbx;
use crate::threads;
use crate::zeros::zeros;

/// The device that applies plans.
///
/// As text: `auto`, `gpu`, `cpu`, `cuda` or `cuda:N`, and any other text names an adapter.
///
/// ```
/// use autoaugment::Device;
/// let device: Device = "NVIDIA".parse()?;
/// assert_eq!(device, Device::adapter("NVIDIA"));
/// assert_eq!(device.to_string(), "NVIDIA");
/// assert_eq!("CPU".parse(), Ok(Device::Cpu));
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Device {
    /// A real GPU if there is one, else the CPU. Software adapters are not taken: they are slower than the CPU
    /// executor.
    #[default]
    Auto,
    /// A GPU, software adapters included; an error if there is none.
    Gpu,
    /// The CPU.
    Cpu,
    /// The CUDA device with this number, which needs the feature `cuda`. Experimental: not yet run on hardware.
    Cuda(u32),
    /// The adapter with this number in the list of adapters, or the first one with this text in its name. Case does not
    /// matter. An error if there is none.
    Adapter(String),
}

impl Device {
    /// An adapter by its number in the list of adapters, or by a part of its name.
    pub fn adapter(name: impl Into<String>) -> Self {
        Device::Adapter(name.into())
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let lower = name.trim().to_lowercase();
        if let Some(number) = lower.strip_prefix("cuda:") {
            let number = number.parse().map_err(|_| Error::Config {
                option: "device",
                reason: format!("`{}` is no number of a CUDA device; write `cuda:0`", number.escape_debug()),
            });
            return number.map(Device::Cuda);
        }
        match lower.as_str() {
            "auto" => Ok(Device::Auto),
            "gpu" => Ok(Device::Gpu),
            "cpu" => Ok(Device::Cpu),
            "cuda" => Ok(Device::Cuda(0)),
            "" => Err(Error::unknown("device", name, ["auto", "gpu", "cpu", "cuda"])),
            _ => Ok(Device::adapter(name.trim())),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Auto => f.pad("auto"),
            Device::Gpu => f.pad("gpu"),
            Device::Cpu => f.pad("cpu"),
            Device::Cuda(number) => f.pad(&format!("cuda:{number}")),
            Device::Adapter(name) => f.pad(name),
        }
    }
}

impl TryFrom<String> for Device {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

/// Applies plans to batches. A plan that you write yourself needs nothing else: one image, one operation, no policy.
///
/// ```
/// use autoaugment::{Batch, Device, Executor, Layout, Op, Output, Plan, Shape};
/// let shape = Shape { images: 1, height: 2, width: 2, channels: 1 };
/// let batch = Batch::new(vec![0, 50, 100, 255], shape, Layout::Nhwc)?;
/// let invert: Op = "Invert".parse()?;
/// let (tensor, report) = Executor::new(Device::Cpu)?.apply(&batch, &Plan::uniform(1, vec![invert]), &Output::u8())?;
/// assert_eq!(tensor.data.as_u8(), Some(&[255, 205, 155, 0][..]));
/// assert_eq!(report.device, "CPU");
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Debug)]
pub struct Executor {
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Cpu,
    #[cfg(feature = "gpu")]
    Gpu(Gpu),
    #[cfg(feature = "cuda")]
    Cuda(Cuda),
}

impl Executor {
    /// Opens a device. `Auto` says through `tracing` which one it took, and why.
    ///
    /// # Errors
    /// [`Error::NoGpu`] if a GPU was demanded and there is none, or this build has no feature for it.
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn new(device: Device) -> Result<Self> {
        #[cfg(feature = "gpu")]
        return block_on(Executor::new_async(device));
        #[cfg(not(feature = "gpu"))]
        match device {
            Device::Cpu | Device::Auto => Ok(Executor { inner: Inner::Cpu }),
            Device::Gpu | Device::Adapter(_) => Err(Error::NoGpu("this build has no feature `gpu`".to_string())),
            Device::Cuda(_) => Err(no_cuda()),
        }
    }

    /// Opens a device, as [`Executor::new`], without blocking.
    ///
    /// # Errors
    /// Those of [`Executor::new`].
    #[cfg(feature = "gpu")]
    pub async fn new_async(device: Device) -> Result<Self> {
        let inner = match device {
            Device::Cpu => Inner::Cpu,
            Device::Gpu => Inner::Gpu(Gpu::new_async().await?),
            #[cfg(feature = "cuda")]
            Device::Cuda(number) => Inner::Cuda(Cuda::new(number)?),
            #[cfg(not(feature = "cuda"))]
            Device::Cuda(_) => return Err(no_cuda()),
            Device::Adapter(name) => Inner::Gpu(Gpu::with_adapter_async(&name).await?),
            Device::Auto => match Gpu::hardware_async().await {
                Ok(gpu) => {
                    tracing::info!("running on {}", gpu.description());
                    Inner::Gpu(gpu)
                }
                Err(reason) => {
                    tracing::info!("running on the CPU: {reason}");
                    Inner::Cpu
                }
            },
        };
        Ok(Executor { inner })
    }

    /// Runs on a GPU that is already open.
    #[cfg(feature = "gpu")]
    pub fn with_gpu(gpu: Gpu) -> Self {
        Executor { inner: Inner::Gpu(gpu) }
    }

    /// The GPU, if plans run on one.
    #[cfg(feature = "gpu")]
    pub fn gpu(&self) -> Option<&Gpu> {
        match &self.inner {
            Inner::Gpu(gpu) => Some(gpu),
            _ => None,
        }
    }

    /// Runs on a CUDA device that is already open.
    #[cfg(feature = "cuda")]
    pub fn with_cuda(cuda: Cuda) -> Self {
        Executor { inner: Inner::Cuda(cuda) }
    }

    /// The CUDA device, if plans run on one.
    #[cfg(feature = "cuda")]
    pub fn cuda(&self) -> Option<&Cuda> {
        match &self.inner {
            Inner::Cuda(cuda) => Some(cuda),
            _ => None,
        }
    }

    /// The device's name: `CPU`, or the adapter's name and backend.
    pub fn description(&self) -> String {
        match &self.inner {
            Inner::Cpu => "CPU".to_string(),
            #[cfg(feature = "gpu")]
            Inner::Gpu(gpu) => gpu.description(),
            #[cfg(feature = "cuda")]
            Inner::Cuda(cuda) => cuda.description(),
        }
    }

    /// Applies `plan` to `batch` and returns the result in the form of `output`. The batch is not changed. A batch is a
    /// [`Batch`](crate::Batch), a [`RaggedBatch`](crate::RaggedBatch), or a slice of [`ImageView`](crate::ImageView)s.
    ///
    /// # Errors
    /// Those of [`Plan::check`], [`Error::Output`], [`Error::NoMemory`], and on a GPU [`Error::DeviceLimit`],
    /// [`Error::OutOfMemory`], [`Error::Device`] and [`Error::DeviceLost`].
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn apply<'a>(&self, batch: impl Into<Images<'a>>, plan: &Plan, output: &Output) -> Result<(Tensor, Report)> {
        let batch = batch.into();
        let mut tensor = Tensor::default();
        let report = self.apply_into(batch, plan, output, &mut tensor)?;
        Ok((tensor, report))
    }

    /// Applies a plan, as [`Executor::apply`], without waiting for a GPU. The CPU computes before the future is done,
    /// and CUDA too.
    ///
    /// # Errors
    /// Those of [`Executor::apply`].
    #[cfg(feature = "gpu")]
    pub async fn apply_async<'a>(
        &self,
        batch: impl Into<Images<'a>>,
        plan: &Plan,
        output: &Output,
    ) -> Result<(Tensor, Report)> {
        let batch = batch.into();
        let plan = check(&batch, plan, output)?;
        let mut tensor = Tensor::default();
        tensor.shape_as(batch.shape(plan.size()), output.layout(batch.layout()), output.dtype())?;
        let memory = (&mut tensor.data).into();
        let report = match &self.inner {
            Inner::Cpu => self.on_cpu(batch, plan, output, memory)?,
            Inner::Gpu(gpu) => gpu.apply_to_host(batch, plan, output, memory).await?,
            #[cfg(feature = "cuda")]
            Inner::Cuda(cuda) => cuda.apply_to_host(batch, plan, output, memory)?,
        };
        Ok((tensor, report))
    }

    /// The same into a tensor. Its memory is reused if it is large enough, and its values are overwritten. A loop with
    /// the same tensor allocates no new memory. After an error, its contents are not specified.
    ///
    /// # Errors
    /// Those of [`Executor::apply`].
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn apply_into<'a>(
        &self,
        batch: impl Into<Images<'a>>,
        plan: &Plan,
        output: &Output,
        tensor: &mut Tensor,
    ) -> Result<Report> {
        let batch = batch.into();
        let plan = check(&batch, plan, output)?;
        self.apply_checked(batch, plan, output, tensor)
    }

    /// The same for a plan that was checked against the batch, and an output that was checked.
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub(crate) fn apply_checked(
        &self,
        batch: Images<'_>,
        plan: CheckedPlan<'_>,
        output: &Output,
        tensor: &mut Tensor,
    ) -> Result<Report> {
        tensor.shape_as(batch.shape(plan.size()), output.layout(batch.layout()), output.dtype())?;
        self.run(batch, plan, output, (&mut tensor.data).into())
    }

    /// The same into memory of the caller's, which must have exactly as many values as the result, of the output's
    /// type.
    ///
    /// The values are written in the output's layout, image after image, directly to their place. The CPU stores no
    /// copy of the batch in between, and a GPU's results are copied once. Invalid arguments are refused before
    /// the first write.
    /// After another error, the contents of the memory are not specified.
    ///
    /// ```
    /// use autoaugment::{Device, Executor, ImageView, Layout, Normalize, Op, Output, Plan, Size};
    /// // Two RGB images of different sizes, each in its own memory.
    /// let (small, large) = (vec![255; 4 * 4 * 3], vec![0; 8 * 6 * 3]);
    /// let images = [
    ///     ImageView::new(&small, Size { width: 4, height: 4 }, 3)?,
    ///     ImageView::new(&large, Size { width: 8, height: 6 }, 3)?,
    /// ];
    /// let crop: Op = "Crop(x=0, y=0, width=4, height=4)".parse()?;
    /// let output = Output::f32(Layout::Nchw, Normalize::UNIT);
    /// // N x C x H x W: 2 x 3 x 4 x 4.
    /// let mut values = vec![f32::NAN; 2 * 3 * 4 * 4];
    /// let executor = Executor::new(Device::Cpu)?;
    /// executor.apply_to(&images, &Plan::uniform(2, vec![crop]), &output, &mut values)?;
    /// assert_eq!(values, [[1.0; 48], [0.0; 48]].concat());
    /// # Ok::<(), autoaugment::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Executor::apply`], and [`Error::Output`] if the memory has another type or length.
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn apply_to<'a, 'b>(
        &self,
        batch: impl Into<Images<'a>>,
        plan: &Plan,
        output: &Output,
        memory: impl Into<TensorMut<'b>>,
    ) -> Result<Report> {
        let (batch, memory) = (batch.into(), memory.into());
        let plan = check(&batch, plan, output)?;
        memory.check(batch.shape(plan.size()), output.dtype())?;
        self.run(batch, plan, output, memory)
    }

    /// Applies the plan of one RGB image whose pixels have four bytes, as Pillow and most windows store them. It writes
    /// such pixels. The fourth byte is not read, and becomes 255. The CPU packs pixels in the pass that first reads
    /// them.
    ///
    /// ```
    /// use autoaugment::{Device, Executor, Op, Plan, Size};
    /// let plan = Plan::uniform(1, vec!["Invert".parse::<Op>()?]);
    /// let mut inverted = [0; 8];
    /// let size = Size { width: 2, height: 1 };
    /// Executor::new(Device::Cpu)?.apply_rgbx(&[1, 2, 3, 9, 4, 5, 6, 9], size, &plan, &mut inverted)?;
    /// assert_eq!(inverted, [254, 253, 252, 255, 251, 250, 249, 255]);
    /// # Ok::<(), autoaugment::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Executor::apply`]. [`Error::Batch`] and [`Error::Output`] if a memory does not have four bytes for
    /// each pixel.
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn apply_rgbx(&self, pixels: &[u8], size: Size, plan: &Plan, memory: &mut [u8]) -> Result<()> {
        let sizes = [size];
        Sizes::from(&sizes[..]).check()?;
        let plan = plan.checked(&sizes[..])?;
        let bytes = |size: Size| size.pixels().saturating_mul(4);
        if pixels.len() != bytes(size) {
            let Size { width, height } = size;
            let (expected, there) = (bytes(size), pixels.len());
            return Err(Error::Batch(format!(
                "an image of {width} x {height} pixels of 4 bytes needs {expected} bytes, got {there}"
            )));
        }
        if memory.len() != bytes(plan.size()) {
            let (expected, there) = (bytes(plan.size()), memory.len());
            return Err(Error::Output(format!("the memory for the result must have {expected} values, got {there}")));
        }
        let mut ops = plan.plan().images().iter().flat_map(|image| &image.ops).flat_map(Op::with_branches);
        if matches!(self.inner, Inner::Cpu) && !ops.any(|op| matches!(op, Op::SamplePairing(_))) {
            return threads::shared(|| cpu::run_rgbx(pixels, size, plan, memory))?;
        }
        let mut rgb = zeros("an image", size.pixels() * 3)?;
        rgbx::to_rgb(pixels, &mut rgb)?;
        let mut result: Vec<u8> = zeros("the result", plan.size().pixels() * 3)?;
        let view = [ImageView::new(&rgb, size, 3)?];
        self.apply_to(&view, plan.plan(), &Output::u8(), &mut result)?;
        rgbx::from_rgb(&result, memory)
    }

    /// Runs a checked plan into memory of the right type and length.
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    fn run(&self, batch: Images<'_>, plan: CheckedPlan<'_>, output: &Output, memory: TensorMut<'_>) -> Result<Report> {
        match &self.inner {
            Inner::Cpu => self.on_cpu(batch, plan, output, memory),
            #[cfg(feature = "gpu")]
            Inner::Gpu(gpu) => threads::shared(|| block_on(gpu.apply_to_host(batch, plan, output, memory)))?,
            #[cfg(feature = "cuda")]
            Inner::Cuda(cuda) => threads::shared(|| cuda.apply_to_host(batch, plan, output, memory))?,
        }
    }

    fn on_cpu(
        &self,
        batch: Images<'_>,
        plan: CheckedPlan<'_>,
        output: &Output,
        memory: TensorMut<'_>,
    ) -> Result<Report> {
        let mut report = Report::of(self.description(), plan.plan());
        report.chunks = 1;
        report.bytes_read = batch.bytes() as u64;
        report.bytes_written = (memory.len() * output.dtype().bytes()) as u64;
        threads::shared(|| cpu::run(batch, plan, output, memory))??;
        Ok(report)
    }
}

/// What is missing for [`Device::Cuda`].
#[cfg(not(feature = "cuda"))]
fn no_cuda() -> Error {
    Error::NoGpu("this build has no feature `cuda`; build with it, or take `gpu`".to_string())
}

/// Checks the arguments once. All code below trusts them.
fn check<'p>(batch: &Images<'_>, plan: &'p Plan, output: &Output) -> Result<CheckedPlan<'p>> {
    let plan = plan.checked_for(batch)?;
    output.check()?;
    Ok(plan)
}

impl fmt::Display for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.description())
    }
}
