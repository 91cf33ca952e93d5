//! CUDA: the same kernels on NVIDIA's GPUs without Vulkan. Experimental: not yet run on hardware.
//!
//! `gpu::compile` turns plans into commands, as for wgpu, and `engine` plays them. `source` makes CUDA C++ of a
//! kernel's WGSL, NVRTC compiles it once for each architecture, and `cache` keeps it on disk. NVIDIA's libraries are
//! loaded when a device is opened, so that a build needs none of them.

mod cache;
mod driver;
#[cfg(test)]
pub(crate) mod emulator;
mod engine;
mod nvidia;
pub(crate) mod nvrtc;
pub(crate) mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use self::driver::{Driver, Part, Stream};
use self::engine::{Engine, OnDevice};
use self::nvidia::Nvidia;
use crate::batch::{Images, Layout, Placement, Shape};
use crate::error::{Error, Result};
use crate::output::{Dtype, Output, TensorMut};
use crate::plan::{CheckedPlan, Plan};
use crate::report::Report;

/// An NVIDIA GPU that runs plans through CUDA. Experimental: not yet run on hardware.
///
/// It needs NVIDIA's driver and NVRTC, and no Vulkan. A clone is the same device and costs nothing.
///
/// ```
/// use autoaugment::{Augmenter, Cuda, Policy};
/// match Cuda::new(0) {
///     Ok(cuda) => println!("{}", cuda.description()),
///     Err(error) => println!("{error}"), // what is missing, and what to do
/// }
/// let on_cuda = Augmenter::builder(Policy::imagenet()).device("cuda:0".parse()?).build();
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone)]
pub struct Cuda(Arc<Engine<Nvidia>>);

/// A CUDA device of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CudaSummary {
    /// The number that [`Cuda::new`] takes.
    pub number: u32,
    /// The device's name.
    pub name: String,
    /// The version of CUDA that its driver is for: `12.4`, say.
    pub driver: String,
}

/// The CUDA devices of this machine. None is opened.
///
/// # Errors
/// [`Error::NoGpu`] with what is missing and what to do.
pub fn devices() -> Result<Vec<CudaSummary>> {
    nvidia::devices()
}

/// Images in the memory of a CUDA device: u8, contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CudaBatch {
    /// The address of the first byte.
    pub address: u64,
    /// The number of images and their size.
    pub shape: Shape,
    /// The order of the axes.
    pub layout: Layout,
}

/// Memory of a CUDA device for results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CudaMemory {
    /// The address of the first byte, a multiple of 4.
    pub address: u64,
    /// Its bytes: exactly those of the results.
    pub bytes: u64,
}

impl Cuda {
    /// Opens the CUDA device with this number, as `torch.device("cuda", number)`.
    ///
    /// # Errors
    /// [`Error::NoGpu`] with what is missing and what to do.
    pub fn new(number: u32) -> Result<Self> {
        let cuda = Cuda(Arc::new(Engine::new(Nvidia::open(number)?)));
        tracing::warn!("{}: CUDA is experimental and not yet run on hardware", cuda.description());
        Ok(cuda)
    }

    /// The device's name and number, for messages.
    pub fn description(&self) -> String {
        self.0.driver.description()
    }

    /// Applies `plan` to a batch in the device's memory, and writes the results to memory that you own. It returns
    /// after the work is on `stream` and does not wait for it. Work that is on the stream before sees no result, and
    /// later work sees all.
    ///
    /// `stream` is CUDA's handle: of torch, `torch.cuda.current_stream().cuda_stream`. It must not record a CUDA graph.
    ///
    /// # Errors
    /// Those of [`Executor::apply`](crate::Executor::apply). [`Error::Buffer`] if the memory has another number of
    /// bytes than the results, begins at no multiple of 4, or overlaps the batch.
    ///
    /// # Safety
    /// The batch and the memory are on this device, in its primary context or accessible from there, until the work on
    /// `stream` is done. Nothing else writes either of them meanwhile, nor the rest of their first and last four bytes,
    /// which are read and written as one word. `stream` belongs to this device.
    pub unsafe fn apply_into(
        &self,
        batch: &CudaBatch,
        plan: &Plan,
        output: &Output,
        into: CudaMemory,
        stream: u64,
    ) -> Result<Report> {
        apply_into(&self.0, batch, plan, output, into, stream)
    }

    /// Applies a plan that was checked to a batch in host memory and writes the result to memory of the right type and
    /// length.
    pub(crate) fn apply_to_host(
        &self,
        batch: Images<'_>,
        plan: CheckedPlan<'_>,
        output: &Output,
        memory: TensorMut<'_>,
    ) -> Result<Report> {
        self.0.through_host(batch, plan, output, memory.into_bytes())
    }
}

/// Checks all that can be checked of memory elsewhere, and runs.
fn apply_into<D: Driver>(
    engine: &Engine<D>,
    batch: &CudaBatch,
    plan: &Plan,
    output: &Output,
    into: CudaMemory,
    stream: u64,
) -> Result<Report> {
    batch.shape.check()?;
    let plan = plan.checked(batch.shape)?;
    output.check()?;
    let placed = Placement::uniform(batch.shape, batch.layout);
    let needed = placed.shape(plan.size()).values() as u64 * output.dtype().bytes() as u64;
    if into.bytes != needed {
        return Err(Error::Buffer(format!("the results are {needed} bytes, and the memory has {}", into.bytes)));
    }
    if !into.address.is_multiple_of(4) {
        return Err(Error::Buffer(format!("address {:#x} is not a multiple of 4", into.address)));
    }
    let images = Part { address: batch.address, bytes: (batch.shape.values() * Dtype::U8.bytes()) as u64 };
    let results = Part { address: into.address, bytes: into.bytes };
    let [end, end_of_results] = [images, results].map(|part| part.address.checked_add(part.bytes));
    let (Some(end), Some(end_of_results)) = (end, end_of_results) else {
        return Err(Error::Buffer("the memory goes beyond the last address".to_string()));
    };
    if images.address == 0 || results.address == 0 {
        return Err(Error::Buffer("an address is 0".to_string()));
    }
    if images.address < end_of_results && results.address < end {
        return Err(Error::Buffer("the results must be in other memory than the batch".to_string()));
    }
    let stream = Stream(stream);
    engine.on_device(&OnDevice { images, placed, into: results, stream }, plan, output)
}

impl fmt::Debug for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cuda").field(&self.description()).finish()
    }
}
