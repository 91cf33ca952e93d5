//! Pipelines: compiled once for each variant of a kernel and kept. Those that a batch lacks are compiled side by side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::context::Context;
use super::counters::Counters;
use crate::error::Result;
use crate::gpu::compile::mixing::{self, MixVariant};
use crate::gpu::compile::schedule::Kernel;
use crate::gpu::compile::served::Served;
use crate::gpu::compile::shader::{self, Variant};

/// The pipelines of a device, and their bindings.
#[derive(Debug)]
pub(crate) struct Pipelines {
    apply: Layouts,
    statistics: Layouts,
    compiled: Mutex<Served<Arc<wgpu::ComputePipeline>>>,
    mixing: Mutex<HashMap<MixVariant, Arc<wgpu::ComputePipeline>>>,
}

#[derive(Debug)]
struct Layouts {
    bindings: wgpu::BindGroupLayout,
    pipeline: wgpu::PipelineLayout,
}

impl Layouts {
    fn new(device: &wgpu::Device, counts_are_written: bool) -> Self {
        let entry = |(binding, ty)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty,
                has_dynamic_offset: ty == wgpu::BufferBindingType::Uniform,
                min_binding_size: None,
            },
            count: None,
        };
        let entries: Vec<_> = binding_types(counts_are_written).into_iter().map(entry).collect();
        let bindings = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("autoaugment"),
            entries: &entries,
        });
        let pipeline = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("autoaugment"),
            bind_group_layouts: &[Some(&bindings)],
            immediate_size: 0,
        });
        Layouts { bindings, pipeline }
    }
}

/// The type of each binding. The uniform one has a dynamic offset.
pub(crate) fn binding_types(counts_are_written: bool) -> Vec<(u32, wgpu::BufferBindingType)> {
    let storage = |read_only| wgpu::BufferBindingType::Storage { read_only };
    let mut types: Vec<_> = (0..5).map(|binding| (binding, storage(true))).collect();
    // The statistics pass has no destination; it writes the counts.
    if !counts_are_written {
        types.push((5, storage(false)));
    }
    types.push((6, storage(!counts_are_written)));
    types.push((7, wgpu::BufferBindingType::Uniform));
    types
}

impl Pipelines {
    pub fn new(device: &wgpu::Device) -> Self {
        Pipelines {
            apply: Layouts::new(device, false),
            statistics: Layouts::new(device, true),
            compiled: Mutex::default(),
            mixing: Mutex::default(),
        }
    }

    fn layouts(&self, kernel: Kernel) -> &Layouts {
        match kernel {
            Kernel::Statistics(_) => &self.statistics,
            _ => &self.apply,
        }
    }

    /// The layout of a kernel's bind group.
    pub fn bindings(&self, kernel: Kernel) -> &wgpu::BindGroupLayout {
        &self.layouts(kernel).bindings
    }

    /// Drops all of them. Submitted work keeps its own.
    pub fn forget(&self) {
        self.compiled().forget();
        self.mixing.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The number of compiled pipelines.
    pub fn count(&self) -> usize {
        let mixing = self.mixing.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.compiled().count() + mixing
    }

    fn compiled(&self) -> MutexGuard<'_, Served<Arc<wgpu::ComputePipeline>>> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pipeline of each variant. Those that are new are compiled.
    pub async fn all<'a>(
        &self,
        context: &Context,
        variants: impl Iterator<Item = &'a Variant> + Clone,
    ) -> Result<Vec<Arc<wgpu::ComputePipeline>>> {
        loop {
            let missing = match self.compiled().all(variants.clone()) {
                Ok(pipelines) => return Ok(pipelines),
                Err(missing) => missing,
            };
            self.compile_all(context, &missing).await?;
        }
    }

    /// Compiles new pipelines, each in a thread of its own.
    ///
    /// The threads are not rayon's: one of those could take up work that waits for this. If two callers lack the same,
    /// both compile it, and the first one's is kept.
    async fn compile_all(&self, context: &Context, missing: &[Variant]) -> Result<()> {
        // Errors of a device are known in the thread where they happened, and so each thread listens for its own.
        let compile = |variant: &Variant| context.guard(|| Ok(self.compile(&context.device, variant)));
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        for variants in missing.chunks(at_once) {
            let compiled: Vec<_> = match variants {
                [alone] => vec![compile(alone)],
                #[cfg(target_arch = "wasm32")]
                _ => variants.iter().map(compile).collect(),
                #[cfg(not(target_arch = "wasm32"))]
                _ => std::thread::scope(|scope| {
                    let threads: Vec<_> = variants.iter().map(|variant| scope.spawn(|| compile(variant))).collect();
                    let joined = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                    };
                    threads.into_iter().map(joined).collect()
                }),
            };
            for (variant, guarded) in variants.iter().zip(compiled) {
                let pipeline = guarded?.settle(&context.device, &context.loss).await?;
                if self.compiled().keep(variant, Arc::new(pipeline)) {
                    context.allocator.counters.pipeline();
                }
            }
        }
        Ok(())
    }

    fn compile(&self, device: &wgpu::Device, variant: &Variant) -> wgpu::ComputePipeline {
        let layout = &self.layouts(variant.kernel).pipeline;
        let pipeline = compiled_from(device, layout, shader::entry_point(variant.kernel), shader::assemble(variant));
        tracing::debug!(?variant, "compiled a pipeline");
        pipeline
    }

    /// The pipeline for mixing, with the bindings of [`Kernel::Apply`].
    pub fn mixing(
        &self,
        device: &wgpu::Device,
        variant: &MixVariant,
        counters: &Counters,
    ) -> Arc<wgpu::ComputePipeline> {
        let mut compiled = self.mixing.lock().unwrap_or_else(PoisonError::into_inner);
        let pipeline = compiled.entry(*variant).or_insert_with(|| {
            counters.pipeline();
            let text = mixing::assemble(variant);
            Arc::new(compiled_from(device, &self.apply.pipeline, mixing::ENTRY_POINT, text))
        });
        pipeline.clone()
    }
}

/// What is added to kernels for safety: bounds of memory. Bounds of loops are two more counters and a branch a turn.
const CHECKS: wgpu::ShaderRuntimeChecks =
    wgpu::ShaderRuntimeChecks { force_loop_bounding: false, ..wgpu::ShaderRuntimeChecks::checked() };

fn compiled_from(
    device: &wgpu::Device,
    layout: &wgpu::PipelineLayout,
    entry_point: &str,
    text: String,
) -> wgpu::ComputePipeline {
    let descriptor =
        wgpu::ShaderModuleDescriptor { label: Some(entry_point), source: wgpu::ShaderSource::Wgsl(text.into()) };
    // SAFETY: the text is ours, and its loops end: each counts up to a bound, or stops after its second turn.
    let module = unsafe { device.create_shader_module_trusted(descriptor, CHECKS) };
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(entry_point),
        layout: Some(layout),
        module: &module,
        entry_point: Some(entry_point),
        // Kernels clear the workgroup memory that they read, which is less than all of it.
        compilation_options: wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..wgpu::PipelineCompilationOptions::default()
        },
        cache: None,
    })
}
