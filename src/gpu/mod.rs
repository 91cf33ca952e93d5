//! GPU executor: a handful of dispatches for a whole batch, as many as its longest chain needs whatever was drawn.
//!
//! Two wings: `compile` turns plans into dispatches and never names wgpu, `device` owns what a wgpu device has for us.
//! The files beside them join the two.
//!
//! A plan's chains become programs (`compile/program/`), the programs a schedule of dispatches (`compile/schedule.rs`),
//! and each dispatch runs a kernel (`compile/shader/`) that was put together from the WGSL of the operations it can
//! need. Everything that takes more than integers is done here on the host in f64 first; the kernels look up, add and
//! compare integers, so that their bytes do not depend on what a driver does to floating point.
//!
//! Images of a batch may have any sizes: each program says its own. Crops and flips in front of other operations are a
//! map of coordinates (`compile/view.rs`) that fetching goes through, at no cost in passes. Resizing has two passes of
//! weighted sums; the first is a dispatch of its own into an intermediate buffer, the second is evaluated where the
//! next kernel fetches.
//!
//! Needs no optional feature of wgpu and no more than WebGPU's default limits.
//!
//! # A training loop
//! What is counted, and what a test counts:
//!
//! * *Dispatches and bytes.* Under the ImageNet policy 256 images of 224 x 224 take at most 4 dispatches that read and
//!   write at most 1.35 times the bytes of a copy, small images exactly one dispatch and a copy's bytes. (Software
//!   adapters, which execute every branch, have one dispatch for each pair of kinds instead: [`Grouping`].)
//! * *Barriers.* wgpu puts at most one barrier in front of a dispatch, over all buffers whose use changes there, and
//!   none between dispatches of one pass that only read what they share. A piece is one pass; its dispatches follow one
//!   another in one list and each is a level's kernel, so that there are never more barriers than dispatches. Those of
//!   one level write one buffer, and wgpu orders them although they write different images.
//! * *Submissions.* One for a piece: what is sent, the kernels, what is fetched. Blends that were never seen before
//!   have one more, for their tables.
//! * *Created objects.* None, once batches were seen like those that come: [`Gpu::made`]. Where magnitudes are drawn
//!   from a continuum, blends are ever new, and so now and then are the tables' buffer and the bind groups over it.
//! * *Memory.* [`Gpu::memory_for`] says how much, by a formula.
//! * *Waiting.* Sending waits for the batch before the last, whose mapped slot is used again (`device/staging.rs`).
//!   Fetching ([`Pending::wait`]) waits for its own batch and for nothing behind it.
//!
//! # A line from Mesa on standard error
//! On Linux without a desktop session, opening a GPU may print `error: XDG_RUNTIME_DIR is invalid or not set in the
//! environment`. It is harmless. Mesa's device-select layer asks for a window system that is not there. Start the
//! program with the variable `NODEVICE_SELECT=1` to turn the layer off; the command line does so by itself. A library
//! cannot: changing the environment is unsound once threads run. The layer asks wherever the extension
//! `VK_KHR_wayland_surface` is on, and wgpu 30 demands every surface extension that there is.
//!
//! # Tried
//! * *Everything through mapped slots in one submission* instead of `Queue::write_buffer` for images, programs and
//!   parameters, a bind group for each dispatch and a submission each for kernels and fetching. Predicted: nothing is
//!   created, and what the host does for a batch beside planning halves; kernels stay what they are. Counted: nothing
//!   is created. Measured on lavapipe, by CPU time and kernels included: 0.87 to 0.96 of before for 8 images of 16 x
//!   16, 0.86 to 1.00 where they stay on the device, 0.99 to 1.00 for 64 of 224 x 224, where the kernels are nearly all
//!   of it.
//! * *Bind groups in one cache for all* would have kept the memory of every caller's buffer that it ever saw. They
//!   belong to the workspace whose buffers they bind, know the last 8 sources and 4 destinations, and go with it.
//! * *Re-using the memory of a result that nobody waited for*: a mapping that was taken back and asked for again may be
//!   told when the first one would have been, before the bytes are there. Such memory is dropped instead.
//! * *Four histograms side by side* in the statistics kernel and, as far as workgroup memory reaches, for small images.
//!   Predicted for GPUs: a quarter of the queue on flat images; nobody measured that yet. On lavapipe, where threads of
//!   a workgroup run one after the other, statistics cost 1.00 to 1.03 times as much as with one, flat or not, and
//!   small images 1.02 to 1.05.

mod apply;
mod batch;
mod compile;
#[cfg(feature = "loader")]
pub(crate) mod decoded;
mod device;
mod gather;
pub(crate) mod host;
mod memory;
mod mixing;
mod open;
mod run;
#[cfg(test)]
mod tests;
mod transfer;

#[cfg(feature = "burn")]
use std::any::Any;
use std::fmt;
#[cfg(feature = "burn")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex, PoisonError};

