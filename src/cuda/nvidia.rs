//! NVIDIA's driver, loaded when a device is opened. Experimental: not yet run on hardware.
//!
//! It works in the device's primary context, as torch and CUDA's runtime do, so that their pointers and streams are
//! valid here. Each call leaves the thread with the context that it had.

use std::ffi::{CString, c_void};
use std::sync::{Mutex, PoisonError};

use cudarc::driver::result::{self as cuda, DriverError};
use cudarc::driver::sys;

use super::CudaSummary;
use super::cache::Cache;
use super::driver::{Driver, Part, Stream, out_of_memory};
use super::nvrtc::Compiler;
use super::source::CudaSource;
use crate::error::{Error, Result};

/// CUDA 11.4, as a driver counts: the first that has all that is called here.
const OLDEST: i32 = 11040;
/// What to do where there is no driver.
const MISSING: &str = if cfg!(target_os = "linux") {
    "CUDA's driver (`libcuda.so.1`) is not there; install NVIDIA's driver, or start the container with GPUs"
} else if cfg!(windows) {
    "CUDA's driver (`nvcuda.dll`) is not there; install NVIDIA's driver"
} else {
    "CUDA is for Linux and Windows only; take `gpu`, which needs no CUDA"
};
/// The most parts of locked host memory. While the device copies one, the next is filled.
const MOST_STAGED: usize = 4;

/// A device.
pub(crate) struct Nvidia {
    number: u32,
    name: String,
    /// `sm_90`, say.
    architecture: String,
    /// The version of CUDA that the driver is for.
    driver: String,
    context: sys::CUcontext,
    pool: sys::CUmemoryPool,
    stream: sys::CUstream,
    staged: Mutex<Vec<Staged>>,
    compiler: Compiler,
    cache: Cache,
}

// SAFETY: CUDA's handles can be used from all threads. Those of the device live as long as the process.
unsafe impl Send for Nvidia {}
// SAFETY: the same.
unsafe impl Sync for Nvidia {}

/// A kernel in a module that stays loaded.
pub(crate) struct Kernel {
    function: sys::CUfunction,
    threads: [u32; 3],
}

// SAFETY: CUDA's handles can be used from all threads, and the module is never unloaded.
unsafe impl Send for Kernel {}
// SAFETY: the same.
unsafe impl Sync for Kernel {}

/// Locked host memory, and the event after which it can be filled again.
struct Staged {
    memory: *mut u8,
    bytes: usize,
    event: sys::CUevent,
}

/// What the machine has for CUDA.
struct Found {
    /// Devices.
    count: i32,
    /// The version of CUDA that the driver is for.
    driver: String,
    compiler: Compiler,
}

impl Found {
    fn look() -> Result<Self> {
        if !has_driver() {
            return Err(Error::NoGpu(MISSING.to_string()));
        }
        cuda::init().map_err(unusable)?;
        let mut version = 0;
        // SAFETY: it writes one number.
        unsafe { sys::cuDriverGetVersion(&mut version) }.result().map_err(unusable)?;
        let driver = format!("{}.{}", version / 1000, version % 1000 / 10);
        if version < OLDEST {
            let reason = format!("NVIDIA's driver is for CUDA {driver}; install one for CUDA 11.4 or newer");
            return Err(Error::NoGpu(reason));
        }
        let count = cuda::device::get_count().map_err(unusable)?;
        Ok(Found { count, driver, compiler: Compiler::open()? })
    }
}

/// The devices of this machine.
pub(super) fn devices() -> Result<Vec<CudaSummary>> {
    let Found { count, driver, .. } = Found::look()?;
    let summary = |ordinal: i32| {
        let device = cuda::device::get(ordinal).map_err(unusable)?;
        let name = cuda::device::get_name(device).map_err(unusable)?;
        Ok(CudaSummary { number: ordinal as u32, name, driver: driver.clone() })
    };
    (0..count).map(summary).collect()
}

/// The context that the thread had before.
struct Before(Option<sys::CUcontext>);

