//! Source: a kernel's WGSL as CUDA C++, which NVRTC compiles. Experimental: not yet run on hardware.
//!
//! The text has three parts: `device.cuh` (what CUDA calls things), `prelude.cuh` (WGSL's operators) and the kernel. A
//! host compiler takes the last two with another first part. The tests run every kernel so, with a fiber for each
//! thread, and compare the bytes with the CPU executor's.
//!
//! # What holds
//! * *Integers* are WGSL's: they wrap around, shift counts have five bits, a quotient that does not exist is the
//!   dividend, conversions clamp.
//! * *Floats* round once for each operation. [`NVRTC_OPTIONS`] keep a product and its sum apart.
//! * *Layout* of structs and arrays is WGSL's. Assertions in the text compare every offset.
//! * *Parameters* are two for each entry of [`CudaSource::buffers`]: its address, and its length in bytes as 64 bits.
//! * *Bounds*: a GPU checks none. Programs come from this crate and sizes are checked on the host, so that no index
//!   leaves its buffer. The tests on the host check each index.
//! * *Workgroup memory* is not zeroed: kernels clear what they use. The tests on the host begin with other values.
//! * *Barriers* are of the workgroup and order all memory.
//!
//! A type, operator or statement that no kernel needs is refused by its name.
//!
//! # Tried
//! *naga's Metal text* with its entry point rewritten was first, and compiled too. It needs a prelude of the same
//! length, patterns for every form of a parameter, and Metal's rules for signed overflow, which C++ does not have.
//! naga's tree has types at every place, so that an unknown construct is an error here and not in NVRTC.

mod expressions;
mod statements;
mod types;

#[cfg(test)]
mod tests;

use naga::compact::{KeepUnused, compact};
use naga::valid::{Capabilities, FunctionInfo, ModuleInfo, ValidationFlags, Validator};
use naga::{
    AddressSpace, Binding, BuiltIn, EntryPoint, Function, GlobalVariable, Handle, LocalVariable, Module, StorageAccess,
    Type,
};

use self::statements::Body;
use crate::error::{Error, Result};

/// What CUDA calls things.
const DEVICE: &str = include_str!("device.cuh");
/// WGSL's values and operators.
const PRELUDE: &str = include_str!("prelude.cuh");

/// What NVRTC needs beside the architecture. Warnings are about operators that a kernel does not need.
pub(crate) const NVRTC_OPTIONS: [&str; 3] = ["--std=c++17", "-fmad=false", "-w"];

/// A kernel as CUDA C++.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CudaSource {
    /// The whole text, for NVRTC.
    pub text: String,
    /// The kernel's name in it.
    pub entry: String,
    /// The buffers that the kernel uses, in the order of its parameters.
    pub buffers: Vec<BufferParam>,
    pub workgroup_size: [u32; 3],
}

/// A buffer that a kernel uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BufferParam {
    pub group: u32,
    pub binding: u32,
    pub kind: BufferKind,
}

/// What a kernel does with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BufferKind {
    Uniform,
    Read,
    ReadWrite,
}

impl CudaSource {
    /// The text without what CUDA calls things: what a host compiler can take too.
    #[cfg(test)]
    pub fn portable(&self) -> &str {
        self.text.strip_prefix(DEVICE).unwrap_or(&self.text)
    }
}

/// Translates a kernel: a text with one entry point.
pub(crate) fn translate(wgsl: &str) -> Result<CudaSource> {
    let mut module = naga::front::wgsl::parse_str(wgsl).map_err(|e| refused(e.emit_to_string(wgsl)))?;
    // No capabilities: WebGPU without optional features.
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    let mut checked = |module: &Module| validator.validate(module).map_err(|e| refused(e.emit_to_string(wgsl)));
    checked(&module)?;
    // Drops what the entry point does not need.
    compact(&mut module, KeepUnused::No);
    let info = checked(&module)?;
    let [entry] = &module.entry_points[..] else {
        return Err(refused(format!("expected 1 entry point, got {}", module.entry_points.len())));
    };
    let tree = Tree { module: &module, info: &info };
    let mut text = [DEVICE, PRELUDE].concat();
    tree.declare_structs(&mut text)?;
    for (handle, variable) in tree.used(info.get_entry_point(0)) {
        if variable.space == AddressSpace::WorkGroup {
            let ty = tree.type_name(variable.ty)?;
            text.push_str(&format!("SHARED({}, {ty})\n", name(&variable.name, handle)));
        }
    }
    for (handle, function) in module.functions.iter() {
        let info = &info[handle];
        let result = function.result.as_ref().map_or(Ok("void".to_string()), |result| tree.type_name(result.ty))?;
        let mut parameters = Vec::new();
        for (i, argument) in function.arguments.iter().enumerate() {
            parameters.push(format!("{} {}", tree.type_name(argument.ty)?, argument_name(i)));
        }
        for (global, variable) in tree.handed_on(info) {
            parameters.push(tree.parameter(global, variable)?);
        }
        let head = format!("FUNCTION {result} {}({})", name(&function.name, handle), parameters.join(", "));
        let body = Body::of(&tree, function, info)?;
        text.push_str(&format!("{head} {{\n{body}}}\n"));
    }
    let buffers = tree.write_entry(entry, &mut text)?;
    Ok(CudaSource { text, entry: entry_name(entry), buffers, workgroup_size: entry.workgroup_size })
}

/// The parsed and checked text.
struct Tree<'a> {
    module: &'a Module,
    info: &'a ModuleInfo,
}

