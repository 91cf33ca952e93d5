//! Recording: planned cases, written down for a page.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::gpu::compile::commands::{PARAMETERS_STRIDE, Role};
use crate::gpu::device::pipelines::binding_types;
use crate::gpu::tests::planned::{Planned, Step};

/// All cases as a page gets them: a description in JSON, and the bytes that it points to.
#[derive(Default)]
pub struct Recordings {
    cases: Vec<Value>,
    shaders: Vec<Value>,
    shader_numbers: HashMap<String, usize>,
    pub bytes: Vec<u8>,
}

impl Recordings {
    /// Adds a kernel that is compiled.
    pub fn shader(&mut self, label: &str, text: &str) -> usize {
        if let Some(&number) = self.shader_numbers.get(text) {
            return number;
        }
        let number = self.shaders.len();
        let text_at = self.store(text.as_bytes());
        self.shaders.push(json!({ "label": label, "text": text_at }));
        self.shader_numbers.insert(text.to_string(), number);
        number
    }

    /// Adds a case that is run.
    pub fn case(&mut self, planned: &Planned) {
        let buffers: serde_json::Map<String, Value> =
            planned.buffers.iter().map(|(role, bytes)| (name(*role), self.store(bytes))).collect();
        let steps: Vec<Value> = planned.steps.iter().map(|step| self.step(step)).collect();
        self.cases.push(json!({ "name": planned.case.name, "buffers": buffers, "steps": steps }));
    }

    fn step(&mut self, step: &Step) -> Value {
        let types: Vec<Value> = binding_types(step.round.is_some()).into_iter().map(binding_type).collect();
        let bindings: Vec<Value> = step.bindings.iter().map(|&(binding, role)| json!([binding, name(role)])).collect();
        json!({
            "shader": self.shader(&format!("{:?}", step.kernel), &step.text),
            "entry": step.entry(),
            "types": types,
            "bindings": bindings,
            "parameters": [step.parameters_at, PARAMETERS_STRIDE],
            "grid": step.grid,
        })
    }

    /// Stores bytes and says where they are and how many.
    fn store(&mut self, bytes: &[u8]) -> Value {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        json!([at, bytes.len()])
    }

    /// The description.
    pub fn index(&self) -> Value {
        json!({ "shaders": self.shaders, "cases": self.cases })
    }

    /// Spoils a case.
    pub fn change_case(&mut self, case: usize, change: impl FnOnce(&mut Value)) {
        change(&mut self.cases[case]);
    }

    /// What a kernel was called.
    pub fn label(&self, shader: usize) -> &str {
        self.shaders[shader]["label"].as_str().unwrap_or_default()
    }

    /// How many kernels there are.
    pub fn shaders(&self) -> usize {
        self.shaders.len()
    }
}

fn name(role: Role) -> String {
    format!("{role:?}")
}

fn binding_type((binding, ty): (u32, wgpu::BufferBindingType)) -> Value {
    let name = match ty {
        wgpu::BufferBindingType::Uniform => "uniform",
        wgpu::BufferBindingType::Storage { read_only: true } => "read-only-storage",
        wgpu::BufferBindingType::Storage { read_only: false } => "storage",
    };
    json!([binding, name])
}
