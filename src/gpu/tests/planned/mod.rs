//! Planned: what a batch is for a device, written down for one that is not wgpu's, and what must become of it.

pub mod cases;
pub mod coverage;

use std::collections::BTreeSet;

use crate::batch::Placement;
use crate::gpu::compile::WORKGROUP_MEMORY;
use crate::gpu::compile::commands::{Chunk, Command, Commands, PARAMETERS_STRIDE, Prepared, Role, WholeBatch};
use crate::gpu::compile::grouping::Grouping;
use crate::gpu::compile::mixing::{self, MixChunk, MixCommand, MixVariant};
use crate::gpu::compile::schedule::{Kernel, Sources};
use crate::gpu::compile::shader::{self, Variant};
use crate::gpu::compile::tables::Tables;
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

/// A case for a device.
pub struct Planned {
    pub case: Case,
    pub expected: Expected,
    /// What is in the buffers at first: whole words.
    pub buffers: Vec<(Role, Vec<u8>)>,
    pub steps: Vec<Step>,
}

/// One dispatch.
pub struct Step {
    pub kernel: StepKernel,
    pub text: String,
    pub grid: [u32; 3],
    /// Binding numbers with their buffers.
    pub bindings: Vec<(u32, Role)>,
    /// The place of its parameters in their buffer.
    pub parameters_at: usize,
    /// The round, if it makes statistics.
    pub round: Option<u32>,
}

/// The kernel of a step.
#[derive(Debug)]
pub enum StepKernel {
    Chains(Variant),
    // For messages.
    #[allow(dead_code)]
    Mixes(MixVariant),
}

/// What must be in the destination afterwards.
pub struct Expected {
    shape: Shape,
    data: TensorData,
    before: usize,
    bytes: usize,
}

/// What a device left in the destination.
pub struct Got(pub Vec<u8>);

impl Case {
    /// The input, behind what is in front of it.
    fn shifted(&self) -> Vec<u8> {
        [&vec![UNTOUCHED; self.shift][..], self.batch.data()].concat()
    }

    /// What is in the buffers at first.
    fn buffers<const N: usize>(
        &self,
        read: [(Role, &[u32]); 3],
        written: [(Role, Vec<u8>); N],
    ) -> Vec<(Role, Vec<u8>)> {
        let images = [(Role::Source, self.shifted()), (Role::Partners, self.batch.data().to_vec())];
        let read = read.map(|(role, words)| (role, bytemuck::cast_slice(words).to_vec()));
        let all = images.into_iter().chain(read).chain(written).map(|(role, mut bytes)| {
            bytes.resize(bytes.len().max(16).next_multiple_of(4), 0);
            (role, bytes)
        });
        all.collect()
    }
}

/// The WGSL of all kernels that these cases run.
pub fn texts(planned: &[Planned]) -> BTreeSet<&str> {
    planned.iter().flat_map(|planned| &planned.steps).map(|step| &*step.text).collect()
}

impl Planned {
    pub fn of(case: Case) -> Self {
        let expected = Expected::of(&case);
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
        let parameters = work.parameters.chunks(PARAMETERS_STRIDE / 4);
        let step = |(number, (step, parameters)): (usize, (&Command, &[u32]))| Step {
            kernel: StepKernel::Chains(step.variant.clone()),
            text: shader::assemble(&step.variant),
            grid: step.grid,
            bindings: step.bindings.clone(),
            parameters_at: number * PARAMETERS_STRIDE,
            round: matches!(step.variant.kernel, Kernel::Statistics(_)).then(|| parameters[3]),
        };
        let steps = work.commands.iter().zip(parameters).enumerate().map(step).collect();
        Planned { buffers: case.buffers(read, written), steps, expected, case }
    }

    /// A case whose images are mixed, and nothing else is done to them.
    pub fn mixed(case: Case, mix: &MixPlan) -> Self {
        let mut expected = Expected::of(&case);
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
        let step = Step {
            text: mixing::assemble(&work.variant),
            kernel: StepKernel::Mixes(work.variant),
            grid: work.grid,
            bindings: mixing::BINDINGS.to_vec(),
            parameters_at: 0,
            round: None,
        };
        Planned { buffers: case.buffers(read, written), steps: vec![step], expected, case }
    }

    /// One line for each image that differs, and one for bytes around them that changed.
    pub fn differences(&self, got: &Got) -> Vec<String> {
        self.expected.differences(&self.case, got)
    }
}

impl Step {
    /// The kernel's entry point.
    pub fn entry(&self) -> &'static str {
        match &self.kernel {
            StepKernel::Chains(variant) => shader::entry_point(variant.kernel),
            StepKernel::Mixes(_) => mixing::ENTRY_POINT,
        }
    }
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
    fn differences(&self, case: &Case, got: &Got) -> Vec<String> {
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

    /// What a device would leave if all went well.
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

#[test]
fn a_single_wrong_byte_is_reported() {
    let planned = Planned::of(cases::tiny());
    assert_eq!(planned.differences(&planned.expected.as_got()), [""; 0]);
    let with = |at: usize| {
        let Got(mut bytes) = planned.expected.as_got();
        bytes[at] ^= 1;
        planned.differences(&Got(bytes))
    };
    assert_eq!(with(64), ["image 1: 1 of 60, first at value 0: CPU 192 GPU 193: Invert + Posterize(bits=4)"]);
    assert_eq!(with(3), ["byte 3 of the destination is outside the images and was written"]);
    assert_eq!(with(184), ["byte 184 of the destination is outside the images and was written"]);
    assert_eq!(planned.differences(&Got(vec![])), ["0 bytes and not 192"]);
}
