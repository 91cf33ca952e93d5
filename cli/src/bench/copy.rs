//! Copy: the least that a kernel can do with the same bytes, the limit of those that augment.

use autoaugment::{Gpu, GpuBatch};

const WGSL: &str = include_str!("copy.wgsl");
/// Invocations of a workgroup; the shader says the same.
const THREADS: u64 = 256;

/// The kernel, bound to two buffers.
pub struct Copy {
    pipeline: wgpu::ComputePipeline,
    /// What is bound, and how many words it writes; more than one where a binding cannot hold all.
    parts: Vec<(wgpu::BindGroup, u64)>,
}

impl Copy {
    /// From the images to the results, whose bytes are a whole multiple.
    pub fn new(gpu: &Gpu, source: &GpuBatch, destination: &GpuBatch) -> Self {
        let device = gpu.device();
        let times = destination.dtype().bytes() as u64;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("copy"),
            source: wgpu::ShaderSource::Wgsl(WGSL.into()),
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("copy"),
            layout: None,
            module: &module,
            entry_point: Some("copy"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &[("TIMES", times as f64)],
                ..wgpu::PipelineCompilationOptions::default()
            },
            cache: None,
        });
        // Parts begin where bindings may.
        let alignment = u64::from(device.limits().min_storage_buffer_offset_alignment).max(4);
        let largest = device.limits().max_storage_buffer_binding_size / (alignment * times) * alignment;
        let bytes = (source.shape().values() as u64).next_multiple_of(4);
        let part = |first: u64| {
            let size = largest.min(bytes - first);
            let written = (size * times).min(destination.buffer().size() - first * times);
            let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("copy"),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &[entry(0, source, first, size), entry(1, destination, first * times, written)],
            });
            (group, written.div_ceil(4))
        };
        let parts = (0..bytes).step_by(largest as usize).map(part).collect();
        Copy { pipeline, parts }
    }

    /// Submits the kernel, `times` times in a row.
    pub fn submit(&self, gpu: &Gpu, times: usize) {
        let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&self.pipeline);
            for _ in 0..times {
                for (group, words) in &self.parts {
                    let groups = words.div_ceil(THREADS);
                    let columns = groups.min(u64::from(u16::MAX));
                    pass.set_bind_group(0, group, &[]);
                    pass.dispatch_workgroups(columns as u32, groups.div_ceil(columns) as u32, 1);
                }
            }
        }
        gpu.queue().submit([encoder.finish()]);
    }
}

fn entry(binding: u32, batch: &GpuBatch, offset: u64, size: u64) -> wgpu::BindGroupEntry<'_> {
    let size = wgpu::BufferSize::new(size);
    let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer: batch.buffer(), offset, size });
    wgpu::BindGroupEntry { binding, resource }
}
