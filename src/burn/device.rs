//! Device: one wgpu device for burn and for this crate, opened by either or by you.

use ::burn::tensor::Device;
use ::burn::tensor::wgpu::{WgpuInitError, WgpuOptions, WgpuSetup};

use crate::error::{Error, Result};
use crate::gpu::Gpu;

/// Opens burn's default wgpu device and uses it too.
///
/// burn requests all features of its kernels, and its `Device::default()` is this device from then on. Use this call
/// unless a wgpu device exists already. It works once per process, before burn makes its first tensor on wgpu.
///
/// # Errors
/// [`Error::NoGpu`] if there is no adapter, [`Error::Burn`] if burn has opened the device before.
pub fn open() -> Result<(Device, Gpu)> {
    open_with(Device::wgpu_options())
}

/// [`open`] with burn's options for adapter and memory.
///
/// # Errors
/// Those of [`open`].
pub fn open_with(options: WgpuOptions) -> Result<(Device, Gpu)> {
    let (device, setup) = options.init_with_setup().map_err(refused)?;
    let gpu = join(&device, setup.device, setup.queue)?;
    Ok((device, gpu))
}

/// A [`Gpu`] on a device that burn uses already, from [`open`], [`share`] or burn's `init_with_setup`. Augmenters share
/// a `Gpu` by its clones. This call is for wgpu handles from elsewhere.
///
/// `wgpu` and `queue` must be the same device as `device`. This cannot be checked: with others, wgpu panics or writes
/// elsewhere.
///
/// # Errors
/// Those of [`Gpu::from_device`].
pub fn join(device: &Device, wgpu: wgpu::Device, queue: wgpu::Queue) -> Result<Gpu> {
    let gpu = Gpu::from_device(wgpu, queue)?;
    gpu.set_framework_device(device.clone().without_autodiff());
    Ok(gpu)
}

/// Gives burn a device that you opened with [`device_descriptor`], and uses it too.
///
/// burn's `Device::default()` stays another device, so pass the returned one to every call. Call this once per device.
/// burn does not notice a device that it gets twice, and then queues in two places.
///
/// From then on, burn handles lost devices and uncaptured errors, in place of earlier callbacks.
///
/// # Errors
/// [`Error::Burn`] if the device lacks a feature or limit of burn, or if burn refuses it. Those of
/// [`Gpu::from_device`].
pub fn share(setup: WgpuSetup) -> Result<(Device, Gpu)> {
    // burn checks the adapter where it should check the device. Without this check, the first kernel that needs a
    // missing feature would panic.
    let missing = needed_features(&setup.adapter) - setup.device.features();
    if !missing.is_empty() {
        return Err(Error::Burn(format!("the device was opened without {missing}; see `device_descriptor`")));
    }
    let (has, needed) = (setup.device.limits(), setup.adapter.limits());
    if !needed.check_limits(&has) {
        return Err(Error::Burn("the device was opened with less than the adapter's limits".to_string()));
    }
    let (wgpu_device, queue) = (setup.device.clone(), setup.queue.clone());
    let device = Device::wgpu_options().setup(setup).init().map_err(refused)?;
    let gpu = join(&device, wgpu_device, queue)?;
    Ok((device, gpu))
}

/// The descriptor of a device that [`share`] can give to burn.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use burn::tensor::wgpu::WgpuSetup;
/// let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
/// let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))?;
/// let descriptor = autoaugment::burn::device_descriptor(&adapter);
/// let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))?;
/// let backend = adapter.get_info().backend;
/// let (device, gpu) = autoaugment::burn::share(WgpuSetup { instance, adapter, device, queue, backend })?;
/// # Ok(())
/// # }
/// ```
pub fn device_descriptor(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    wgpu::DeviceDescriptor {
        label: Some("autoaugment and burn"),
        required_features: needed_features(adapter),
        required_limits: adapter.limits(),
        // burn allocates pages and divides them itself.
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..wgpu::DeviceDescriptor::default()
    }
}

/// All features of the adapter, with two exceptions. Experimental features need `unsafe`, and burn's WGSL does not use
/// them. Mapping of primary buffers slows discrete GPUs down, and burn does not request it either.
fn needed_features(adapter: &wgpu::Adapter) -> wgpu::Features {
    adapter.features() - wgpu::Features::MAPPABLE_PRIMARY_BUFFERS - wgpu::Features::all_experimental_mask()
}

/// Refuses a device that `gpu` does not share with burn. wgpu does not refuse it. It takes a buffer's number, which in
/// another instance of wgpu belongs to another buffer or to none, and then it panics.
pub(super) fn check_shared(gpu: &Gpu, device: &Device) -> Result<()> {
    match gpu.framework_device::<Device>() {
        Some(own) if own == device => Ok(()),
        Some(own) => Err(Error::Burn(format!("the tensor would be on {device:?}, and this GPU is {own:?}"))),
        None => Err(Error::Burn("this GPU is not shared with burn: open it with the module `burn`".to_string())),
    }
}

fn refused(error: WgpuInitError) -> Error {
    match error {
        WgpuInitError::AdapterUnavailable { .. } | WgpuInitError::RequestDevice { .. } => {
            Error::NoGpu(error.to_string())
        }
        _ => Error::Burn(error.to_string()),
    }
}
