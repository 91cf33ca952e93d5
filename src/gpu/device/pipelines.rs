//! Pipelines: compiled once for each variant of a kernel and kept. Those that a batch lacks are compiled side by side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(not(target_arch = "wasm32"))]
use super::context::Context;
use super::counters::Counters;
#[cfg(not(target_arch = "wasm32"))]
use crate::error::Result;
use crate::gpu::compile::mixing::{self, MixVariant};
use crate::gpu::compile::schedule::Kernel;
use crate::gpu::compile::shader::{self, Variant};

/// The pipelines of a device, and their bindings.
#[derive(Debug)]
pub(crate) struct Pipelines {
    apply: Layouts,
    statistics: Layouts,
    compiled: Mutex<HashMap<Variant, Arc<wgpu::ComputePipeline>>>,
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
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.mixing.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The number of compiled pipelines.
    pub fn count(&self) -> usize {
        let mixing = self.mixing.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner).len() + mixing
    }

    /// Compiles the pipelines that a batch lacks, each in a thread of its own; one alone is left to [`Pipelines::get`].
    ///
    /// The threads are not rayon's: one of those could take up work that waits for this. If two callers lack the same,
    /// both compile it, and the first one's is kept.
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn prepare(&self, context: &Context, variants: impl Iterator<Item = &Variant>) -> Result<()> {
        let missing = self.missing(variants);
        if missing.len() < 2 {
            return Ok(());
        }
        // Errors of a device are known in the thread where they happened, and so each thread listens for its own.
        let compile = |variant: &Variant| context.guard(|| Ok(self.compile(&context.device, variant)));
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        for variants in missing.chunks(at_once) {
            let compiled: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = variants.iter().map(|variant| scope.spawn(|| compile(variant))).collect();
                // A thread that panicked leaves its pipeline to `get`, which panics in the caller's thread.
                threads.into_iter().map(|thread| thread.join().ok()).collect()
            });
            for (variant, guarded) in variants.iter().zip(compiled) {
                let Some(guarded) = guarded else { continue };
                let pipeline = guarded?.settle(&context.device, &context.loss).await?;
                let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
                compiled.entry(variant.clone()).or_insert_with(|| {
                    context.allocator.counters.pipeline();
                    Arc::new(pipeline)
                });
            }
        }
        Ok(())
    }

    /// The variants that no pipeline serves, and none of the others among them.
    #[cfg(not(target_arch = "wasm32"))]
    fn missing<'a>(&self, variants: impl Iterator<Item = &'a Variant>) -> Vec<Variant> {
        let compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing: Vec<Variant> = Vec::new();
        for variant in variants {
            let is_served = |other: &Variant| other == variant || other.serves(variant);
            if !compiled.contains_key(variant) && !compiled.keys().any(is_served) && !missing.iter().any(is_served) {
                missing.retain(|other| !variant.serves(other));
                missing.push(variant.clone());
            }
        }
        missing
    }

    fn compile(&self, device: &wgpu::Device, variant: &Variant) -> wgpu::ComputePipeline {
        let layout = &self.layouts(variant.kernel).pipeline;
        let pipeline = compiled_from(device, layout, shader::entry_point(variant.kernel), shader::assemble(variant));
        tracing::debug!(?variant, "compiled a pipeline");
        pipeline
    }

    /// The pipeline of a variant, compiled if it is new.
    pub fn get(&self, device: &wgpu::Device, variant: &Variant, counters: &Counters) -> Arc<wgpu::ComputePipeline> {
        // Held while compiling, so that two threads do not compile the same.
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = compiled.get(variant) {
            return pipeline.clone();
        }
        // One with more operations in its tables does as well; it only has more to choose from.
        let serves = |(other, _): &(&Variant, _)| other.serves(variant);
        if let Some((_, pipeline)) = compiled.iter().find(serves) {
            return pipeline.clone();
        }
        let pipeline = Arc::new(self.compile(device, variant));
        counters.pipeline();
        compiled.insert(variant.clone(), pipeline.clone());
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

fn compiled_from(
    device: &wgpu::Device,
    layout: &wgpu::PipelineLayout,
    entry_point: &str,
    text: String,
) -> wgpu::ComputePipeline {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(entry_point),
        source: wgpu::ShaderSource::Wgsl(text.into()),
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(entry_point),
        layout: Some(layout),
        module: &module,
        entry_point: Some(entry_point),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    })
}
