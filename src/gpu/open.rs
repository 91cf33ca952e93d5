//! Open: adapters become a [`Gpu`].

#[cfg(feature = "burn")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex};

use super::compile::schedule::Grouping;
use super::compile::{WORKGROUP_MEMORY, shader};
use super::device::adapter::{self, AdapterSummary};
use super::device::context::Context;
use super::device::pipelines::Pipelines;
use super::device::staging::Staging;
use super::device::workspace::Workspaces;
use super::{Gpu, Inner};
use crate::error::{Error, Result};

/// Slots of mapped memory that take turns: while the device is at what one sent, the next is filled.
const SLOTS: usize = 2;
/// The most that are kept, for more threads that send at the same time.
const MOST_SLOTS: usize = 8;

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
            return Err(Error::NoGpu(format!("{name} is a software adapter, slower than the CPU executor")));
        }
        Gpu::open(&hardware)
    }

    /// Opens the adapter with this number in the list of [`adapters`](super::adapters), or the first whose name contains this
    /// text, whatever the case.
    ///
    /// # Errors
    /// [`Error::NoGpu`] with the adapters that there are, or with the reason why it cannot be opened.
    pub fn with_adapter(name: &str) -> Result<Self> {
        let adapters = adapter::all();
        let summaries: Vec<_> = adapters.iter().map(|adapter| AdapterSummary::of(&adapter.get_info())).collect();
        let number = adapter::find(&summaries, name)?;
        Gpu::open(&adapters[number..])
    }

    fn open(adapters: &[wgpu::Adapter]) -> Result<Self> {
        let adapter = adapters.first().ok_or_else(|| Error::NoGpu("no adapter was found".to_string()))?;
        let (device, queue) = adapter::open(adapter)?;
        let gpu = Gpu::from_device(device, queue)?;
        let Context { device, loss, .. } = &gpu.inner.context;
        loss.listen(device);
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
        let summary = AdapterSummary::of(&device.adapter_info());
        let context = Context::new(device, queue);
        let pipelines = context.guarded(|| Ok(Pipelines::new(&context.device)))?;
        let inner = Inner {
            context,
            summary,
            workgroup_memory: limits.max_compute_workgroup_storage_size as usize,
            pipelines,
            workspaces: Workspaces::default(),
            staging: Staging::new(SLOTS, MOST_SLOTS),
            tables: Mutex::default(),
            seen: Mutex::default(),
            #[cfg(feature = "burn")]
            framework: OnceLock::new(),
        };
        Ok(Gpu { inner: Arc::new(inner), grouping: Grouping::default() })
    }
}
