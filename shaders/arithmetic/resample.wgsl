// Resample: weighted sums of bytes, the weights being whole numbers of 2^-22. The program has a list of what each value
// along one axis is made of, behind one word: first tap, how many, where their weights begin; then the weights.
struct Taps { first: u32, count: u32, weights: u32 }

fn taps_of(i: u32) -> Taps {
  let list = programs[program + WORD_WEIGHTS] + 1u;
  let at = list + 3u * i;
  return Taps(programs[at], programs[at + 1u], list + programs[at + 2u]);
}

fn weighted_start() -> vec3<i32> {
  return vec3<i32>(1 << 21u);
}

fn weighted(pixel: vec3<u32>, weight: u32) -> vec3<i32> {
  return vec3<i32>(pixel) * bitcast<i32>(weight);
}

fn weighted_bytes(sum: vec3<i32>) -> u32 {
  return pack(vec3<u32>(clamp(sum >> vec3<u32>(22u), vec3<i32>(0), vec3<i32>(255))));
}
