//! GPU executor: a handful of dispatches for a whole batch, as many as its longest chain needs whatever was drawn.
//!
//! Two wings: `compile` turns plans into dispatches and never names wgpu, `device` owns what a wgpu device has for us. The
//! files beside them join the two.
//!
//! A plan's chains become programs (`compile/program/`), the programs a schedule of dispatches (`compile/schedule.rs`), and
//! each dispatch runs a kernel (`compile/shader/`) that was put together from the WGSL of the operations it can need. Everything that takes more than
//! integers is done here on the host in f64 first; the kernels look up, add and compare integers, so that their bytes do
//! not depend on what a driver does to floating point.
//!
//! Images of a batch may have any sizes: each program says its own. Crops and flips in front of other operations are a map of
//! coordinates (`compile/view.rs`) that fetching goes through, at no cost in passes. Resizing has two passes of weighted sums; the
//! first is a dispatch of its own into an intermediate buffer, the second is evaluated where the next kernel fetches.
//!
//! Needs no optional feature of wgpu and no more than WebGPU's default limits.
//!
//! # A training loop
//! What is counted, and what a test counts:
//!
//! * *Dispatches and bytes.* Under the ImageNet policy 256 images of 224 x 224 take at most 4 dispatches that read and write at
//!   most 1.35 times the bytes of a copy, small images exactly one dispatch and a copy's bytes. (Software adapters, which
//!   execute every branch, have one dispatch for each pair of kinds instead: [`Grouping`].)
//! * *Barriers.* wgpu puts at most one barrier in front of a dispatch, over all buffers whose use changes there, and none between
//!   dispatches of one pass that only read what they share. A piece is one pass; its dispatches follow one another in one list
//!   and each is a level's kernel, so that there are never more barriers than dispatches. Those of one level write one buffer,
//!   and wgpu orders them although they write different images.
//! * *Submissions.* One for a piece: what is sent, the kernels, what is fetched. Blends that were never seen before have one
//!   more, for their tables.
//! * *Created objects.* None, once batches were seen like those that come: [`Gpu::made`]. Where magnitudes are drawn from a
//!   continuum, blends are ever new, and so now and then are the tables' buffer and the bind groups over it.
//! * *Memory.* [`Gpu::memory_for`] says how much, by a formula.
//! * *Waiting.* Sending waits for the batch before the last, whose mapped slot is used again (`device/staging.rs`). Fetching
//!   ([`Pending::wait`]) waits for its own batch and for nothing behind it.
//!
//! # Tried
//! * *Everything through mapped slots in one submission* instead of `Queue::write_buffer` for images, programs and parameters,
//!   a bind group for each dispatch and a submission each for kernels and fetching. Predicted: nothing is created, and what
//!   the host does for a batch beside planning halves; kernels stay what they are. Counted: nothing is created. Measured on
//!   lavapipe, by CPU time and kernels included: 0.87 to 0.96 of before for 8 images of 16 x 16, 0.86 to 1.00 where they stay on
//!   the device, 0.99 to 1.00 for 64 of 224 x 224, where the kernels are nearly all of it.
//! * *Bind groups in one cache for all* would have kept the memory of every caller's buffer that it ever saw. They belong to
//!   the workspace whose buffers they bind, know the last 8 sources and 4 destinations, and go with it.
//! * *Re-using the memory of a result that nobody waited for*: a mapping that was taken back and asked for again may be told when
//!   the first one would have been, before the bytes are there. Such memory is dropped instead.
//! * *Four histograms side by side* in the statistics kernel and, as far as workgroup memory reaches, for small images. Predicted
//!   for GPUs: a quarter of the queue on flat images; nobody measured that yet. On lavapipe, where threads of a workgroup run
//!   one after the other, statistics cost 1.00 to 1.03 times as much as with one, flat or not, and small images 1.02 to 1.05.

mod batch;
mod compile;
#[cfg(feature = "loader")]
pub(crate) mod decoded;
mod device;
mod gather;
mod memory;
mod mixing;
mod run;
#[cfg(test)]
mod tests;
mod transfer;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use batch::{GpuBatch, GpuImages, GpuRaggedBatch};
#[cfg(feature = "loader")]
pub(crate) use compile::ALIGNMENT;
pub use compile::Planner;
pub use compile::schedule::Grouping;
pub use device::adapter::{AdapterSummary, adapters};
pub use device::counters::Made;
pub use device::readback::Pending;
#[cfg(feature = "loader")]
pub(crate) use device::staging::Staging;
pub use memory::Memory;

