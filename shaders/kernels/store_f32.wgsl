// What a group of four f32 values is: one access of 16 bytes.
@group(0) @binding(5) var<storage, read_write> destination: array<vec4<u32>>;

fn element(values: vec4<u32>) -> vec4<u32> {
  return values;
}
