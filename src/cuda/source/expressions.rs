//! Expressions: values, and the places that pointers point to.

use naga::{
    BinaryOperator, Expression, Handle, Literal, MathFunction, RelationalFunction, ScalarKind, Type, TypeInner,
    UnaryOperator,
};

use super::statements::{Body, value_name};
use super::types::{member_name, scalar_name, vector_name};
use super::{Tree, argument_name, name, refused};
use crate::error::Result;

impl Body<'_> {
    fn type_of(&self, handle: Handle<Expression>) -> &TypeInner {
        self.info[handle].ty.inner_with(&self.tree.module.types)
    }

    /// The type that a pointer points to, if it has a name. `None` for what is no pointer.
    pub fn pointee(&self, handle: Handle<Expression>) -> Option<TypeInner> {
        match *self.type_of(handle) {
            TypeInner::Pointer { base, .. } => Some(self.tree.module.types[base].inner.clone()),
            TypeInner::ValuePointer { size: Some(size), scalar, .. } => Some(TypeInner::Vector { size, scalar }),
            TypeInner::ValuePointer { size: None, scalar, .. } => Some(TypeInner::Scalar(scalar)),
            _ => None,
        }
    }

    /// A value where it is used: its name, or what it is if it costs nothing.
    pub fn value(&self, handle: Handle<Expression>) -> Result<String> {
        if self.named.contains(&handle) {
            return Ok(value_name(handle));
        }
        match self.function.expressions[handle] {
            Expression::Literal(_)
            | Expression::Constant(_)
            | Expression::ZeroValue(_)
            | Expression::Compose { .. }
            | Expression::Splat { .. } => self.expression(handle),
            Expression::FunctionArgument(i) => Ok(argument_name(i as usize)),
            ref other => Err(refused(format!("{other:?} is used where it has no value"))),
        }
    }

    /// What a pointer points to.
    pub fn place(&self, handle: Handle<Expression>) -> Result<String> {
        let module = self.tree.module;
        match self.function.expressions[handle] {
            Expression::GlobalVariable(variable) => Ok(name(&module.global_variables[variable].name, variable)),
            Expression::LocalVariable(variable) => Ok(name(&self.function.local_variables[variable].name, variable)),
            Expression::FunctionArgument(i) => Ok(argument_name(i as usize)),
            Expression::Access { base, index } => Ok(format!("{}[{}]", self.place(base)?, self.value(index)?)),
            Expression::AccessIndex { base, index } => {
                let is_struct = matches!(self.pointee(base), Some(TypeInner::Struct { .. }));
                Ok(part(&self.place(base)?, index, is_struct))
            }
            ref other => Err(refused(format!("{other:?} is no place"))),
        }
    }

    /// How a value is computed.
    pub fn expression(&self, handle: Handle<Expression>) -> Result<String> {
        let tree = self.tree;
        let call = |function: &str, arguments: &[Handle<Expression>]| -> Result<String> {
            let values = arguments.iter().map(|&argument| self.value(argument)).collect::<Result<Vec<_>>>()?;
            Ok(format!("{function}({})", values.join(", ")))
        };
        match self.function.expressions[handle] {
            Expression::Literal(literal) => literal_text(literal),
            Expression::Constant(constant) => tree.constant(tree.module.constants[constant].init),
            Expression::ZeroValue(ty) => Ok(format!("{}{{}}", tree.type_name(ty)?)),
            Expression::Compose { ty, ref components } => {
                let mut parts = Vec::new();
                for &component in components {
                    let size = match *self.type_of(component) {
                        TypeInner::Vector { size, .. } => Some(size as u32),
                        _ => None,
                    };
                    parts.push((self.value(component)?, size));
                }
                tree.composed(ty, &parts)
            }
            Expression::Splat { size, value } => {
                let TypeInner::Scalar(scalar) = *self.type_of(value) else {
                    return Err(refused(format!("{:?} is no number", self.type_of(value))));
                };
                call(&format!("splat<{}, {}>", scalar_name(scalar)?, size as u32), &[value])
            }
            Expression::Access { base, index } => Ok(format!("{}[{}]", self.value(base)?, self.value(index)?)),
            Expression::AccessIndex { base, index } => {
                let is_struct = matches!(self.type_of(base), TypeInner::Struct { .. });
                Ok(part(&self.value(base)?, index, is_struct))
            }
            Expression::Swizzle { size, vector, pattern } => {
                let TypeInner::Vector { scalar, .. } = *self.type_of(vector) else {
                    return Err(refused(format!("{:?} is no vector", self.type_of(vector))));
                };
                let vector = self.value(vector)?;
                let parts =
                    pattern.iter().take(size as usize).map(|&component| format!("{vector}[{}]", component as u32));
                Ok(format!("{}{{{{{}}}}}", vector_name(size, scalar)?, parts.collect::<Vec<_>>().join(", ")))
            }
            Expression::Load { pointer } => {
                let place = self.place(pointer)?;
                let is_atomic = matches!(self.pointee(pointer), Some(TypeInner::Atomic(_)));
                Ok(if is_atomic { format!("{place}.load()") } else { place })
            }
            Expression::Unary { op, expr } => {
                let function = match op {
                    UnaryOperator::Negate => "negate",
                    UnaryOperator::LogicalNot => "opposite",
                    UnaryOperator::BitwiseNot => "complement",
                };
                call(function, &[expr])
            }
            Expression::Binary { op, left, right } => call(operator_name(op), &[left, right]),
            Expression::Select { condition, accept, reject } => call("selected", &[condition, accept, reject]),
            Expression::Relational { fun: RelationalFunction::All, argument } => call("all", &[argument]),
            Expression::Relational { fun: RelationalFunction::Any, argument } => call("any", &[argument]),
            Expression::Math { fun, arg, arg1, arg2, arg3: None } => {
                let arguments: Vec<_> = [Some(arg), arg1, arg2].into_iter().flatten().collect();
                call(math_name(fun)?, &arguments)
            }
            Expression::As { expr, kind, convert } => {
                let target = match (kind, convert) {
                    (ScalarKind::Uint, None | Some(4)) => "u32",
                    (ScalarKind::Sint, None | Some(4)) => "i32",
                    (ScalarKind::Float, None | Some(4)) => "f32",
                    (ScalarKind::Bool, Some(1)) => "bool",
                    _ => return Err(refused(format!("the conversion to {kind:?} has no translation"))),
                };
                call(&format!("{}_{target}", if convert.is_some() { "to" } else { "as" }), &[expr])
            }
            Expression::ArrayLength(array) => Ok(format!("{}.length()", self.place(array)?)),
            ref other => Err(refused(format!("the expression {other:?} has no translation"))),
        }
    }
}