use self::compile::{WORKGROUP_MEMORY, shader};
use self::device::{adapter, buffers, device_tables, errors, pipelines, staging, workspace};
use crate::batch::Images;
use crate::error::{Error, Result};
use crate::ops::OpKind;
use crate::output::{Output, Tensor};
use crate::plan::Plan;
use crate::report::Report;

/// Slots of mapped memory that take turns: while the device is at what one sent, the next is filled.
const SLOTS: usize = 2;
/// The most that are kept, for more threads that send at the same time.
const MOST_SLOTS: usize = 8;

/// A device that runs plans, with its compiled pipelines and its tables.
///
/// Threads may share it. Dropping it frees what it allocated; buffers that it returned stay.
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    summary: AdapterSummary,
    grouping: Grouping,
    workgroup_memory: usize,
    pipelines: pipelines::Pipelines,
    allocator: buffers::Allocator,
    /// Buffers that change hands: whole batches, and what is fetched.
    pool: Arc<buffers::Pool>,
    /// Those that no batch uses now; the one used last comes last.
    workspaces: Mutex<Vec<workspace::Workspace>>,
    /// What programs and images of host memory are sent through.
    staging: staging::Staging,
    tables: Mutex<device_tables::DeviceTables>,
    loss: errors::Loss,
    /// Operations of all plans so far, sorted.
    seen: Mutex<Vec<OpKind>>,
    /// burn's name for the device, if burn uses it too. The module `burn` reads and writes it.
    #[cfg(feature = "burn")]
    pub(crate) burn: Option<::burn::tensor::Device>,
}

impl Gpu {
    /// Opens the best adapter, a software one if there is no other.
    ///
    /// # Errors
    /// [`Error::NoGpu`] with the reason.
    pub fn new() -> Result<Self> {
        Gpu::open(&adapter::all())
    }

    /// Opens the best adapter that is not software.
    ///
    /// # Errors
    /// [`Error::NoGpu`] with the reason.
    pub fn hardware() -> Result<Self> {
        let (software, hardware): (Vec<_>, Vec<_>) =
            adapter::all().into_iter().partition(|a| a.get_info().device_type == wgpu::DeviceType::Cpu);
        if hardware.is_empty()
            && let Some(adapter) = software.first()
        {
            let name = adapter.get_info().name;
            return Err(Error::NoGpu(format!("{name} computes on the CPU, slower than the CPU executor")));
        }
        Gpu::open(&hardware)
    }

    fn open(adapters: &[wgpu::Adapter]) -> Result<Self> {
        let adapter = adapters.first().ok_or_else(|| Error::NoGpu("no adapter was found".to_string()))?;
        let (device, queue) = adapter::open(adapter)?;
        let gpu = Gpu::from_device(device, queue)?;
        gpu.loss.listen(&gpu.device);
        Ok(gpu)
    }

    /// Uses a device that the caller opened, for example a training framework's.
    ///
    /// The caller's callbacks for lost devices and uncaptured errors stay.
    ///
    /// # Errors
    /// [`Error::NoGpu`] if the device was opened with less than WebGPU's default limits.
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self> {
        let limits = device.limits();
        for (what, has, needed) in [
            ("storage buffers a stage", limits.max_storage_buffers_per_shader_stage, 7),
            ("invocations a workgroup", limits.max_compute_invocations_per_workgroup, shader::THREADS as u32),
            ("bytes of workgroup memory", limits.max_compute_workgroup_storage_size, WORKGROUP_MEMORY as u32),
        ] {
            if has < needed {
                return Err(Error::NoGpu(format!("the device allows {has} {what}, and {needed} are needed")));
            }
        }
        let loss = errors::Loss::default();
        let allocator = buffers::Allocator::new(&device);
        let pipelines = errors::guarded(&device, &loss, || Ok(pipelines::Pipelines::new(&device)))?;
        Ok(Gpu {
            summary: AdapterSummary::of(&device.adapter_info()),
            grouping: Grouping::default(),
            workgroup_memory: limits.max_compute_workgroup_storage_size as usize,
            pipelines,
            pool: Arc::new(buffers::Pool::new(allocator.clone())),
            workspaces: Mutex::default(),
            staging: staging::Staging::new(SLOTS, MOST_SLOTS),
            tables: Mutex::default(),
            allocator,
            loss,
            seen: Mutex::default(),
            #[cfg(feature = "burn")]
            burn: None,
            device,
            queue,
        })
    }

