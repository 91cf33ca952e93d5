//! Adapters: what the machine has, and which one is taken.

use serde::Serialize;

use crate::error::{Error, Result};

/// One adapter of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdapterSummary {
    /// The name that its driver gives.
    pub name: String,
    /// Vulkan, Metal or DX12.
    pub backend: String,
    /// Discrete, integrated, virtual, or software.
    pub kind: String,
    /// The driver and its version.
    pub driver: String,
    /// Whether it computes on the CPU; such adapters are never taken by [`Device::Auto`](crate::Device::Auto).
    pub is_software: bool,
}

impl AdapterSummary {
    pub(crate) fn of(info: &wgpu::AdapterInfo) -> Self {
        let kind = match info.device_type {
            wgpu::DeviceType::DiscreteGpu => "discrete",
            wgpu::DeviceType::IntegratedGpu => "integrated",
            wgpu::DeviceType::VirtualGpu => "virtual",
            wgpu::DeviceType::Cpu => "software",
            wgpu::DeviceType::Other => "other",
        };
        AdapterSummary {
            name: info.name.clone(),
            backend: format!("{:?}", info.backend),
            kind: kind.to_string(),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_string(),
            is_software: info.device_type == wgpu::DeviceType::Cpu,
        }
    }
}

/// Every adapter of this machine, the ones that would be taken first in front.
pub fn adapters() -> Vec<AdapterSummary> {
    all().iter().map(|adapter| AdapterSummary::of(&adapter.get_info())).collect()
}

/// Every adapter, real GPUs in front.
pub(crate) fn all() -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    adapters.sort_by_key(|adapter| match adapter.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    });
    adapters
}

/// Opens an adapter with what WebGPU guarantees, its own sizes where they are larger, and, for whoever wants to time kernels,
/// time stamps where it has them.
pub(crate) fn open(adapter: &wgpu::Adapter) -> Result<(wgpu::Device, wgpu::Queue)> {
    let own = adapter.limits();
    let required_limits = wgpu::Limits {
        max_buffer_size: own.max_buffer_size,
        max_storage_buffer_binding_size: own.max_storage_buffer_binding_size,
        max_compute_workgroup_storage_size: own.max_compute_workgroup_storage_size,
        min_storage_buffer_offset_alignment: own.min_storage_buffer_offset_alignment,
        ..wgpu::Limits::default()
    };
    let required_features = adapter.features() & wgpu::Features::TIMESTAMP_QUERY;
    let label = Some("autoaugment");
    let descriptor =
        wgpu::DeviceDescriptor { label, required_features, required_limits, ..wgpu::DeviceDescriptor::default() };
    pollster::block_on(adapter.request_device(&descriptor))
        .map_err(|e| Error::NoGpu(format!("{}: {e}", adapter.get_info().name)))
}
