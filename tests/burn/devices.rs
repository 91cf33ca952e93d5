//! Devices: how one is shared, and what happens with the wrong one.

use autoaugment::burn::{TensorMemory, device_descriptor, share};
use autoaugment::{Augmenter, Error, Gpu, Policy, Shape};
use burn::tensor::wgpu::{WgpuSetup, wgpu};
use burn::tensor::{Device, Tensor};

use crate::shared::*;

#[test]
fn burn_opens_its_device_once() {
    let Some(both) = both() else { return };
    assert_eq!(both[0].device, Device::wgpu(Default::default()));
    let again = autoaugment::burn::open();
    assert!(matches!(again, Err(Error::Burn(_))), "{:?}", again.map(|_| ()));
}

/// burn would take it, and its first reduction would panic.
#[test]
fn a_device_with_less_than_burn_uses_is_refused() {
    let Some(_) = both() else { return };
    let (instance, adapter) = adapter().unwrap();
    let default = wgpu::DeviceDescriptor::default();
    let features = wgpu::DeviceDescriptor { required_limits: Default::default(), ..device_descriptor(&adapter) };
    for (descriptor, word) in [(default, "without"), (features, "limits")] {
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
        let backend = adapter.get_info().backend;
        let setup = WgpuSetup { instance: instance.clone(), adapter: adapter.clone(), device, queue, backend };
        let message = share(setup).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn the_wrong_device_is_an_error() {
    let Some([burns, ours]) = both() else { return };
    let batch = batch(shape(2, 8, 8), 15);
    for device in [burns.device.clone(), burns.device.clone().autodiff(), Device::flex()] {
        let other = ours.augmenter(F32).augment_tensor(&batch, 0, &[0, 1], &device);
        assert!(matches!(other, Err(Error::Burn(_))), "{other:?}");
    }
    let alone = Augmenter::builder(Policy::cifar10()).gpu(Gpu::new().unwrap()).output(F32).build().unwrap();
    let other = alone.augment_tensor(&batch, 0, &[0, 1], &burns.device);
    assert!(matches!(other, Err(Error::Burn(_))), "{other:?}");
    // Both devices go on.
    for shared in [burns, ours] {
        let augmented = shared.augmenter(F32).augment_tensor(&batch, 0, &[0, 1], &shared.device).unwrap();
        assert_same(&bits(augmented.tensor), &expected(&batch, 0, F32), shared.way);
    }
}

#[test]
fn memory_of_the_wrong_tensor_is_an_error() {
    assert!(TensorMemory::of(&Tensor::<2>::ones([2, 2], &Device::flex())).is_err());
    let Some(both) = both() else { return };
    let autodiff = Tensor::<2>::ones([2, 2], &both[0].device.clone().autodiff());
    assert!(TensorMemory::of(&autodiff).is_err());
    assert!(TensorMemory::of(&autodiff.inner()).is_ok());
}

/// A tensor has to fit one binding. Where that is small enough to try, what is too large is an error and the device
/// goes on.
#[test]
fn a_tensor_that_does_not_fit() {
    let Some(both) = both() else { return };
    for shared in both {
        let limits = shared.wgpu().limits();
        let largest = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        if largest > 1 << 28 {
            eprintln!("SKIPPED: {largest} bytes fit, too much to try");
            continue;
        }
        let images = (largest / (4 * 512 * 512) + 1) as usize;
        let shape = Shape { images, height: 512, width: 512, channels: 1 };
        let batch = batch(shape, 16);
        let result = shared.augmenter(F32).augment_tensor(&batch, 0, &indices(shape), &shared.device);
        assert!(result.is_err(), "{}: {:?}", shared.way, result.map(|a| a.report));
        let small = crate::shared::shape(2, 8, 8);
        let batch = crate::shared::batch(small, 17);
        let augmented = shared.augmenter(F32).augment_tensor(&batch, 0, &[0, 1], &shared.device).unwrap();
        assert_same(&bits(augmented.tensor), &expected(&batch, 0, F32), shared.way);
    }
}
