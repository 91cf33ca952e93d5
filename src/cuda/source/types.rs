//! Types: WGSL's types in C++, laid out alike.

use naga::proc::TypeResolution;
use naga::{ArraySize, Handle, Scalar, ScalarKind, Type, TypeInner, VectorSize};

use super::{Tree, name, refused};
use crate::error::Result;

impl Tree<'_> {
    /// A type's name.
    pub fn type_name(&self, handle: Handle<Type>) -> Result<String> {
        let ty = &self.module.types[handle];
        match ty.inner {
            TypeInner::Array { base, size: ArraySize::Constant(length), .. } => {
                Ok(format!("Array<{}, {length}>", self.type_name(base)?))
            }
            TypeInner::Struct { .. } => Ok(name(&ty.name, handle)),
            ref inner => self.inner_name(inner),
        }
    }

    /// The name of a type that an expression has.
    pub fn resolved_name(&self, resolution: &TypeResolution) -> Result<String> {
        match resolution {
            TypeResolution::Handle(handle) => self.type_name(*handle),
            TypeResolution::Value(inner) => self.inner_name(inner),
        }
    }

    fn inner_name(&self, inner: &TypeInner) -> Result<String> {
        match *inner {
            TypeInner::Scalar(scalar) => Ok(scalar_name(scalar)?.to_string()),
            TypeInner::Vector { size, scalar } => vector_name(size, scalar),
            TypeInner::Atomic(scalar) => Ok(format!("Atomic<{}>", scalar_name(scalar)?)),
            TypeInner::Pointer { base, .. } => Ok(format!("{}&", self.type_name(base)?)),
            ref other => Err(refused(format!("the type {other:?} has no translation"))),
        }
    }

    /// The elements of a runtime-sized array.
    pub fn element(&self, handle: Handle<Type>) -> Result<Option<String>> {
        match self.module.types[handle].inner {
            TypeInner::Array { base, size: ArraySize::Dynamic, .. } => Ok(Some(self.type_name(base)?)),
            _ => Ok(None),
        }
    }

    /// Declares all structs, with assertions that C++ lays them out as WGSL does.
    pub fn declare_structs(&self, text: &mut String) -> Result<()> {
        for (handle, ty) in self.module.types.iter() {
            let TypeInner::Struct { ref members, span } = ty.inner else { continue };
            let own = self.type_name(handle)?;
            let (mut declarations, mut assertions) = (String::new(), String::new());
            for (i, member) in members.iter().enumerate() {
                let (ty, name) = (self.type_name(member.ty)?, member_name(i));
                declarations.push_str(&format!("  alignas(Align<{ty}>::of) {ty} {name};\n"));
                let offset = member.offset;
                assertions
                    .push_str(&format!("static_assert(__builtin_offsetof({own}, {name}) == {offset}, \"{name}\");\n"));
            }
            assertions.push_str(&format!("static_assert(sizeof({own}) == {span}, \"size\");\n"));
            text.push_str(&format!("struct {own} {{\n{declarations}}};\n{assertions}"));
        }
        Ok(())
    }
}

pub(super) fn member_name(i: usize) -> String {
    format!("m{i}")
}

pub(super) fn vector_name(size: VectorSize, scalar: Scalar) -> Result<String> {
    Ok(format!("Vec<{}, {}>", scalar_name(scalar)?, size as u32))
}

pub(super) fn scalar_name(scalar: Scalar) -> Result<&'static str> {
    match (scalar.kind, scalar.width) {
        (ScalarKind::Uint, 4) => Ok("u32"),
        (ScalarKind::Sint, 4) => Ok("i32"),
        (ScalarKind::Float, 4) => Ok("f32"),
        (ScalarKind::Bool, 1) => Ok("bool"),
        _ => {
            Err(refused(format!("numbers of {} bytes of the kind {:?} have no translation", scalar.width, scalar.kind)))
        }
    }
}
