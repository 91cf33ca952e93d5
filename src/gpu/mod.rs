//! GPU executor: a few dispatches for a whole batch. Their number depends on its longest chain and not on its draws.
//!
//! It has two wings. `compile` turns plans into dispatches and never names wgpu. `device` owns the objects of a wgpu
//! device. The files beside them join the two.
//!
//! A plan's chains become programs (`compile/program/`), and the programs become a schedule of dispatches
//! (`compile/schedule.rs`). Each dispatch runs a kernel (`compile/shader/`), assembled from the WGSL of its possible
//! operations. All arithmetic beyond integers is done first, here on the host in f64. The kernels look up, add and
//! compare integers. So their bytes do not depend on a driver's floating-point arithmetic.
//!
//! Images of a batch can have any sizes, and each program holds its own. Crops and flips before other operations are a
//! map of coordinates (`compile/view.rs`), which costs no pass. Resizing has two passes of weighted sums. The first is
//! a dispatch of its own into an intermediate buffer. The second is evaluated where the next kernel fetches.
//!
//! It needs no optional feature of wgpu and no more than WebGPU's default limits.
//!
//! # A training loop
//! These counts hold, and tests check them:
//!
//! * *Dispatches and bytes.* Under the ImageNet policy, 256 images of 224 x 224 take at most 4 dispatches. These move
//!   at most 1.35 times the bytes of a copy. Small images take exactly one dispatch and a copy's bytes. Software
//!   adapters execute every branch, so they have one dispatch for each pair of kinds instead: [`Grouping`].
//! * *Barriers.* wgpu puts at most one barrier before a dispatch, for all buffers whose use changes there. It puts none
//!   between dispatches of one pass that only read their shared buffers. A chunk is one pass with one list of
//!   dispatches, so there are never more barriers than dispatches. The dispatches of one level write one buffer, and
//!   wgpu orders them although they write different images.
//! * *Submissions.* One per chunk, with its upload, its kernels and its download. The tables of new blends go with the
//!   next one, staged by wgpu.
//! * *Created objects.* None, after a batch of the same kind: [`Gpu::allocation_stats`]. Continuous magnitudes always
//!   give new blends. Then the tables' buffer and its bind groups are new now and then.
//! * *Memory.* [`Gpu::estimate_memory`] computes it by a formula.
//! * *Waiting.* An upload waits for the batch before the last one, whose mapped slot it reuses (`device/staging.rs`). A
//!   download ([`Pending::wait`]) waits for its own batch and for no later one.
//!
//! # A line from Mesa on standard error
//! On Linux without a desktop session, opening a GPU may print `error: XDG_RUNTIME_DIR is invalid or not set in the
//! environment`. It is harmless. Mesa's device-select layer asks for a window system that is not there. Start the
//! program with the variable `NODEVICE_SELECT=1` to turn the layer off; the command line does so by itself. A library
//! cannot: changing the environment is unsound once threads run. The layer asks wherever the extension
//! `VK_KHR_wayland_surface` is on, and wgpu 30 demands every surface extension that there is.
//!
//! # Tried
//! * *Uploads through mapped slots in one submission*. Before, there was `Queue::write_buffer` for images, programs and
//!   parameters, a bind group per dispatch, and one submission each for kernels and download. Predicted: no created
//!   objects, half of the host's work besides planning, and the same kernels. Counted: no created objects. Measured on
//!   lavapipe, by CPU time with the kernels, as parts of the time before. For 8 images of 16 x 16: 0.87 to 0.96, and
//!   0.86 to 1.00 if they stay on the device. For 64 images of 224 x 224, where the kernels are nearly all of it: 0.99
//!   to 1.00.
//! * *One cache of all bind groups* would keep the memory of every caller's buffer. Instead they belong to the
//!   workspace whose buffers they bind. It keeps those of the last 8 sources and 4 destinations.
//! * *Reuse of the memory of a result that is never fetched*. A mapping that is canceled and requested again can
//!   complete when the first one would have, before the bytes are there. Such memory is dropped instead.
//! * *Four histograms side by side* in the statistics kernel and, if workgroup memory allows, for small images.
//!   Predicted for GPUs: a quarter of the queue on flat images. This is not measured yet. On lavapipe, the threads of a
//!   workgroup run one after the other. There, statistics take 1.00 to 1.03 times as long as with one histogram, flat
//!   or not, and small images 1.02 to 1.05.

mod apply;
mod batch;
pub(crate) mod compile;
#[cfg(feature = "loader")]
pub(crate) mod decoded;
mod device;
mod gather;
mod memory;
mod mixing;
mod open;
mod run;
#[cfg(test)]
pub(crate) mod tests;
mod transfer;