impl Drop for Before {
    fn drop(&mut self) {
        // SAFETY: the context was current, or none was.
        let _ = unsafe { cuda::ctx::set_current(self.0.unwrap_or(std::ptr::null_mut())) };
    }
}

impl Nvidia {
    /// Opens the device with this number.
    pub fn open(number: u32) -> Result<Self> {
        let Found { count, driver, compiler } = Found::look()?;
        let Some(ordinal) = i32::try_from(number).ok().filter(|&number| number < count) else {
            let devices = if count == 1 { "1 device" } else { &format!("{count} devices") };
            return Err(Error::NoGpu(format!("CUDA has {devices}, counted from 0, and no device {number}")));
        };
        let device = cuda::device::get(ordinal).map_err(unusable)?;
        let name = cuda::device::get_name(device).map_err(unusable)?;
        use sys::CUdevice_attribute as Attribute;
        // SAFETY: the device is CUDA's.
        let attribute = |which| unsafe { cuda::device::get_attribute(device, which) }.map_err(unusable);
        let major = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
        let minor = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
        if attribute(Attribute::CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED)? == 0 {
            return Err(Error::NoGpu(format!("{name} has no memory pools of CUDA, which are needed")));
        }
        // SAFETY: the device is CUDA's. The context is not released, so that it lives as long as the process.
        let context = unsafe { cuda::primary_ctx::retain(device) }.map_err(unusable)?;
        let _before = enter(context).map_err(unusable)?;
        let stream = cuda::stream::create(cuda::stream::StreamKind::NonBlocking).map_err(unusable)?;
        let pool = pool(ordinal).map_err(unusable)?;
        let architecture = format!("sm_{major}{minor}");
        let (staged, cache) = (Mutex::default(), Cache::of_user());
        Ok(Nvidia { number, name, architecture, driver, context, pool, stream, staged, compiler, cache })
    }

    /// Runs calls in the device's context.
    fn within<T>(&self, calls: impl FnOnce() -> Result<T, DriverError>) -> Result<T> {
        let _before = enter(self.context).map_err(refused)?;
        calls().map_err(refused)
    }

    /// Host memory of at least so many bytes that no copy reads any more.
    fn stage(&self, bytes: usize) -> Result<Staged, DriverError> {
        let mut staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: events live as long as their memory.
        let is_done = |staged: &Staged| unsafe { cuda::event::query(staged.event) }.is_ok();
        if let Some(i) = staged.iter().position(|staged| staged.bytes >= bytes && is_done(staged)) {
            return Ok(staged.swap_remove(i));
        }
        let oldest = if staged.len() >= MOST_STAGED { Some(staged.remove(0)) } else { None };
        drop(staged);
        if let Some(oldest) = oldest {
            // SAFETY: the event was recorded behind the copy, and nothing else knows the memory.
            unsafe {
                cuda::event::synchronize(oldest.event)?;
                if oldest.bytes >= bytes {
                    return Ok(oldest);
                }
                cuda::event::destroy(oldest.event)?;
                cuda::free_host(oldest.memory.cast())?;
            }
        }
        let bytes = bytes.checked_next_power_of_two().unwrap_or(bytes);
        let event = cuda::event::create(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING)?;
        // SAFETY: the memory is of bytes, which have no invalid values, and is filled with zeros.
        let memory: *mut u8 = unsafe { cuda::malloc_host(bytes, 0)? }.cast();
        // SAFETY: it has so many bytes.
        unsafe { memory.write_bytes(0, bytes) };
        Ok(Staged { memory, bytes, event })
    }

    /// Loads a kernel, from the cache if it has one.
    fn load(&self, source: &CudaSource) -> Result<Kernel> {
        let key = self.compiler.key(source, &self.architecture);
        let make = || self.compiler.machine_code(source, &self.architecture);
        let load = |code: &[u8]| self.within(|| function(source, code)).map_err(|error| self.not_loaded(error));
        Ok(Kernel { function: self.cache.loaded(&key, make, load)?, threads: source.workgroup_size })
    }

