//! Structs and arrays in buffers, laid out as WGSL does: the offsets are from WGSL's rules, not from naga.

use super::super::{BufferKind, BufferParam, translate};
use super::run;
use crate::cuda::emulator::{self, Bound, Memory};

const STRUCTS: &str = "struct Inner { flag: u32, place: vec2<f32> }
    struct Outer { first: u32, direction: vec3<f32>, count: u32, color: vec4<u32>, inner: array<Inner, 2>, last: i32 }";

#[test]
fn members_begin_where_wgsl_says() {
    let text = format!(
        "{STRUCTS}
         @group(0) @binding(0) var<storage, read> a: array<Outer>;
         @group(0) @binding(1) var<storage, read_write> b: array<u32>;
         @compute @workgroup_size(1) fn main() {{
           b[0] = a[1].first; b[1] = bitcast<u32>(a[1].direction.z); b[2] = a[1].count; b[3] = a[1].color.y;
           b[4] = a[1].inner[1].flag; b[5] = bitcast<u32>(a[1].inner[1].place.y); b[6] = bitcast<u32>(a[1].last);
           b[7] = arrayLength(&a); }}"
    );
    // Bytes 0, 16 (three words), 28, 32 (four words), 48 and 64 (flag, nothing, two words), 80: 96 in all.
    let input: Vec<u32> = (0..48).collect();
    assert_eq!(run(&text, [1; 3], &input, 8).unwrap(), [24, 30, 31, 33, 40, 43, 44, 2]);
}

#[test]
fn arrays_of_three_components_have_a_stride_of_four() {
    let text = "@group(0) @binding(0) var<storage, read> a: array<vec3<u32>>;
        @group(0) @binding(1) var<storage, read_write> b: array<u32>;
        @compute @workgroup_size(1) fn main() {
          var own = array<vec3<u32>, 2>(a[0], a[1]);
          b[0] = a[2].y; b[1] = own[1].z; b[2] = arrayLength(&a); }";
    assert_eq!(run(text, [1; 3], &(0..12).collect::<Vec<_>>(), 3).unwrap(), [9, 6, 3]);
}

#[test]
fn uniforms_begin_where_they_are_bound_and_parameters_have_an_order() {
    let text = format!(
        "{STRUCTS}
         @group(0) @binding(1) var<storage, read_write> b: array<u32>;
         @group(0) @binding(9) var<storage, read> unused: array<u32>;
         @group(0) @binding(7) var<uniform> params: Outer;
         @group(0) @binding(4) var<storage, read> a: array<u32>;
         fn last() -> u32 {{ return bitcast<u32>(params.last); }}
         @compute @workgroup_size(1) fn main() {{ b[0] = params.count + a[0]; b[1] = last(); }}"
    );
    let source = translate(&text).unwrap();
    let param = |binding, kind| BufferParam { group: 0, binding, kind };
    let expected = [param(1, BufferKind::ReadWrite), param(7, BufferKind::Uniform), param(4, BufferKind::Read)];
    assert_eq!(source.buffers, expected);
    let params = Memory::new(bytemuck::cast_slice(&(0..100).collect::<Vec<u32>>()));
    let mut output = Memory::new(&[0; 8]);
    fn at(binding: u32, memory: &Memory, from: usize, bytes: usize) -> Bound<'_> {
        Bound { binding, memory, from, bytes }
    }
    emulator::run(&source, [1; 3], &[at(7, &params, 256, 96), at(1, &output, 0, 8), at(4, &params, 4, 4)]).unwrap();
    assert_eq!(bytemuck::pod_collect_to_vec::<u8, u32>(&output.bytes(8)), [64 + 7 + 1, 64 + 20]);
    let too_short = [at(7, &params, 256, 92), at(1, &output, 0, 8), at(4, &params, 4, 4)];
    let error = emulator::run(&source, [1; 3], &too_short).unwrap_err();
    assert!(error.starts_with("index 95 of 92"), "{error}");
}
