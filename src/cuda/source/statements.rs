//! Statements: the body of a function.
//!
//! Every value gets a name where WGSL computes it, so that loads and calls keep their order. Pointers get none: what
//! they point to is written out where it is used.

use std::fmt;

use naga::valid::FunctionInfo;
use naga::{AtomicFunction, Block, Expression, Function, Handle, Statement, SwitchValue, TypeInner};

use super::{Tree, name, refused};
use crate::error::Result;

/// The body of a function while it is written.
pub(super) struct Body<'a> {
    pub tree: &'a Tree<'a>,
    pub function: &'a Function,
    pub info: &'a FunctionInfo,
    /// The values that have a name at this place, in the order of their declarations.
    pub named: Vec<Handle<Expression>>,
    text: String,
    depth: usize,
    loops: usize,
}

impl<'a> Body<'a> {
    /// The text of a function between its braces.
    pub fn of(tree: &'a Tree<'a>, function: &'a Function, info: &'a FunctionInfo) -> Result<String> {
        let mut body = Body { tree, function, info, named: Vec::new(), text: String::new(), depth: 1, loops: 0 };
        for (handle, variable) in function.local_variables.iter() {
            let value = variable.init.map_or(Ok("{}".to_string()), |init| body.value(init))?;
            let ty = tree.type_name(variable.ty)?;
            body.line(format_args!("{ty} {} = {value};", name(&variable.name, handle)));
        }
        body.statements(&function.body)?;
        Ok(body.text)
    }

    fn line(&mut self, line: impl fmt::Display) {
        self.text.push_str(&format!("{:1$}{line}\n", "", 2 * self.depth));
    }

    /// A block between braces that are there already.
    fn block(&mut self, block: &Block) -> Result<()> {
        let outside = self.named.len();
        self.depth += 1;
        self.statements(block)?;
        self.depth -= 1;
        self.named.truncate(outside);
        Ok(())
    }

    fn statements(&mut self, block: &Block) -> Result<()> {
        block.iter().try_for_each(|statement| self.statement(statement))
    }