    /// Why the driver refuses a kernel.
    fn not_loaded(&self, error: Error) -> Error {
        let Error::Device(reason) = error else { return error };
        Error::Device(format!(
            "{reason}: a kernel of NVRTC {} for {}, where the driver is for CUDA {}; NVRTC must not be newer than the \
             driver",
            self.compiler.version, self.architecture, self.driver
        ))
    }
}

impl Driver for Nvidia {
    type Kernel = Kernel;

    fn description(&self) -> String {
        format!("{} (CUDA {}, experimental)", self.name, self.number)
    }

    fn stream(&self) -> Stream {
        Stream(self.stream as u64)
    }

    fn check(&self, stream: Stream) -> Result<()> {
        // SAFETY: the caller of `Cuda::apply_into` promises that the stream is CUDA's.
        let status = self.within(|| unsafe { cuda::stream::is_capturing(handle(stream)) })?;
        if status == sys::CUstreamCaptureStatus::CU_STREAM_CAPTURE_STATUS_NONE {
            return Ok(());
        }
        let message = "the stream records a CUDA graph, which would replay one batch's draws; augment outside of it";
        Err(Error::Device(message.to_string()))
    }

    fn compile(&self, sources: &[CudaSource]) -> Result<Vec<Kernel>> {
        let mut kernels = Vec::with_capacity(sources.len());
        for some in sources.chunks(std::thread::available_parallelism().map_or(1, usize::from)) {
            // Not rayon's threads, as for wgpu's pipelines: those could take up work that waits for this.
            let loaded: Vec<_> = std::thread::scope(|scope| {
                let load = |source| scope.spawn(move || self.load(source));
                let threads: Vec<_> = some.iter().map(load).collect();
                let joined = |thread: std::thread::ScopedJoinHandle<'_, Result<Kernel>>| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                threads.into_iter().map(joined).collect()
            });
            kernels.extend(loaded.into_iter().collect::<Result<Vec<_>>>()?);
        }
        Ok(kernels)
    }

    fn allocate(&self, what: &'static str, bytes: usize, stream: Stream) -> Result<Part> {
        let _before = enter(self.context).map_err(refused)?;
        // SAFETY: the pool and the stream are CUDA's.
        match unsafe { cuda::mem_pool::alloc_async(self.pool, bytes, handle(stream)) } {
            Ok(address) => Ok(Part { address, bytes: bytes as u64 }),
            Err(error) if is_memory(error) => {
                // What is kept for later batches goes back to the device, where others may need it.
                // SAFETY: the pool is CUDA's.
                let _ = unsafe { cuda::mem_pool::trim_to(self.pool, 0) };
                Err(out_of_memory(what, bytes))
            }
            Err(error) => Err(refused(error)),
        }
    }

    fn free(&self, part: Part, stream: Stream) {
        // SAFETY: the part is from `allocate`, and all its uses are on this stream.
        let freed = self.within(|| unsafe { cuda::free_async(part.address, handle(stream)) });
        if let Err(error) = freed {
            tracing::debug!("{} bytes were not given back: {error}", part.bytes);
        }
    }

    fn upload(&self, to: Part, stream: Stream, fill: &mut dyn FnMut(&mut [u8])) -> Result<()> {
        let _before = enter(self.context).map_err(refused)?;
        let bytes = to.bytes as usize;
        let staged = self.stage(bytes).map_err(|error| match is_memory(error) {
            true => Error::NoMemory { what: "an upload to the device", bytes: to.bytes },
            false => refused(error),
        })?;
        // SAFETY: the memory has at least so many bytes, all written before, and no copy reads it any more. It goes
        // back with an event behind the copy.
        let copied = unsafe {
            let memory = std::slice::from_raw_parts_mut(staged.memory, bytes);
            fill(memory);
            cuda::memcpy_htod_async(to.address, memory, handle(stream))
                .and_then(|()| cuda::event::record(staged.event, handle(stream)))
        };
        self.staged.lock().unwrap_or_else(PoisonError::into_inner).push(staged);
        copied.map_err(refused)
    }

