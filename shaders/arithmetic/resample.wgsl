// Resample: weighted sums of bytes, the weights being whole numbers of 2^-22.
fn weighted_start() -> vec3<i32> {
  return vec3<i32>(1 << 21u);
}

fn weighted(pixel: vec3<u32>, weight: u32) -> vec3<i32> {
  return vec3<i32>(pixel) * bitcast<i32>(weight);
}

fn weighted_bytes(sum: vec3<i32>) -> u32 {
  return pack(vec3<u32>(clamp(sum >> vec3<u32>(22u), vec3<i32>(0), vec3<i32>(255))));
}