impl Tree<'_> {
    /// A constant's value.
    pub fn constant(&self, handle: Handle<Expression>) -> Result<String> {
        let expressions = &self.module.global_expressions;
        match expressions[handle] {
            Expression::Literal(literal) => literal_text(literal),
            Expression::Constant(constant) => self.constant(self.module.constants[constant].init),
            Expression::ZeroValue(ty) => Ok(format!("{}{{}}", self.type_name(ty)?)),
            Expression::Compose { ty, ref components } => {
                let mut parts = Vec::new();
                for &component in components {
                    let size = match *self.info[component].inner_with(&self.module.types) {
                        TypeInner::Vector { size, .. } => Some(size as u32),
                        _ => None,
                    };
                    parts.push((self.constant(component)?, size));
                }
                self.composed(ty, &parts)
            }
            ref other => Err(refused(format!("the constant {other:?} has no translation"))),
        }
    }

    /// A value of several parts, each with its size if it is a vector.
    fn composed(&self, ty: Handle<Type>, parts: &[(String, Option<u32>)]) -> Result<String> {
        let own = self.type_name(ty)?;
        let join = |parts: Vec<String>| parts.join(", ");
        Ok(match self.module.types[ty].inner {
            TypeInner::Vector { .. } => {
                let numbers = parts.iter().flat_map(|(value, size)| match size {
                    Some(size) => (0..*size).map(|i| format!("{value}[{i}]")).collect(),
                    None => vec![value.clone()],
                });
                format!("{own}{{{{{}}}}}", join(numbers.collect()))
            }
            TypeInner::Array { .. } => {
                format!("{own}{{{{{}}}}}", join(parts.iter().map(|(value, _)| format!("{{{value}}}")).collect()))
            }
            _ => format!("{own}{{{}}}", join(parts.iter().map(|(value, _)| value.clone()).collect())),
        })
    }
}

/// A part of a struct, an array or a vector.
fn part(whole: &str, index: u32, is_struct: bool) -> String {
    if is_struct { format!("{whole}.{}", member_name(index as usize)) } else { format!("{whole}[{index}]") }
}

fn literal_text(literal: Literal) -> Result<String> {
    match literal {
        Literal::U32(value) => Ok(format!("{value}u")),
        // The lowest number is no literal of C++.
        Literal::I32(i32::MIN) => Ok("(-2147483647 - 1)".to_string()),
        Literal::I32(value) => Ok(format!("({value})")),
        // The shortest decimal that is read back as the same number.
        Literal::F32(value) => Ok(format!("({value:?}f)")),
        Literal::Bool(value) => Ok(value.to_string()),
        other => Err(refused(format!("the number {other:?} has no translation"))),
    }
}

fn operator_name(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "add",
        BinaryOperator::Subtract => "subtract",
        BinaryOperator::Multiply => "multiply",
        BinaryOperator::Divide => "divide",
        BinaryOperator::Modulo => "remainder",
        BinaryOperator::Equal => "equal",
        BinaryOperator::NotEqual => "not_equal",
        BinaryOperator::Less => "less",
        BinaryOperator::LessEqual => "less_equal",
        BinaryOperator::Greater => "greater",
        BinaryOperator::GreaterEqual => "greater_equal",
        // Both sides are computed already, so that the logical ones are no different.
        BinaryOperator::And | BinaryOperator::LogicalAnd => "both",
        BinaryOperator::InclusiveOr | BinaryOperator::LogicalOr => "either",
        BinaryOperator::ExclusiveOr => "differing",
        BinaryOperator::ShiftLeft => "shift_left",
        BinaryOperator::ShiftRight => "shift_right",
    }
}

fn math_name(function: MathFunction) -> Result<&'static str> {
    Ok(match function {
        MathFunction::Abs => "absolute",
        MathFunction::Min => "least",
        MathFunction::Max => "most",
        MathFunction::Clamp => "clamped",
        MathFunction::Floor => "round_down",
        MathFunction::CountLeadingZeros => "count_leading_zeros",
        other => return Err(refused(format!("the function {other:?} has no translation"))),
    })
}