#[cfg(feature = "burn")]
use std::any::Any;
use std::fmt;
#[cfg(feature = "burn")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use batch::{GpuBatch, GpuImages, GpuRaggedBatch};
#[cfg(feature = "loader")]
pub(crate) use compile::ALIGNMENT;
pub use compile::Planner;
pub use compile::grouping::Grouping;
#[cfg(not(target_arch = "wasm32"))]
pub use device::adapter::adapters;
pub use device::adapter::{AdapterSummary, adapters_async};
pub use device::counters::AllocationStats;
pub use device::readback::Pending;
#[cfg(feature = "loader")]
pub(crate) use device::staging::Staging;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use device::waiting::block_on;
pub use memory::MemoryEstimate;

use self::compile::seen::Seen;
use self::device::buffers::Pool;
use self::device::context::Context;
use self::device::device_tables::DeviceTables;
use self::device::pipelines::Pipelines;
#[cfg(not(feature = "loader"))]
use self::device::staging::Staging;
use self::device::workspace::Workspaces;
use crate::error::{Error, Result};

/// A device that runs plans, with its compiled pipelines and its tables.
///
/// A clone is the same device and costs nothing. Augmenters, executors, loaders and threads share it, and each pipeline
/// is compiled once. Dropping the last clone frees its allocations. Buffers that it returned stay.
#[derive(Clone)]
pub struct Gpu {
    inner: Arc<Inner>,
    grouping: Grouping,
}

/// The shared state of the clones of a [`Gpu`].
struct Inner {
    context: Context,
    summary: AdapterSummary,
    workgroup_memory: usize,
    pipelines: Pipelines,
    workspaces: Workspaces,
    /// The staging memory for programs and for images from host memory.
    staging: Staging,
    /// Never locked across a wait.
    tables: Mutex<DeviceTables>,
    seen: Seen,
    /// A training framework's handle of this device. The framework's module knows the type.
    #[cfg(feature = "burn")]
    framework: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Gpu {
    /// The same device, with another division of a batch among dispatches for this handle and its clones. The bytes
    /// stay the same.
    #[must_use]
    pub fn grouping(self, grouping: Grouping) -> Self {
        Gpu { grouping, ..self }
    }

    /// The device.
    pub fn device(&self) -> &wgpu::Device {
        &self.inner.context.device
    }

    /// The queue of all submissions.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.inner.context.queue
    }

    /// The adapter.
    pub fn adapter(&self) -> &AdapterSummary {
        &self.inner.summary
    }

    /// The adapter's name, backend and kind, for messages.
    pub fn description(&self) -> String {
        self.adapter().to_string()
    }

    /// The objects that were created on the device so far. A batch like earlier ones creates no object in
    /// [`Gpu::apply`], nor in [`Gpu::apply_into`] if the same few buffers take turns. [`Gpu::apply_resident`] reuses
    /// the buffers from [`Gpu::recycle`]. New blends need a new buffer for their tables now and then.
    pub fn allocation_stats(&self) -> AllocationStats {
        self.inner.context.allocator.counters.allocation_stats()
    }

    /// Drops all memory that is kept for the next batch, except tables and pipelines. Submitted work keeps its memory.
    pub fn trim(&self) {
        self.pool().forget();
        self.inner.workspaces.forget();
        self.inner.staging.forget();
    }

    /// Takes back a batch from [`Gpu::upload`] or [`Gpu::apply_resident`], to reuse its buffer. Earlier submissions
    /// still see its images. Do not use clones of the batch or of its buffer afterwards, because other images will be
    /// in it. A batch from elsewhere is dropped.
    pub fn recycle(&self, batch: GpuBatch) {
        if let Some(buffer) = batch.into_buffer(self.pool()) {
            self.return_buffer(self.inner.context.allocator.hold(transfer::BATCH, buffer));
        }
    }

    /// The number of pipelines.
    pub fn pipelines(&self) -> usize {
        self.inner.pipelines.count()
    }

    fn tables(&self) -> MutexGuard<'_, DeviceTables> {
        self.inner.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns an operation's result. wgpu hands out pipelines and buffers even if it could not make them. After a
    /// refusal, all kept objects are therefore dropped, and the next call makes its own. The tables stay, because they
    /// are kept only after they were filled without an error, and because the refused caller can hold their lock.
    fn forget_if_refused<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(Error::OutOfMemory(_) | Error::Device(_)) = result {
            self.inner.pipelines.forget();
            self.trim();
        }
        result
    }

    fn pool(&self) -> &Arc<Pool> {
        &self.inner.context.pool
    }

    /// Keeps a training framework's handle of this device. The first one stays.
    #[cfg(feature = "burn")]
    pub(crate) fn set_framework_device<T: Any + Send + Sync>(&self, device: T) {
        let _ = self.inner.framework.set(Box::new(device));
    }

    /// A training framework's handle of this device, if it shares the device.
    #[cfg(feature = "burn")]
    pub(crate) fn framework_device<T: Any>(&self) -> Option<&T> {
        self.inner.framework.get()?.downcast_ref()
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu").field("adapter", self.adapter()).field("grouping", &self.grouping).finish_non_exhaustive()
    }
}
