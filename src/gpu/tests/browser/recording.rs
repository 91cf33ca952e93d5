//! Recording: what a batch is for a device, written down for one that is not wgpu's.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::batch::Placement;
use crate::gpu::compile::WORKGROUP_MEMORY;
use crate::gpu::compile::commands::{Chunk, Command, Commands, PARAMETERS_STRIDE, Prepared, Role, WholeBatch};
use crate::gpu::compile::grouping::Grouping;
use crate::gpu::compile::mixing::{self, MixChunk, MixCommand};
use crate::gpu::compile::schedule::{Kernel, Sources};
use crate::gpu::compile::shader::{self, Variant};
use crate::gpu::compile::tables::Tables;
use crate::gpu::device::pipelines::binding_types;
use crate::gpu::tests::support::batches::differences;
use crate::mixing::MixPlan;
use crate::{Batch, Dtype, Output, Plan, Shape, Tensor, TensorData};

/// What is in buffers that are written before they are read.
const UNTOUCHED: u8 = 0xa5;

/// A batch and what is to be done to it.
pub struct Case {
    pub name: String,
    pub batch: Batch<'static>,
    pub plan: Plan,
    pub output: Output,
    pub grouping: Grouping,
    /// Values in front of the first one, in the input and in the output.
    pub shift: usize,
}

/// All cases as a page gets them: a description in JSON, and the bytes that it points to.
#[derive(Default)]
pub struct Recordings {
    cases: Vec<Value>,
    shaders: Vec<Value>,
    shader_numbers: HashMap<String, usize>,
    pub bytes: Vec<u8>,
    /// The kernels that are run, not only compiled, and their texts.
    pub run: Vec<(Variant, String)>,
    /// The texts of those that mix.
    pub mixes: Vec<String>,
    /// The rounds of statistics that are run.
    pub rounds: BTreeSet<u32>,
}

/// What must be in the destination afterwards.
pub struct Expected {
    shape: Shape,
    data: TensorData,
    before: usize,
    bytes: usize,
}

/// What a page found in the destination.
pub struct Got(pub Vec<u8>);

impl Case {
    /// The input, behind what is in front of it.
    fn shifted(&self) -> Vec<u8> {
        [&vec![UNTOUCHED; self.shift][..], self.batch.data()].concat()
    }
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
    pub fn case(&mut self, case: &Case) -> Expected {
        let expected = Expected::of(case);
        let placed = Placement::uniform(case.batch.shape(), case.batch.layout());
        let image_bytes = case.batch.shape().values_per_image();
        let mut tables = Tables::new();
        let prepared = Prepared::new(&case.plan, &placed, &case.output, &mut tables).unwrap();
        let sources: Vec<u32> = (0..expected.shape.images).map(|i| (case.shift + i * image_bytes) as u32).collect();
        let whole = WholeBatch {
            prepared: &prepared,
            shape: expected.shape,
            layout: case.batch.layout(),
            output: &case.output,
            operations: case.plan.operations(),
        };
        let places = Sources { images: &sources, partners: &|partner| (partner * image_bytes) as u32 };
        let chunk = Chunk::of(&whole, 0..sources.len(), places, case.shift);
        let work = Commands::of(&chunk, case.grouping, WORKGROUP_MEMORY).unwrap();
        for (step, parameters) in work.commands.iter().zip(work.parameters.chunks(PARAMETERS_STRIDE / 4)) {
            if matches!(step.variant.kernel, Kernel::Statistics(_)) {
                self.rounds.insert(parameters[3]);
            }
        }
        let untouched = |bytes| vec![UNTOUCHED; bytes];
        let read = [
            (Role::Programs, &work.programs[..]),
            (Role::Tables, tables.words()),
            (Role::Parameters, &work.parameters),
        ];
        let written = [
            (Role::Counts, vec![0; work.counts_bytes as usize]),
            (Role::Intermediate(0), untouched(work.intermediate_bytes[0] as usize)),
            (Role::Intermediate(1), untouched(work.intermediate_bytes[1] as usize)),
            (Role::Destination, untouched(expected.bytes)),
        ];
        let buffers = self.buffers(case, read, written);
        let steps: Vec<Value> = work.commands.iter().enumerate().map(|(i, step)| self.step(i, step)).collect();
        self.cases.push(json!({ "name": case.name, "buffers": buffers, "steps": steps }));
        expected
    }

