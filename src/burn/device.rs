//! Device: one wgpu device for burn and for this crate, whoever opened it.

use ::burn::tensor::Device;
use ::burn::tensor::wgpu::{WgpuInitError, WgpuOptions, WgpuSetup};

use crate::error::{Error, Result};
use crate::gpu::Gpu;

/// Has burn open its default wgpu device and uses it too.
///
/// burn asks for everything that its kernels may need, and its `Device::default()` is this device from then on, so that this is
/// the way to take unless a wgpu device exists already. It works once a process, before burn has made a tensor on wgpu.
///
/// # Errors
/// [`Error::NoGpu`] if there is no adapter, [`Error::Burn`] if burn has opened the device before.
pub fn open() -> Result<(Device, Gpu)> {
    open_with(Device::wgpu_options())
}

/// [`open`] with burn's options: which adapter, which memory.
///
/// # Errors
/// Those of [`open`].
pub fn open_with(options: WgpuOptions) -> Result<(Device, Gpu)> {
    let (device, setup) = options.init_with_setup().map_err(refused)?;
    let gpu = join(&device, setup.device, setup.queue)?;
    Ok((device, gpu))
}

/// Another [`Gpu`] on a device that burn uses already: one that [`open`] or [`share`] returned, or whose handles burn's
/// `init_with_setup` did. Augmenters share a `Gpu` by its clones; this is for wgpu handles that come from elsewhere.
///
/// `wgpu` and `queue` must be the very device that `device` stands for, which nothing can check: with others, wgpu panics or
/// writes elsewhere.
///
/// # Errors
/// Those of [`Gpu::from_device`].
pub fn join(device: &Device, wgpu: wgpu::Device, queue: wgpu::Queue) -> Result<Gpu> {
    let gpu = Gpu::from_device(wgpu, queue)?;
    gpu.set_framework_device(device.clone().without_autodiff());
    Ok(gpu)
}

/// Gives burn a device that the caller opened, with what [`device_descriptor`] asks for, and uses it too.
///
/// burn's `Device::default()` stays another device: pass the returned one to everything. Call it once for a device; burn does
/// not notice if the same is given twice, and then queues in two places.
///
/// burn listens to lost devices and uncaptured errors from then on, instead of whoever did before.
///
/// # Errors
/// [`Error::Burn`] if the device lacks a feature or limit that burn would use, or burn refuses it; those of
/// [`Gpu::from_device`].
pub fn share(setup: WgpuSetup) -> Result<(Device, Gpu)> {
    // burn looks at the adapter where it should look at the device, and what is missing would be noticed only by the first
    // kernel that needs it, as a panic.
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

/// What a device must be opened with so that [`share`] can give it to burn.
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

/// Everything that the adapter has. Not the experimental features, which would need `unsafe` and which burn's WGSL does not use;
/// nor mapping of primary buffers, which burn does not ask for either, since it slows discrete GPUs down.
fn needed_features(adapter: &wgpu::Adapter) -> wgpu::Features {
    adapter.features() - wgpu::Features::MAPPABLE_PRIMARY_BUFFERS - wgpu::Features::all_experimental_mask()
}

/// Refuses a device that is not the one that `gpu` shares with burn. wgpu does not: it takes a buffer's number, which in
/// another instance of wgpu is another buffer's or nobody's, and then it panics.
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