    /// Another way to divide a batch among dispatches. The bytes stay the same.
    #[must_use]
    pub fn grouping(self, grouping: Grouping) -> Self {
        Gpu { grouping, ..self }
    }

    /// The device.
    pub fn device(&self) -> &wgpu::Device {
        &self.device
    }

    /// The queue that everything is submitted to.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// What runs: the adapter.
    pub fn adapter(&self) -> &AdapterSummary {
        &self.summary
    }

    /// The adapter's name, backend and kind, for people.
    pub fn description(&self) -> String {
        format!("{} ({}, {})", self.summary.name, self.summary.backend, self.summary.kind)
    }

    /// What was created on the device so far. A batch like those before creates nothing: not for [`Gpu::apply`], and not for
    /// [`Gpu::apply_into`] if the same few buffers take turns; [`Gpu::apply_resident`] finds what [`Gpu::recycle`] was given.
    /// Ever new blends need a buffer for their tables now and then.
    pub fn made(&self) -> Made {
        self.allocator.counters.made()
    }

    /// Drops whatever is only kept for the next batch, but for tables and pipelines. What was submitted keeps its own.
    pub fn trim(&self) {
        self.pool.forget();
        self.workspaces().clear();
        self.staging.forget();
    }

    /// Takes back a batch that [`Gpu::upload`] or [`Gpu::apply_resident`] returned, for its buffer to be used again. Whatever
    /// was submitted before still finds the images there; clones of the batch and of its buffer must not be used any more,
    /// as others' images will be in it. A batch of other origin is dropped.
    pub fn recycle(&self, batch: GpuBatch) {
        if let Some(buffer) = batch.into_buffer(&self.pool) {
            self.give_back(self.allocator.hold(transfer::BATCH, buffer));
        }
    }

    /// How many pipelines there are.
    pub fn pipelines(&self) -> usize {
        self.pipelines.count()
    }

    /// Runs `f` and returns what the device had against it. wgpu hands out pipelines and buffers even where it could not make
    /// them, so that after a refusal whatever was kept is forgotten: the next call makes its own. Not so the tables, which are
    /// kept only once they were made and filled without an error, and which who is refused may have locked.
    fn guarded<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<T> {
        let result = errors::guarded(&self.device, &self.loss, f);
        if let Err(Error::OutOfMemory(_) | Error::Device(_)) = result {
            self.pipelines.forget();
            self.trim();
        }
        result
    }

    fn tables(&self) -> MutexGuard<'_, device_tables::DeviceTables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn workspaces(&self) -> MutexGuard<'_, Vec<workspace::Workspace>> {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operations that kernels are made for: this plan's and those of all before. A policy's kernels never change, and
    /// plans made by hand soon find theirs made, instead of each having its own.
    fn operations(&self, plan: &Plan) -> Vec<OpKind> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(plan.operations());
        seen.sort();
        seen.dedup();
        seen.clone()
    }