    /// Adds a case whose images are mixed, and nothing else is done to them.
    pub fn mix(&mut self, case: &Case, mix: &MixPlan) -> Expected {
        let mut expected = Expected::of(case);
        let (shape, layout) = (expected.shape, case.batch.layout());
        let images = Tensor { shape, layout: case.output.layout(layout), data: expected.data };
        expected.data = mix.apply(&images).unwrap().data;
        let mut tables = Tables::new();
        let work = MixCommand::of(&MixChunk {
            images: mix.images(),
            shape,
            layout,
            output: &case.output,
            normalize: tables.normalize(case.output.form()).unwrap(),
            source: case.shift,
            partner: &|partner| partner * shape.values_per_image(),
            first_value: case.shift,
        });
        let read = [
            (Role::Programs, &work.programs[..]),
            (Role::Tables, tables.words()),
            (Role::Parameters, &work.parameters),
        ];
        let written = [(Role::Destination, vec![UNTOUCHED; expected.bytes])];
        let buffers = self.buffers(case, read, written);
        let text = mixing::assemble(&work.variant);
        let types: Vec<Value> = binding_types(false).into_iter().map(binding_type).collect();
        let bindings: Vec<Value> = mixing::BINDINGS.iter().map(|&(number, role)| json!([number, name(role)])).collect();
        let step = json!({
            "shader": self.shader(&format!("{:?}", work.variant), &text),
            "entry": mixing::ENTRY_POINT,
            "types": types,
            "bindings": bindings,
            "parameters": [0, PARAMETERS_STRIDE],
            "grid": work.grid,
        });
        self.mixes.push(text);
        self.cases.push(json!({ "name": case.name, "buffers": buffers, "steps": [step] }));
        expected
    }

    /// Stores what is in the buffers at first.
    fn buffers<const N: usize>(
        &mut self,
        case: &Case,
        read: [(Role, &[u32]); 3],
        written: [(Role, Vec<u8>); N],
    ) -> serde_json::Map<String, Value> {
        let images = [(Role::Source, case.shifted()), (Role::Partners, case.batch.data().to_vec())];
        let read = read.map(|(role, words)| (role, bytemuck::cast_slice(words).to_vec()));
        let stored = images.into_iter().chain(read).chain(written).map(|(role, mut bytes)| {
            bytes.resize(bytes.len().max(16).next_multiple_of(4), 0);
            (name(role), self.store(&bytes))
        });
        stored.collect()
    }

    fn step(&mut self, number: usize, step: &Command) -> Value {
        let text = shader::assemble(&step.variant);
        self.run.push((step.variant.clone(), text.clone()));
        let counts_are_written = matches!(step.variant.kernel, Kernel::Statistics(_));
        let types: Vec<Value> = binding_types(counts_are_written).into_iter().map(binding_type).collect();
        let bindings: Vec<Value> = step.bindings.iter().map(|&(binding, role)| json!([binding, name(role)])).collect();
        json!({
            "shader": self.shader(&format!("{:?}", step.variant), &text),
            "entry": shader::entry_point(step.variant.kernel),
            "types": types,
            "bindings": bindings,
            "parameters": [number * PARAMETERS_STRIDE, PARAMETERS_STRIDE],
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

impl Expected {
    fn of(case: &Case) -> Self {
        let (tensor, _) =
            crate::Executor::new(crate::Device::Cpu).unwrap().apply(&case.batch, &case.plan, &case.output).unwrap();
        let before = case.shift * case.output.dtype().bytes();
        let bytes = (before + tensor.shape.values() * case.output.dtype().bytes()).next_multiple_of(4) + 8;
        Expected { shape: tensor.shape, data: tensor.data, before, bytes }
    }

    /// One line for each image that differs, and one for bytes around them that changed.
    pub fn differences(&self, case: &Case, got: &Got) -> Vec<String> {
        let Got(got) = got;
        if got.len() != self.bytes {
            return vec![format!("{} bytes and not {}", got.len(), self.bytes)];
        }
        let dtype = self.data.dtype();
        let after = self.before + self.data.len() * dtype.bytes();
        let inside = &got[self.before..after];
        let data = match dtype {
            Dtype::U8 => TensorData::U8(inside.to_vec()),
            Dtype::F32 => TensorData::F32(bytemuck::pod_collect_to_vec(inside)),
            Dtype::F16 => TensorData::F16(bytemuck::pod_collect_to_vec(inside)),
        };
        let mut lines = differences(self.shape, &case.plan, &self.data, &data);
        // The kernels write whole words.
        for (place, around) in [(0, &got[..self.before / 4 * 4]), (self.bytes - 8, &got[self.bytes - 8..])] {
            if let Some(i) = around.iter().position(|&byte| byte != UNTOUCHED) {
                lines.push(format!("byte {} of the destination is outside the images and was written", place + i));
            }
        }
        lines
    }

    /// Expects something wrong.
    pub fn flip_first_byte(&mut self) {
        if let TensorData::U8(values) = &mut self.data {
            values[0] ^= 1;
        }
    }

    /// What a page would have found if all went well.
    pub fn as_got(&self) -> Got {
        let mut bytes = vec![UNTOUCHED; self.bytes];
        let data: &[u8] = match &self.data {
            TensorData::U8(values) => values,
            TensorData::F32(values) => bytemuck::cast_slice(values),
            TensorData::F16(values) => bytemuck::cast_slice(values),
        };
        bytes[self.before..self.before + data.len()].copy_from_slice(data);
        Got(bytes)
    }
}