    /// Declares the name of a value.
    fn declare(&mut self, handle: Handle<Expression>, value: &str) -> Result<()> {
        let ty = self.tree.resolved_name(&self.info[handle].ty)?;
        self.line(format_args!("const {ty} {} = {value};", value_name(handle)));
        self.named.push(handle);
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<()> {
        match statement {
            Statement::Emit(range) => {
                for handle in range.clone() {
                    if self.pointee(handle).is_none() {
                        let value = self.expression(handle)?;
                        self.declare(handle, &value)?;
                    }
                }
            }
            Statement::Block(block) => {
                self.line("{");
                self.block(block)?;
                self.line("}");
            }
            Statement::If { condition, accept, reject } => {
                let condition = self.value(*condition)?;
                self.line(format_args!("if ({condition}) {{"));
                self.block(accept)?;
                if !reject.is_empty() {
                    self.line("} else {");
                    self.block(reject)?;
                }
                self.line("}");
            }
            Statement::Switch { selector, cases } => {
                let selector = self.value(*selector)?;
                self.line(format_args!("switch ({selector}) {{"));
                for case in cases {
                    match case.value {
                        SwitchValue::I32(value) => self.line(format_args!("case {value}: {{")),
                        SwitchValue::U32(value) => self.line(format_args!("case {value}u: {{")),
                        SwitchValue::Default => self.line("default: {"),
                    }
                    self.block(&case.body)?;
                    self.line(if case.fall_through { "}" } else { "} break;" });
                }
                self.line("}");
            }
            Statement::Loop { body, continuing, break_if } => self.loop_of(body, continuing, *break_if)?,
            Statement::Break => self.line("break;"),
            Statement::Continue => self.line("continue;"),
            Statement::Return { value: None } => self.line("return;"),
            Statement::Return { value: Some(value) } => {
                let value = self.value(*value)?;
                self.line(format_args!("return {value};"));
            }
            Statement::ControlBarrier(_) => self.line("barrier();"),
            Statement::Store { pointer, value } => {
                let (place, value) = (self.place(*pointer)?, self.value(*value)?);
                if let Some(TypeInner::Atomic(_)) = self.pointee(*pointer) {
                    self.line(format_args!("{place}.store({value});"));
                } else {
                    self.line(format_args!("{place} = {value};"));
                }
            }
            Statement::Atomic { pointer, fun, value, result } => {
                let call = format!("{}.{}({})", self.place(*pointer)?, atomic_name(fun)?, self.value(*value)?);
                match result {
                    Some(result) => self.declare(*result, &call)?,
                    None => self.line(format_args!("{call};")),
                }
            }
            Statement::WorkGroupUniformLoad { pointer, result } => {
                let place = self.place(*pointer)?;
                self.line("barrier();");
                self.declare(*result, &place)?;
                self.line("barrier();");
            }
            Statement::Call { function, arguments, result } => {
                let mut given = Vec::new();
                for &argument in arguments {
                    given.push(if self.pointee(argument).is_some() {
                        self.place(argument)?
                    } else {
                        self.value(argument)?
                    });
                }
                let handed_on = self.tree.handed_on(&self.tree.info[*function]);
                given.extend(handed_on.map(|(handle, variable)| name(&variable.name, handle)));
                let called = name(&self.tree.module.functions[*function].name, *function);
                let call = format!("{called}({})", given.join(", "));
                match result {
                    Some(result) => self.declare(*result, &call)?,
                    None => self.line(format_args!("{call};")),
                }
            }
            other => return Err(refused(format!("the statement {other:?} has no translation"))),
        }
        Ok(())
    }

    /// A loop. Where it continues early, its end comes first in the text, and the first round leaves it out.
    fn loop_of(&mut self, body: &Block, continuing: &Block, break_if: Option<Handle<Expression>>) -> Result<()> {
        let first = format!("first{}", self.loops);
        self.loops += 1;
        let early = continues(body) && (!continuing.is_empty() || break_if.is_some());
        if early {
            self.line(format_args!("bool {first} = true;"));
        }
        self.line("for (;;) {");
        let outside = self.named.len();
        self.depth += 1;
        if early {
            self.line(format_args!("if (!{first}) {{"));
            self.depth += 1;
            self.end_of_round(continuing, break_if)?;
            self.depth -= 1;
            self.named.truncate(outside);
            self.line("}");
            self.line(format_args!("{first} = false;"));
            self.statements(body)?;
        } else {
            self.statements(body)?;
            self.end_of_round(continuing, break_if)?;
        }
        self.depth -= 1;
        self.named.truncate(outside);
        self.line("}");
        Ok(())
    }

    fn end_of_round(&mut self, continuing: &Block, break_if: Option<Handle<Expression>>) -> Result<()> {
        self.statements(continuing)?;
        if let Some(condition) = break_if {
            let condition = self.value(condition)?;
            self.line(format_args!("if ({condition}) break;"));
        }
        Ok(())
    }
}

/// Whether a loop with this body has rounds that end early.
fn continues(block: &Block) -> bool {
    block.iter().any(|statement| match statement {
        Statement::Continue => true,
        Statement::Block(block) => continues(block),
        Statement::If { accept, reject, .. } => continues(accept) || continues(reject),
        Statement::Switch { cases, .. } => cases.iter().any(|case| continues(&case.body)),
        _ => false,
    })
}

pub(super) fn value_name(handle: Handle<Expression>) -> String {
    format!("e{}", handle.index())
}

fn atomic_name(function: &AtomicFunction) -> Result<&'static str> {
    Ok(match function {
        AtomicFunction::Add => "add",
        AtomicFunction::Subtract => "subtract",
        AtomicFunction::And => "both",
        AtomicFunction::InclusiveOr => "either",
        AtomicFunction::ExclusiveOr => "differing",
        AtomicFunction::Min => "least",
        AtomicFunction::Max => "most",
        AtomicFunction::Exchange { compare: None } => "exchange",
        AtomicFunction::Exchange { compare: Some(_) } => {
            return Err(refused("an exchange that compares has no translation".to_string()));
        }
    })
}
