// What a group of four f16 values is: one access of 8 bytes.
@group(0) @binding(5) var<storage, read_write> destination: array<vec2<u32>>;

fn element(values: vec4<u32>) -> vec2<u32> {
  return values.xz | (values.yw << vec2<u32>(16u));
}