pub use batch::{GpuBatch, GpuImages, GpuRaggedBatch};
#[cfg(feature = "loader")]
pub(crate) use compile::ALIGNMENT;
pub use compile::Planner;
pub use compile::grouping::Grouping;
#[cfg(not(target_arch = "wasm32"))]
pub use device::adapter::adapters;
pub use device::adapter::{AdapterSummary, adapters_async};
pub use device::counters::Made;
pub use device::readback::Pending;
#[cfg(feature = "loader")]
pub(crate) use device::staging::Staging;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use device::waiting::block_on;
pub use memory::Memory;

use self::device::buffers::Pool;
use self::device::context::Context;
use self::device::device_tables::DeviceTables;
use self::device::pipelines::Pipelines;
#[cfg(not(feature = "loader"))]
use self::device::staging::Staging;
use self::device::workspace::Workspaces;
use crate::error::{Error, Result};
use crate::ops::OpKind;
use crate::plan::Plan;

/// A device that runs plans, with its compiled pipelines and its tables.
///
/// A clone is the same device and costs nothing: augmenters, executors and loaders share it, and each pipeline is
/// compiled once. Threads may share it too. When the last clone is dropped, so is what it allocated; buffers that it
/// returned stay.
#[derive(Clone)]
pub struct Gpu {
    inner: Arc<Inner>,
    grouping: Grouping,
}

/// What the clones of a [`Gpu`] share.
struct Inner {
    context: Context,
    summary: AdapterSummary,
    workgroup_memory: usize,
    pipelines: Pipelines,
    workspaces: Workspaces,
    /// What programs and images of host memory are sent through.
    staging: Staging,
    /// Locked while words are sent, which takes waiting.
    tables: async_lock::Mutex<DeviceTables>,
    /// Operations of all plans so far, sorted.
    seen: Mutex<Vec<OpKind>>,
    /// What a training framework calls this device. Its module knows the type.
    #[cfg(feature = "burn")]
    framework: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Gpu {
    /// The same device, with another way to divide a batch among dispatches for this handle and its clones. The bytes
    /// stay the same.
    #[must_use]
    pub fn grouping(self, grouping: Grouping) -> Self {
        Gpu { grouping, ..self }
    }

    /// The device.
    pub fn device(&self) -> &wgpu::Device {
        &self.inner.context.device
    }

    /// The queue that everything is submitted to.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.inner.context.queue
    }

    /// What runs: the adapter.
    pub fn adapter(&self) -> &AdapterSummary {
        &self.inner.summary
    }

    /// The adapter's name, backend and kind, for people.
    pub fn description(&self) -> String {
        self.adapter().to_string()
    }

    /// What was created on the device so far. A batch like those before creates nothing: not for [`Gpu::apply`], and
    /// not for [`Gpu::apply_into`] if the same few buffers take turns; [`Gpu::apply_resident`] finds what
    /// [`Gpu::recycle`] was given. Ever new blends need a buffer for their tables now and then.
    pub fn made(&self) -> Made {
        self.inner.context.allocator.counters.made()
    }

    /// Drops whatever is only kept for the next batch, but for tables and pipelines. What was submitted keeps its own.
    pub fn trim(&self) {
        self.pool().forget();
        self.inner.workspaces.forget();
        self.inner.staging.forget();
    }

    /// Takes back a batch that [`Gpu::upload`] or [`Gpu::apply_resident`] returned, for its buffer to be used again.
    /// Whatever was submitted before still finds the images there; clones of the batch and of its buffer must not be
    /// used any more, as others' images will be in it. A batch of other origin is dropped.
    pub fn recycle(&self, batch: GpuBatch) {
        if let Some(buffer) = batch.into_buffer(self.pool()) {
            self.give_back(self.inner.context.allocator.hold(transfer::BATCH, buffer));
        }
    }

    /// How many pipelines there are.
    pub fn pipelines(&self) -> usize {
        self.inner.pipelines.count()
    }

    /// What an operation returned. wgpu hands out pipelines and buffers even where it could not make them, so that
    /// after a refusal whatever was kept is forgotten: the next call makes its own. Not so the tables, which are kept
    /// only once they were made and filled without an error, and which who is refused may have locked.
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

    /// The operations that kernels are made for: this plan's and those of all before. A policy's kernels never change,
    /// and plans made by hand soon find theirs made, instead of each having its own.
    fn operations(&self, plan: &Plan) -> Vec<OpKind> {
        let mut seen = self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(plan.operations());
        seen.sort();
        seen.dedup();
        seen.clone()
    }

    /// Keeps what a training framework calls this device; the first name stays.
    #[cfg(feature = "burn")]
    pub(crate) fn set_framework_device<T: Any + Send + Sync>(&self, device: T) {
        let _ = self.inner.framework.set(Box::new(device));
    }

    /// What a training framework calls this device, if it shares it.
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
