//! Open: makes a [`Gpu`] from an adapter or a device.

#[cfg(feature = "burn")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex};

use super::compile::grouping::Grouping;
use super::compile::seen::Seen;
use super::compile::{WORKGROUP_MEMORY, shader};
use super::device::adapter::{self, AdapterSummary};
use super::device::context::Context;
use super::device::pipelines::Pipelines;
use super::device::staging::Staging;
#[cfg(not(target_arch = "wasm32"))]
use super::device::waiting::block_on;
use super::device::workspace::Workspaces;
use super::{Gpu, Inner};
use crate::error::{Error, Result};

/// Slots of mapped memory that take turns. While the device works on one slot, the next one is filled.
const SLOTS: usize = 2;
/// The most slots that are kept, for threads that upload at the same time.
const MOST_SLOTS: usize = 8;

impl Gpu {
    /// Opens the best adapter, a software one if there is no other.
    ///
    /// # Errors
    /// [`Error::NoGpu`] with the reason.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn new() -> Result<Self> {
        block_on(Gpu::new_async())
    }

    /// Opens the best adapter, as [`Gpu::new`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::new`].
    pub async fn new_async() -> Result<Self> {
        Gpu::open(&adapter::all().await).await
    }

    /// Opens the best adapter that is not software.
    ///
    /// # Errors
    /// [`Error::NoGpu`] with the reason.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn hardware() -> Result<Self> {
        block_on(Gpu::hardware_async())
    }

    /// Opens the best adapter that is not software, as [`Gpu::hardware`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::hardware`].
    pub async fn hardware_async() -> Result<Self> {
        let is_software = |adapter: &wgpu::Adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        let (software, hardware): (Vec<_>, Vec<_>) = adapter::all().await.into_iter().partition(is_software);
        if hardware.is_empty()
            && let Some(adapter) = software.first()
        {
            let name = adapter.get_info().name;
            return Err(Error::NoGpu(format!("{name} is a software adapter, slower than the CPU executor")));
        }
        Gpu::open(&hardware).await
    }

    /// Opens the adapter with this number in the list of [`adapters`](fn@super::adapters), or the first one with this
    /// text in its name. Case does not matter.
    ///
    /// # Errors
    /// [`Error::NoGpu`] with the adapters that there are, or with the reason why it cannot be opened.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn with_adapter(name: &str) -> Result<Self> {
        block_on(Gpu::with_adapter_async(name))
    }

    /// Opens an adapter by its number or name, as [`Gpu::with_adapter`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::with_adapter`].
    pub async fn with_adapter_async(name: &str) -> Result<Self> {
        let adapters = adapter::all().await;
        let summaries: Vec<_> = adapters.iter().map(|adapter| AdapterSummary::of(&adapter.get_info())).collect();
        let number = adapter::find(&summaries, name)?;
        Gpu::open(&adapters[number..]).await
    }

    async fn open(adapters: &[wgpu::Adapter]) -> Result<Self> {
        let adapter = adapters.first().ok_or_else(|| Error::NoGpu("no adapter was found".to_string()))?;
        let (device, queue) = adapter::open(adapter).await?;
        let gpu = Gpu::from_device_async(device, queue).await?;
        let Context { device, loss, .. } = &gpu.inner.context;
        loss.listen(device);
        Ok(gpu)
    }

    /// Uses a device that you opened, for example a training framework's.
    ///
    /// Your callbacks for lost devices and uncaptured errors stay.
    ///
    /// # Errors
    /// [`Error::NoGpu`] if the device was opened with less than WebGPU's default limits.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self> {
        block_on(Gpu::from_device_async(device, queue))
    }

    /// Uses a device that the caller opened, as [`Gpu::from_device`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::from_device`].
    pub async fn from_device_async(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self> {
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
        let pipelines = context.guarded(|| Ok(Pipelines::new(&context.device))).await?;
        let inner = Inner {
            context,
            summary,
            workgroup_memory: limits.max_compute_workgroup_storage_size as usize,
            pipelines,
            workspaces: Workspaces::default(),
            staging: Staging::new(SLOTS, MOST_SLOTS),
            tables: Mutex::default(),
            seen: Seen::default(),
            #[cfg(feature = "burn")]
            framework: OnceLock::new(),
        };
        Ok(Gpu { inner: Arc::new(inner), grouping: Grouping::default() })
    }
}
