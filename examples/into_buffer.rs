//! Augmenting into a buffer of the caller's, on a device of the caller's: what a training loop on wgpu does.
//!
//! `cargo run --release --example into_buffer --features gpu`

use autoaugment::{Augmenter, Batch, Dtype, Gpu, GpuBatch, Layout, Normalize, Output, Policy, Shape};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The caller's device, opened with WebGPU's default limits.
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))?;
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default()))?;

    // The caller's tensor: somewhere inside a larger buffer.
    let shape = Shape { images: 64, height: 32, width: 32, channels: 3 };
    let bytes = (shape.values() * Dtype::F16.bytes()) as u64;
    let offset = 4096;
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("the model's input"),
        size: offset + bytes,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });

    // Normalized binary16 in NCHW, as a network wants it, written by the dispatch that augments.
    let augmenter = Augmenter::builder(Policy::cifar10())
        .seed(42)
        .gpu(Gpu::from_device(device, queue)?)
        .output(Output::f16(Layout::Nchw, Normalize::IMAGENET))
        .build()?;
    let gpu = augmenter.executor().gpu().ok_or("no GPU")?;
    let pixels: Vec<u8> = (0..shape.values()).map(|i| (i * 31 % 253) as u8).collect();
    let batch = gpu.upload(&Batch::new(pixels, shape, Layout::Nhwc)?)?;
    let indices: Vec<u64> = (0..64).collect();
    for epoch in 0..3 {
        let (_, report) = augmenter.augment_into(&batch, epoch, &indices, &buffer, offset)?;
        println!(
            "epoch {epoch} on {}: {} dispatches, {} images with statistics, {} bytes read, {} written",
            report.device, report.dispatches, report.images_with_statistics, report.bytes_read, report.bytes_written
        );
    }

    // Whatever the caller submits now finds the tensor there. Read back, only to show it:
    let tensor = gpu.download(&GpuBatch::new(buffer, offset, shape, Layout::Nchw, Dtype::F16)?)?;
    println!("the first values: {:?}", tensor.data.as_f16().map(|v| &v[..4]));
    Ok(())
}
