//! What the tests share: one device in burn's hands and ours, in both ways, and what the CPU makes of a batch.

use std::sync::OnceLock;

use autoaugment::{Augmenter, Batch, Error, Gpu, Layout, Normalize, Output, Policy, Shape};
use burn::tensor::wgpu::{WgpuSetup, wgpu};
use burn::tensor::{DType, Device, Tensor};

use crate::support::batches::batch_of;

pub const F32: Output = Output::f32(Layout::Nchw, Normalize::IMAGENET);
pub const F16: Output = Output::f16(Layout::Nchw, Normalize::IMAGENET);

/// One wgpu device that burn and we use.
pub struct Shared {
    pub way: &'static str,
    pub device: Device,
    wgpu: wgpu::Device,
    queue: wgpu::Queue,
}

/// A device that burn opened and one that burn was given, or nothing, loudly; an error where a GPU is required.
pub fn both() -> Option<&'static [Shared; 2]> {
    static BOTH: OnceLock<Result<[Shared; 2], Error>> = OnceLock::new();
    let open = || {
        let shared = |way, (device, gpu): (Device, Gpu)| Shared {
            way,
            device,
            wgpu: gpu.device().clone(),
            queue: gpu.queue().clone(),
        };
        let burns = shared("burn's device", autoaugment::burn::open()?);
        Ok([burns, shared("our device", autoaugment::burn::share(setup()?)?)])
    };
    match BOTH.get_or_init(open) {
        Ok(both) => Some(both),
        Err(Error::NoGpu(reason)) if std::env::var("AUTOAUGMENT_REQUIRE_GPU").is_ok_and(|v| v == "1") => {
            panic!("AUTOAUGMENT_REQUIRE_GPU=1 and {reason}")
        }
        Err(Error::NoGpu(reason)) => {
            eprintln!("SKIPPED, no GPU: {reason}");
            None
        }
        Err(other) => panic!("{other}"),
    }
}

/// A device that was opened as `device_descriptor` says.
pub fn setup() -> Result<WgpuSetup, Error> {
    let (instance, adapter) = adapter()?;
    let descriptor = autoaugment::burn::device_descriptor(&adapter);
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    let backend = adapter.get_info().backend;
    Ok(WgpuSetup { instance, adapter, device, queue, backend })
}

pub fn adapter() -> Result<(wgpu::Instance, wgpu::Adapter), Error> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()));
    Ok((instance, adapter.map_err(|e| Error::NoGpu(e.to_string()))?))
}

impl Shared {
    pub fn gpu(&self) -> Gpu {
        autoaugment::burn::join(&self.device, self.wgpu.clone(), self.queue.clone()).unwrap()
    }

    pub fn wgpu(&self) -> &wgpu::Device {
        &self.wgpu
    }

    /// The CIFAR-10 policy with a fixed seed, on this device.
    pub fn augmenter(&self, output: Output) -> Augmenter {
        Augmenter::builder(Policy::cifar10()).seed(11).gpu(self.gpu()).output(output).build().unwrap()
    }
}

/// The CIFAR-10 policy with the same seed, on the CPU.
pub fn on_cpu(output: Output) -> Augmenter {
    Augmenter::builder(Policy::cifar10()).seed(11).device(autoaugment::Device::Cpu).output(output).build().unwrap()
}

pub fn shape(images: usize, height: usize, width: usize) -> Shape {
    Shape { images, height, width, channels: 3 }
}

pub fn batch(shape: Shape, seed: u64) -> Batch<'static> {
    batch_of(shape, Layout::Nhwc, seed)
}

pub fn indices(shape: Shape) -> Vec<u64> {
    (0..shape.images as u64).collect()
}

/// The bits of the values that the CPU makes.
pub fn expected(batch: &Batch<'_>, epoch: u64, output: Output) -> Vec<u32> {
    let augmented = on_cpu(output).augment(batch, epoch, &indices(batch.shape())).unwrap();
    bits_of(&augmented.tensor)
}

pub fn bits_of(tensor: &autoaugment::Tensor) -> Vec<u32> {
    match (tensor.data.as_f32(), tensor.data.as_f16()) {
        (Some(values), _) => values.iter().map(|v| v.to_bits()).collect(),
        (_, Some(values)) => values.iter().map(|v| u32::from(v.to_bits())).collect(),
        _ => panic!("bytes"),
    }
}

/// The bits of a burn tensor's values.
pub fn bits<const D: usize>(tensor: Tensor<D>) -> Vec<u32> {
    let data = tensor.into_data();
    match data.dtype() {
        DType::F32 => data.as_slice::<f32>().unwrap().iter().map(|v| v.to_bits()).collect(),
        DType::F16 => data.as_slice::<half::f16>().unwrap().iter().map(|v| u32::from(v.to_bits())).collect(),
        other => panic!("{other:?}"),
    }
}

/// Operations whose results nobody wants: they fill burn's queue and leave memory behind that is used again at once.
pub fn junk(device: &Device, values: usize) {
    let a = Tensor::<1>::ones([values], device) * 3.0;
    let b = (a.clone() + 1.0).exp() * a;
    drop(b.sum());
}

/// Where values differ: how many and the first.
pub fn assert_same(got: &[u32], expected: &[u32], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: how many values");
    let wrong: Vec<usize> = (0..got.len()).filter(|&i| got[i] != expected[i]).collect();
    if let Some(&i) = wrong.first() {
        panic!(
            "{what}: {} of {} values differ, the first at {i}: {:#x} and should be {:#x}",
            wrong.len(),
            got.len(),
            got[i],
            expected[i]
        );
    }
}

#[test]
#[should_panic(expected = "1 of 3 values differ, the first at 1")]
fn the_comparison_fails_when_it_must() {
    assert_same(&[1, 2, 3], &[1, 5, 3], "numbers");
}