    fn clear(&self, part: Part, stream: Stream) -> Result<()> {
        // SAFETY: the part is from `allocate`, on this stream.
        self.within(|| unsafe { cuda::memset_d8_async(part.address, 0, part.bytes as usize, handle(stream)) })
    }

    fn launch(&self, kernel: &Kernel, [x, y, z]: [u32; 3], parts: &[Part], stream: Stream) -> Result<()> {
        let mut words: Vec<u64> = parts.iter().flat_map(|part| [part.address, part.bytes]).collect();
        let mut parameters: Vec<*mut c_void> = words.iter_mut().map(|word| std::ptr::from_mut(word).cast()).collect();
        let [columns, rows, layers] = kernel.threads;
        // SAFETY: the parameters are those of the kernel: an address and a length of 64 bits for each buffer. They are
        // read before the call returns.
        self.within(|| unsafe {
            let threads = (columns, rows, layers);
            cuda::launch_kernel(kernel.function, (x, y, z), threads, 0, handle(stream), &mut parameters)
        })
    }

    fn download(&self, from: Part, into: &mut [u8], stream: Stream) -> Result<()> {
        // SAFETY: the part has at least so many bytes. The stream is waited for before `into` is used again.
        self.within(|| unsafe {
            let copied = cuda::memcpy_dtoh_async(into, from.address, handle(stream));
            cuda::stream::synchronize(handle(stream)).and(copied)
        })
    }
}

/// Whether NVIDIA's driver can be loaded.
pub(super) fn has_driver() -> bool {
    // SAFETY: NVIDIA's library is loaded, as any program that uses CUDA does.
    unsafe { sys::is_culib_present() }
}

fn handle(stream: Stream) -> sys::CUstream {
    stream.0 as sys::CUstream
}

/// Makes a context the thread's until the result is dropped.
fn enter(context: sys::CUcontext) -> Result<Before, DriverError> {
    let before = Before(cuda::ctx::get_current()?);
    // SAFETY: the context is a primary one that is retained.
    unsafe { cuda::ctx::set_current(context)? };
    Ok(before)
}

/// A pool of a device's memory that keeps what is given back.
fn pool(ordinal: i32) -> Result<sys::CUmemoryPool, DriverError> {
    let location = sys::CUmemLocation { type_: sys::CUmemLocationType::CU_MEM_LOCATION_TYPE_DEVICE, id: ordinal };
    let properties = sys::CUmemPoolProps {
        allocType: sys::CUmemAllocationType::CU_MEM_ALLOCATION_TYPE_PINNED,
        handleTypes: sys::CUmemAllocationHandleType::CU_MEM_HANDLE_TYPE_NONE,
        location,
        win32SecurityAttributes: std::ptr::null_mut(),
        maxSize: 0,
        usage: 0,
        reserved: [0; 54],
    };
    let threshold = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    let mut keep = u64::MAX;
    // SAFETY: the properties are valid, and the attribute's value has 64 bits.
    unsafe {
        let pool = cuda::mem_pool::create(&properties)?;
        cuda::mem_pool::set_attribute(pool, threshold, std::ptr::from_mut(&mut keep).cast())?;
        Ok(pool)
    }
}

/// The kernel of machine code that is loaded and stays so.
fn function(source: &CudaSource, code: &[u8]) -> Result<sys::CUfunction, DriverError> {
    let name = CString::new(source.entry.as_str()).unwrap_or_default();
    // SAFETY: the code is NVRTC's, and what comes from the disk has its hash.
    unsafe { cuda::module::get_function(cuda::module::load_data(code.as_ptr().cast())?, name) }
}

fn is_memory(error: DriverError) -> bool {
    error.0 == sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY
}

fn refused(error: DriverError) -> Error {
    if is_memory(error) { Error::OutOfMemory(text(error)) } else { Error::Device(text(error)) }
}

/// Why no device can be opened.
fn unusable(error: DriverError) -> Error {
    Error::NoGpu(format!("NVIDIA's driver says: {}", text(error)))
}

fn text(error: DriverError) -> String {
    let described = error.error_string().map(|text| text.to_string_lossy().into_owned());
    described.unwrap_or_else(|_| format!("{:?}", error.0))
}
