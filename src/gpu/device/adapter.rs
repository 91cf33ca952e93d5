//! Adapters: the adapters of this machine, and the choice among them.

use std::fmt;

use serde::Serialize;

#[cfg(not(target_arch = "wasm32"))]
use super::waiting;
use crate::error::{Error, Result};

/// One adapter of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AdapterSummary {
    /// The name that its driver gives.
    pub name: String,
    /// Vulkan, Metal or DX12.
    pub backend: String,
    /// Discrete, integrated, virtual, or software.
    pub kind: String,
    /// The driver and its version.
    pub driver: String,
    /// Whether it computes on the CPU. [`Device::Auto`](crate::Device::Auto) never takes such adapters.
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

impl fmt::Display for AdapterSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.backend, self.kind)
    }
}

/// Every adapter of this machine, in the order in which they would be taken. An adapter's place in this list is its
/// number, from 0, for [`Device::adapter`](crate::Device::adapter) and [`Gpu::with_adapter`](crate::Gpu::with_adapter).
#[cfg(not(target_arch = "wasm32"))]
pub fn adapters() -> Vec<AdapterSummary> {
    waiting::block_on(adapters_async())
}

/// What [`adapters`](fn@adapters) lists.
pub async fn adapters_async() -> Vec<AdapterSummary> {
    all().await.iter().map(|adapter| AdapterSummary::of(&adapter.get_info())).collect()
}

/// Every adapter, hardware GPUs first.
pub(crate) async fn all() -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let mut adapters = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;
    adapters.sort_by_key(|adapter| match adapter.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    });
    adapters
}

/// The place of the adapter `name`: its number in the list, or the first one with this text in its name. Case does not
/// matter. One or two digits are always a number, because almost every name contains some digit.
pub(crate) fn find(adapters: &[AdapterSummary], name: &str) -> Result<usize> {
    let wanted = name.trim().to_lowercase();
    let numbered = wanted.parse::<usize>().ok().filter(|&number| number < adapters.len());
    let is_number = wanted.len() <= 2 && wanted.parse::<usize>().is_ok();
    let is_it =
        |adapter: &AdapterSummary| !wanted.is_empty() && !is_number && adapter.name.to_lowercase().contains(&wanted);
    let named = || adapters.iter().position(is_it);
    numbered.or_else(named).ok_or_else(|| {
        let each = adapters.iter().enumerate().map(|(number, adapter)| format!("{number}: {adapter}"));
        let there = each.collect::<Vec<_>>().join("; ");
        let there = if there.is_empty() { "there are no adapters".to_string() } else { format!("there are {there}") };
        Error::NoGpu(format!("no adapter has the number or the name `{name}`; {there}"))
    })
}

/// Opens an adapter with WebGPU's guaranteed limits, and with its own sizes if they are larger. Time stamps are on if
/// it has them, to time kernels.
pub(crate) async fn open(adapter: &wgpu::Adapter) -> Result<(wgpu::Device, wgpu::Queue)> {
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
    let opened = adapter.request_device(&descriptor).await;
    opened.map_err(|e| Error::NoGpu(format!("{}: {e}", adapter.get_info().name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str) -> AdapterSummary {
        let [backend, kind, driver] = ["Vulkan", "discrete", ""].map(String::from);
        AdapterSummary { name: name.to_string(), backend, kind, driver, is_software: false }
    }

    #[test]
    fn adapters_are_found_by_number_or_by_a_part_of_their_name() {
        let adapters = ["NVIDIA RTX 4090", "NVIDIA GTX 1080", "llvmpipe (LLVM 19)"].map(adapter);
        for (name, number) in
            [("0", 0), ("2", 2), ("nvidia", 0), ("gtx", 1), (" LLVMpipe ", 2), ("1080", 1), ("4090", 0)]
        {
            assert_eq!(find(&adapters, name), Ok(number), "{name}");
        }
    }

    #[test]
    fn what_is_not_there_is_refused_with_what_is() {
        let adapters = ["NVIDIA RTX 4090", "llvmpipe"].map(adapter);
        for name in ["AMD", "7"] {
            let message = format!(
                "no usable GPU: no adapter has the number or the name `{name}`; \
                 there are 0: NVIDIA RTX 4090 (Vulkan, discrete); 1: llvmpipe (Vulkan, discrete)"
            );
            assert_eq!(find(&adapters, name).unwrap_err().to_string(), message);
        }
        let none = find(&[], "0").unwrap_err().to_string();
        assert_eq!(none, "no usable GPU: no adapter has the number or the name `0`; there are no adapters");
    }
}
