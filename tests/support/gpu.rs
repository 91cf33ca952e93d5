//! What the tests of the GPU share: the adapter, and the comparison with the CPU.

use autoaugment::gpu::Grouping;
use autoaugment::{Batch, Device, Executor, Gpu, Images, Output, Plan, TensorData};

use super::batches::differences;

/// The adapter, or nothing, loudly; an error where one is required. It runs what a GPU would, even if it is software.
pub fn gpu() -> Option<Gpu> {
    match Gpu::new() {
        Ok(gpu) => {
            eprintln!("on {}", gpu.description());
            Some(gpu.grouping(Grouping::Whole))
        }
        Err(reason) if std::env::var("AUTOAUGMENT_REQUIRE_GPU").is_ok_and(|v| v == "1") => {
            panic!("AUTOAUGMENT_REQUIRE_GPU=1 and {reason}")
        }
        Err(reason) => {
            eprintln!("SKIPPED, no GPU: {reason}");
            None
        }
    }
}

/// A device of the same adapter with other limits than WebGPU's defaults, as a caller might hand over.
pub fn device_with(change: impl FnOnce(&mut wgpu::Limits)) -> Option<(wgpu::Device, wgpu::Queue)> {
    gpu()?;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).unwrap();
    let mut required_limits = wgpu::Limits::default();
    change(&mut required_limits);
    let descriptor = wgpu::DeviceDescriptor { required_limits, ..wgpu::DeviceDescriptor::default() };
    Some(pollster::block_on(adapter.request_device(&descriptor)).unwrap())
}

/// What [`gpu`] returns, on such a device.
pub fn gpu_with(change: impl FnOnce(&mut wgpu::Limits)) -> Option<Gpu> {
    let (device, queue) = device_with(change)?;
    Some(Gpu::from_device(device, queue).unwrap().grouping(Grouping::Whole))
}

/// What the CPU makes of a batch.
pub fn on_cpu(batch: &Batch<'_>, plan: &Plan, output: &Output) -> TensorData {
    Executor::new(Device::Cpu).unwrap().apply(batch, plan, output).unwrap().0.data
}

/// Runs a plan on the CPU and on the GPU in every form and panics with all differences.
pub fn check_all<'a>(gpu: &Gpu, batch: impl Into<Images<'a>>, plan: &Plan, outputs: &[Output], what: &str) {
    let batch = batch.into();
    let mut shape = None;
    let cpu = Executor::new(Device::Cpu).unwrap();
    let mut failures = Vec::new();
    for output in outputs {
        let (expected, _) = cpu.apply(batch, plan, output).unwrap();
        let (got, _) = gpu.apply(batch, plan, output).unwrap();
        failures.extend(
            differences(expected.shape, plan, &expected.data, &got.data)
                .into_iter()
                .map(|d| format!("{output:?}: {d}")),
        );
        shape = Some(expected.shape);
    }
    let count = failures.len();
    failures.truncate(20);
    assert!(count == 0, "{what} {shape:?}: {count} images differ\n{}", failures.join("\n"));
}