    /// Applies `plan` to a batch in host memory and returns the result there.
    ///
    /// A batch that exceeds the device's limits is run in pieces.
    ///
    /// # Errors
    /// Those of [`Executor::apply`](crate::Executor::apply).
    pub fn apply<'a>(&self, batch: impl Into<Images<'a>>, plan: &Plan, output: &Output) -> Result<(Tensor, Report)> {
        self.begin(batch, plan, output)?.wait()
    }

    /// Begins what [`Gpu::apply`] does and returns once it is submitted: the images are sent by then, and the caller can make
    /// the next batch ready, or begin it, while the device works.
    ///
    /// Each batch that is begun has memory of its own for its results until it was waited for. Of a batch that exceeds the
    /// device's limits two pieces are under way at a time, so that this waits for all but the last two.
    ///
    /// ```
    /// # fn main() -> autoaugment::Result<()> {
    /// use autoaugment::{Batch, Gpu, Layout, Output, Plan, Shape};
    /// # let Ok(gpu) = Gpu::new() else { return Ok(()) };
    /// let shape = Shape { images: 2, height: 1, width: 1, channels: 1 };
    /// let invert = Plan::uniform(2, vec!["Invert".parse()?]);
    /// let (mut pending, mut results) = (None, Vec::new());
    /// for value in [0, 50, 100] {
    ///     let batch = Batch::new(vec![value; 2], shape, Layout::Nhwc)?;
    ///     let begun = gpu.begin(&batch, &invert, &Output::u8())?;
    ///     // The device is at this batch; meanwhile the one before is fetched.
    ///     results.extend(pending.replace(begun).map(|before| before.wait()));
    /// }
    /// results.extend(pending.map(|last| last.wait()));
    /// for (result, expected) in results.into_iter().zip([255, 205, 155]) {
    ///     assert_eq!(result?.0.data.as_u8(), Some(&[expected; 2][..]));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Gpu::apply`]; some come when the batch is waited for.
    pub fn begin<'a>(&self, batch: impl Into<Images<'a>>, plan: &Plan, output: &Output) -> Result<Pending> {
        let batch = batch.into();
        let shape = batch.placement().shape(plan.check(batch.sizes())?);
        output.check()?;
        self.through_host(batch, shape, plan, output, Report::of(self.description(), plan))
    }

    /// Applies `plan` to a batch on the device and leaves the result there, in a new buffer or one that [`Gpu::recycle`] was
    /// given.
    ///
    /// Returns once the work is submitted; whatever is submitted to the queue later finds it done.
    ///
    /// # Errors
    /// Those of [`Executor::apply`](crate::Executor::apply), and [`Error::Buffer`] if the batch is not u8.
    pub fn apply_resident<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        plan: &Plan,
        output: &Output,
    ) -> Result<(GpuBatch, Report)> {
        let batch = batch.into();
        let shape = batch.shape_after(plan)?;
        output.check()?;
        let (buffer, passing) = self.result_buffer(shape, output)?;
        let into = transfer::Destination { buffer: &buffer, offset: 0, shape, output, passing };
        let report = self.apply_to(batch, plan, into)?;
        let layout = output.layout(batch.layout());
        let augmented = GpuBatch::new(buffer.release(), 0, shape, layout, output.dtype())?;
        Ok((augmented.at_home_in(&self.pool), report))
    }

    /// Applies `plan` to a batch on the device and writes the result into memory that the caller owns, contiguous from
    /// byte `offset` of `buffer`. Other bytes are not touched.
    ///
    /// # Errors
    /// Those of [`Gpu::apply_resident`], and [`Error::Buffer`] if `offset` is no multiple of 4, the buffer is too small or
    /// the input itself, or it lacks the usage `STORAGE`.
    pub fn apply_into<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        plan: &Plan,
        output: &Output,
        buffer: &wgpu::Buffer,
        offset: u64,
    ) -> Result<Report> {
        let batch = batch.into();
        let shape = batch.shape_after(plan)?;
        output.check()?;
        batch::check_room(buffer, offset, shape, output.dtype())?;
        self.apply_to(batch, plan, transfer::Destination { buffer, offset, shape, output, passing: false })
    }

    /// A buffer for results that stay on the device, and whether it is new.
    fn result_buffer(&self, shape: crate::Shape, output: &Output) -> Result<(buffers::Held, bool)> {
        let bytes = (shape.values() as u64 * output.dtype().bytes() as u64).next_multiple_of(4);
        match self.pool.again(transfer::BATCH, bytes, transfer::storage()) {
            Some(buffer) => Ok((buffer, false)),
            None => Ok((self.guarded(|| self.pool.take(transfer::BATCH, bytes, transfer::storage()))?, true)),
        }
    }

    fn apply_to(&self, batch: GpuImages<'_>, plan: &Plan, into: transfer::Destination<'_>) -> Result<Report> {
        batch::check_apart(batch.buffer, into.buffer)?;
        batch::check_bytes(batch.dtype)?;
        let mut report = Report::of(self.description(), plan);
        self.on_device(batch, plan, into, &mut report)?;
        Ok(report)
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu").field("adapter", &self.summary).field("grouping", &self.grouping).finish_non_exhaustive()
    }
}
