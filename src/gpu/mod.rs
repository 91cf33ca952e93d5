//! GPU executor: a fixed handful of dispatches for a whole batch, whatever the policy drew.
//!
//! A plan's chains become programs (`program.rs`), the programs a schedule of dispatches (`schedule.rs`), and each dispatch
//! runs a kernel (`shader.rs`) that was put together from the WGSL of the operations it can need. Everything that takes more than
//! integers is done here on the host in f64 first; the kernels look up, add and compare integers, so that their bytes do
//! not depend on what a driver does to floating point.
//!
//! Images of a batch may have any sizes: each program says its own. Crops and flips in front of other operations are a map of
//! coordinates (`frame.rs`) that fetching goes through, at no cost in passes. Resizing has two passes of weighted sums; the
//! first is a dispatch of its own into an intermediate buffer, the second is evaluated where the next kernel fetches.
//!
//! Needs no optional feature of wgpu and no more than WebGPU's default limits.

mod adapter;
mod batch;
#[cfg(test)]
mod browser;
mod buffers;
mod errors;
mod frame;
mod gather;
mod interpolated;
mod pipelines;
mod program;
mod run;
mod schedule;
mod shader;
#[cfg(test)]
mod shader_tests;
#[cfg(feature = "loader")]
pub(crate) mod staging;
mod steps;
mod tables;
mod transfer;
#[cfg(test)]
mod variants;

use std::fmt;
use std::sync::{Mutex, PoisonError};

pub use adapter::{AdapterSummary, adapters};
pub use batch::{GpuBatch, GpuImages, GpuRaggedBatch};
pub use schedule::Grouping;

use crate::batch::{Layout, Shape};
use crate::error::{Error, Result};
use crate::images::{Images, Placement};
use crate::ops::OpKind;
use crate::output::{Output, Tensor};
use crate::plan::Plan;
use crate::report::Report;

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
    pool: buffers::Pool,
    tables: Mutex<SharedTables>,
    loss: errors::Loss,
    /// Operations of all plans so far, sorted.
    seen: Mutex<Vec<OpKind>>,
    /// burn's name for the device, if burn uses it too. The module `burn` reads and writes it.
    #[cfg(feature = "burn")]
    pub(crate) burn: Option<::burn::tensor::Device>,
}

/// The tables on the host, and what of them is on the device.
struct SharedTables {
    host: tables::Tables,
    buffer: Option<wgpu::Buffer>,
    uploaded: usize,
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
            ("bytes of workgroup memory", limits.max_compute_workgroup_storage_size, 16384),
        ] {
            if has < needed {
                return Err(Error::NoGpu(format!("the device allows {has} {what}, and {needed} are needed")));
            }
        }
        let loss = errors::Loss::default();
        let pipelines = errors::guarded(&device, &loss, || Ok(pipelines::Pipelines::new(&device)))?;
        Ok(Gpu {
            summary: AdapterSummary::of(&device.adapter_info()),
            grouping: Grouping::default(),
            workgroup_memory: limits.max_compute_workgroup_storage_size as usize,
            pipelines,
            pool: buffers::Pool::default(),
            tables: Mutex::new(SharedTables { host: tables::Tables::new(), buffer: None, uploaded: 0 }),
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

    /// How many pipelines were compiled so far.
    pub fn pipelines(&self) -> usize {
        self.pipelines.count()
    }

    /// Runs `f` and returns what the device had against it. wgpu hands out pipelines and buffers even where it could not make
    /// them, so that after a refusal whatever was kept is forgotten: the next call makes its own.
    fn guarded<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<T> {
        let result = errors::guarded(&self.device, &self.loss, f);
        if let Err(Error::OutOfMemory(_) | Error::Device(_)) = result {
            self.pipelines.forget();
            self.pool.forget();
            self.tables.lock().unwrap_or_else(PoisonError::into_inner).buffer = None;
        }
        result
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
        let batch = batch.into();
        let shape = batch.placement().shape(plan.check(batch.sizes())?);
        output.check()?;
        let mut report = Report::of(self.description(), plan);
        let tensor = self.guarded(|| self.through_host(batch, shape, plan, output, &mut report))?;
        Ok((tensor, report))
    }

    /// Applies `plan` to a batch on the device and leaves the result there.
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
        let bytes = shape.values() as u64 * output.dtype().bytes() as u64;
        let buffer = self.guarded(|| self.new_storage("augmented batch", bytes))?;
        let report = self.apply_into(batch, plan, output, &buffer, 0)?;
        let layout = output.layout(batch.layout());
        Ok((GpuBatch::new(buffer, 0, shape, layout, output.dtype())?, report))
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
        if batch.buffer == buffer {
            return Err(Error::Buffer("the output must be another buffer than the input".to_string()));
        }
        if batch.dtype != crate::Dtype::U8 {
            return Err(Error::Buffer(format!("the input is {:?} and must be U8", batch.dtype)));
        }
        let mut report = Report::of(self.description(), plan);
        let into = transfer::Destination { buffer, offset, shape, output };
        self.guarded(|| self.on_device(batch, plan, into, &mut report))?;
        Ok(report)
    }
}

/// Makes programs without a device, for benchmarks.
#[doc(hidden)]
#[derive(Debug)]
pub struct Planner(tables::Tables);

impl Default for Planner {
    fn default() -> Self {
        Planner(tables::Tables::new())
    }
}

impl Planner {
    /// Does all that the host does for a batch but drawing and submitting; returns the words of its programs.
    ///
    /// # Errors
    /// Those of [`Gpu::apply`].
    pub fn programs(&mut self, plan: &Plan, shape: Shape, output: &Output) -> Result<usize> {
        let placed = Placement::uniform(shape, Layout::Nhwc);
        let sources: Vec<u32> = (0..shape.images).map(|i| placed.range(i).start as u32).collect();
        let shape = placed.shape(plan.check(shape)?);
        let prepared = steps::Prepared::new(plan, &placed, output, &mut self.0)?;
        let piece = steps::Piece {
            images: &prepared.segmented,
            normalize: prepared.normalize,
            shape,
            layout: Layout::Nhwc,
            output,
            sources: &sources,
            partner: &|partner| sources[partner],
            first_value: 0,
            operations: plan.operations(),
        };
        Ok(steps::Steps::of(&piece, Grouping::ByClass, 16384)?.programs.len())
    }
}

impl SharedTables {
    /// The tables' buffer, with all that is on the host.
    fn on_device(&mut self, device: &wgpu::Device, queue: &wgpu::Queue) -> Result<wgpu::Buffer> {
        let bytes: &[u8] = bytemuck::cast_slice(self.host.words());
        let room = |b: &wgpu::Buffer| b.size() >= bytes.len() as u64;
        let buffer = match self.buffer.take().filter(room) {
            Some(buffer) => buffer,
            None => {
                self.uploaded = 0;
                device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("tables"),
                    // Twice what is needed now, so that growing stays rare.
                    size: (2 * bytes.len() as u64).next_multiple_of(16),
                    usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            }
        };
        if self.uploaded < bytes.len() {
            queue.write_buffer(&buffer, self.uploaded as u64, &bytes[self.uploaded..]);
            self.uploaded = bytes.len();
        }
        self.buffer = Some(buffer.clone());
        Ok(buffer)
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu").field("adapter", &self.summary).field("grouping", &self.grouping).finish_non_exhaustive()
    }
}
