//! Each rule of WGSL that C++ does not have, run on the host.

mod layout;
mod refusals;
mod rules;

use super::translate;
use crate::cuda::emulator::{self, Bound, Memory};

/// Runs a text whose buffers are `input` at 0 and `output` at 1, and returns the output.
fn run(wgsl: &str, grid: [u32; 3], input: &[u32], output: usize) -> Result<Vec<u32>, String> {
    let source = translate(wgsl).map_err(|e| e.to_string())?;
    let input_memory = Memory::new(bytemuck::cast_slice(input));
    let mut output_memory = Memory::new(&vec![0; 4 * output]);
    let bound = [
        Bound { binding: 0, memory: &input_memory, from: 0, bytes: 4 * input.len() },
        Bound { binding: 1, memory: &output_memory, from: 0, bytes: 4 * output },
    ];
    emulator::run(&source, grid, &bound)?;
    Ok(bytemuck::pod_collect_to_vec(&output_memory.bytes(4 * output)))
}

/// Runs `body` once. It reads `a` and writes `b`; functions may stand in front.
fn once(functions: &str, body: &str, input: &[u32], output: usize) -> Vec<u32> {
    let text = format!(
        "@group(0) @binding(0) var<storage, read> a: array<u32>;\n\
         @group(0) @binding(1) var<storage, read_write> b: array<u32>;\n\
         {functions}\n@compute @workgroup_size(1) fn main() {{ {body} }}"
    );
    run(&text, [1; 3], input, output).unwrap_or_else(|e| panic!("{e}\n{text}"))
}