impl Tree<'_> {
    /// The variables outside functions that a function uses, or one that it calls.
    fn used(&self, info: &FunctionInfo) -> impl Iterator<Item = (Handle<GlobalVariable>, &GlobalVariable)> {
        self.module.global_variables.iter().filter(|(handle, _)| !info[*handle].is_empty())
    }

    /// Those of them that a function gets from its caller: C++ has only workgroup memory outside functions.
    fn handed_on(&self, info: &FunctionInfo) -> impl Iterator<Item = (Handle<GlobalVariable>, &GlobalVariable)> {
        self.used(info).filter(|(_, variable)| variable.space != AddressSpace::WorkGroup)
    }

    /// How a function gets a variable.
    fn parameter(&self, handle: Handle<GlobalVariable>, variable: &GlobalVariable) -> Result<String> {
        let name = name(&variable.name, handle);
        let constant = if is_written(variable.space) { "" } else { "const " };
        Ok(match self.element(variable.ty)? {
            Some(element) => format!("Buffer<{constant}{element}> {name}"),
            None => format!("{constant}{}& {name}", self.type_name(variable.ty)?),
        })
    }

    /// Writes the kernel itself: parameters become buffers, and private variables are its own.
    fn write_entry(&self, entry: &EntryPoint, text: &mut String) -> Result<Vec<BufferParam>> {
        let info = self.info.get_entry_point(0);
        let (mut buffers, mut parameters, mut opening) = (Vec::new(), Vec::new(), String::new());
        for (handle, variable) in self.handed_on(info) {
            let name = name(&variable.name, handle);
            let kind = match variable.space {
                AddressSpace::Private => {
                    let value = match variable.init {
                        Some(init) => self.constant(init)?,
                        None => "{}".to_string(),
                    };
                    opening.push_str(&format!("  {} {name} = {value};\n", self.type_name(variable.ty)?));
                    continue;
                }
                AddressSpace::Uniform => BufferKind::Uniform,
                AddressSpace::Storage { .. } if is_written(variable.space) => BufferKind::ReadWrite,
                AddressSpace::Storage { .. } => BufferKind::Read,
                space => return Err(refused(format!("{name}: variables in {space:?} have no translation"))),
            };
            let binding = variable.binding.ok_or_else(|| refused(format!("{name} has no binding")))?;
            buffers.push(BufferParam { group: binding.group, binding: binding.binding, kind });
            let constant = if kind == BufferKind::ReadWrite { "" } else { "const " };
            let element = self.element(variable.ty)?;
            let pointee = element.as_ref().map_or_else(|| self.type_name(variable.ty), |e| Ok(format!("Cell<{e}>")))?;
            parameters.push(format!("{constant}{pointee}* RESTRICT {name}_at, u64 {name}_bytes"));
            let parameter = self.parameter(handle, variable)?;
            opening.push_str(&match element {
                Some(_) => format!("  const {parameter} = {{{name}_at, {name}_bytes}};\n"),
                None => format!("  CHECK_INDEX(sizeof({pointee}) - 1, {name}_bytes)\n  {parameter} = *{name}_at;\n"),
            });
        }
        for (i, argument) in entry.function.arguments.iter().enumerate() {
            let Some(Binding::BuiltIn(built_in)) = argument.binding else {
                return Err(refused("an argument of an entry point has to be a built-in value".to_string()));
            };
            let [x, y, z] = entry.workgroup_size;
            let axes = |of: &dyn Fn(u32) -> String| format!("{{{{{}, {}, {}}}}}", of(0), of(1), of(2));
            let value = match built_in {
                BuiltIn::WorkGroupId => axes(&|axis| format!("workgroup({axis})")),
                BuiltIn::NumWorkGroups => axes(&|axis| format!("workgroups({axis})")),
                BuiltIn::LocalInvocationId => axes(&|axis| format!("local({axis})")),
                BuiltIn::GlobalInvocationId => {
                    axes(&|axis| format!("workgroup({axis}) * {}u + local({axis})", [x, y, z][axis as usize]))
                }
                BuiltIn::LocalInvocationIndex => format!("local(0) + {x}u * (local(1) + {y}u * local(2))"),
                other => return Err(refused(format!("the built-in value {other:?} has no translation"))),
            };
            let ty = self.type_name(argument.ty)?;
            opening.push_str(&format!("  const {ty} {} = {value};\n", argument_name(i)));
        }
        let body = Body::of(self, &entry.function, info)?;
        let threads: u32 = entry.workgroup_size.iter().product();
        let parameters = parameters.join(", ");
        text.push_str(&format!("KERNEL({threads}) {}({parameters}) {{\n{opening}{body}}}\n", entry_name(entry)));
        Ok(buffers)
    }
}

/// Whether variables of this space are written.
fn is_written(space: AddressSpace) -> bool {
    match space {
        AddressSpace::Storage { access } => access.contains(StorageAccess::STORE),
        AddressSpace::Uniform => false,
        _ => true,
    }
}

/// A name that no other thing in the text has, nor C++.
fn name<T: Named>(name: &Option<String>, handle: Handle<T>) -> String {
    let letters = name.as_deref().unwrap_or("unnamed").chars();
    let plain: String = letters.map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{plain}_{}{}", T::KIND, handle.index())
}

/// What has a name. Two kinds of things may have the same.
trait Named {
    const KIND: char;
}

impl Named for GlobalVariable {
    const KIND: char = 'g';
}

impl Named for LocalVariable {
    const KIND: char = 'v';
}

impl Named for Function {
    const KIND: char = 'f';
}

impl Named for Type {
    const KIND: char = 't';
}

fn argument_name(i: usize) -> String {
    format!("a{i}")
}

fn entry_name(entry: &EntryPoint) -> String {
    format!("{}_kernel", entry.name)
}

/// A text that cannot be translated.
fn refused(message: String) -> Error {
    Error::Syntax { what: "WGSL for CUDA", message }
}
