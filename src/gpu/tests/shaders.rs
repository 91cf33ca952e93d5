//! Every kernel as naga sees it: valid, within WebGPU's limits, and free of floating point where it must be.

use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Module, ScalarKind, TypeInner};

use super::variants;
use crate::gpu::compile::program::{Kinds, StageKind};
use crate::gpu::compile::schedule::Kernel;
use crate::gpu::compile::shader::{self, Variant};
use crate::gpu::compile::{WORKGROUP_MEMORY, mixing};
use crate::gpu::device::pipelines;
use crate::ops::OpKind;

/// WebGPU's default.
const STORAGE_BUFFERS: usize = 8;

fn parse(text: &str) -> Result<(Module, ModuleInfo), String> {
    let module = naga::front::wgsl::parse_str(text).map_err(|e| e.emit_to_string(text))?;
    // No capabilities: WebGPU without optional features.
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    let info = validator.validate(&module).map_err(|e| e.emit_to_string(text))?;
    Ok((module, info))
}

/// Bytes of workgroup memory as WebGPU counts them: each variable that is used, rounded up to 16.
fn workgroup_memory(module: &Module, info: &ModuleInfo) -> u32 {
    let mut bytes = 0;
    for (handle, variable) in module.global_variables.iter() {
        if variable.space == AddressSpace::WorkGroup && !info.get_entry_point(0)[handle].is_empty() {
            bytes += module.types[variable.ty].inner.size(module.to_ctx()).next_multiple_of(16);
        }
    }
    bytes
}

/// How many expressions have a type with floats in it.
fn floats(module: &Module, info: &ModuleInfo) -> usize {
    let is_float = |inner: &TypeInner| inner.scalar_kind() == Some(ScalarKind::Float);
    let in_types = module.types.iter().filter(|(_, ty)| is_float(&ty.inner)).count();
    let count = |function: &naga::Function, info: &naga::valid::FunctionInfo| {
        let kinds = function.expressions.iter().map(|(e, _)| info[e].ty.inner_with(&module.types));
        kinds.filter(|inner| is_float(inner)).count()
    };
    let functions: usize = module.functions.iter().map(|(h, f)| count(f, &info[h])).sum();
    let entry_points: usize =
        module.entry_points.iter().enumerate().map(|(i, e)| count(&e.function, info.get_entry_point(i))).sum();
    in_types + functions + entry_points
}

fn check(text: &str, variant: &Variant) -> Result<(), String> {
    let (module, info) = parse(text)?;
    let memory = workgroup_memory(&module, &info);
    if memory > WORKGROUP_MEMORY as u32 {
        return Err(format!("{memory} bytes of workgroup memory"));
    }
    if variant.kernel == Kernel::Small {
        let foretold = shader::small_memory(variant.tile, variant.histograms) as u32;
        // Without AutoContrast and Equalize a variable is left out.
        let has_all = variant.kinds.has(StageKind::Table) && variant.operations.len() == OpKind::ALL.len();
        if memory > foretold || (has_all && memory != foretold) {
            return Err(format!("{memory} bytes of workgroup memory and not {foretold}"));
        }
    }
    let floats = floats(&module, &info);
    if (floats > 0) != variant.kinds.has(StageKind::Interpolated) {
        return Err(format!("{floats} expressions with floats"));
    }
    if module.entry_points[0].name != shader::entry_point(variant.kernel)
        || module.entry_points[0].workgroup_size != [shader::THREADS as u32, 1, 1]
    {
        return Err(format!("entry point {:?}", module.entry_points[0]));
    }
    Ok(())
}

#[test]
fn every_kernel_is_valid_and_within_the_limits() {
    let variants = variants::every();
    let results = variants.iter().map(|(text, variant)| check(text, variant).map_err(|e| format!("{variant:?}: {e}")));
    let failures: Vec<String> = results.filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{} of {}: {}", failures.len(), variants.len(), failures[0]);
}

#[test]
fn every_kernel_that_mixes_is_valid_and_has_no_floats() {
    for (text, variant) in variants::every_mix() {
        let (module, info) = parse(&text).unwrap_or_else(|e| panic!("{variant:?}: {e}"));
        assert_eq!(floats(&module, &info), 0, "{variant:?}");
        let entry = &module.entry_points[0];
        assert_eq!((&*entry.name, entry.workgroup_size), (mixing::ENTRY_POINT, [shader::THREADS as u32, 1, 1]));
        // What it binds is what there is a layout for.
        let types = pipelines::binding_types(false);
        for (_, variable) in module.global_variables.iter() {
            let number = variable.binding.unwrap().binding;
            let ty = types.iter().find(|(binding, _)| *binding == number).unwrap().1;
            let matches = match variable.space {
                AddressSpace::Uniform => ty == wgpu::BufferBindingType::Uniform,
                AddressSpace::Storage { access } => {
                    let read_only = !access.contains(naga::StorageAccess::STORE);
                    ty == wgpu::BufferBindingType::Storage { read_only }
                }
                _ => false,
            };
            assert!(matches, "{variant:?}: {:?} is bound as {ty:?}", variable.name);
        }
    }
}

#[test]
fn small_images_are_those_whose_kernel_fits() {
    let [_, largest] = variants::TILES;
    assert!(shader::small_memory(largest, 1) <= WORKGROUP_MEMORY);
    assert!(shader::small_memory(largest + 512, 1) > WORKGROUP_MEMORY);
}

#[test]
fn bindings_fit_the_defaults() {
    for counts_are_written in [false, true] {
        let types = pipelines::binding_types(counts_are_written);
        let storage = types.iter().filter(|(_, ty)| *ty != wgpu::BufferBindingType::Uniform).count();
        assert!(storage <= STORAGE_BUFFERS, "{types:?}");
    }
}

/// The checks above must be able to fail.
#[test]
fn bad_kernels_are_found() {
    let variants = variants::every();
    let is_whole = |v: &Variant| v.kernel == Kernel::Small && v.kinds == Kinds::POINTS && v.operations == OpKind::ALL;
    let (text, variant) = variants.iter().find(|(_, v)| is_whole(v)).unwrap();
    check(text, variant).unwrap();
    let fails = |from: &str, to: &str, message: &str| {
        assert!(text.contains(from), "{from} is not there");
        let error = check(&text.replace(from, to), variant).unwrap_err();
        assert!(error.contains(message), "{error}");
    };
    fails("let place =", "let place : f32 =", "type");
    fails("tile: array<u32, TILE_PIXELS>", "tile: array<u32, 4096>", "29840 bytes of workgroup memory");
    fails("table: array<u32, 256>", "table: array<u32, 260>", "bytes of workgroup memory and not");
    fails("var value = vec3<u32>(t);", "var value = vec3<u32>(vec3<f32>(f32(t)) * 1.0);", "expressions with floats");
    fails("fn small(", "fn smaller(", "entry point");
}
