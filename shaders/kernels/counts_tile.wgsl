// Statistics of a small image: each thread keeps the counts of its value, the sums of luma are in workgroup memory.
var<private> own_counts: vec3<u32>;
var<workgroup> luma_sums: array<atomic<u32>, 2>;

fn count_of(base: u32, bin: u32) -> u32 {
  return own_counts[bin >> 8u];
}

fn luma_sum(base: u32, round: u32) -> vec2<u32> {
  return vec2<u32>(0u, atomicLoad(&luma_sums[round]));
}
