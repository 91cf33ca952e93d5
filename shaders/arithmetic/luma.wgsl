// Luma: Pillow's conversion of a pixel to gray, and the mean gray of an image from its sum.
fn luma(pixel: vec3<u32>) -> u32 {
  return (19595u * pixel.x + 38470u * pixel.y + 7471u * pixel.z + 32768u) >> 16u;
}

fn blend_with_gray(pixel: vec3<u32>, table: u32) -> vec3<u32> {
  return blend_channels(vec3<u32>(luma(pixel)), pixel, table);
}

// (2 sum + n) / 2 n for a 64-bit sum, high word first. Beyond 8 megapixels the sum leaves 32 bits; then the quotient,
// which is a byte, is found bit by bit.
fn mean_of(sum: vec2<u32>, n: u32) -> u32 {
  let twice = u64_add(u64_add(sum, sum), vec2<u32>(0u, n));
  if (twice.x == 0u) { return twice.y / (2u * n); }
  var mean = 0u;
  for (var bit = 128u; bit > 0u; bit >>= 1u) {
    let product = u64_mul(mean | bit, 2u * n);
    if (!u64_less(twice, product)) { mean |= bit; }
  }
  return mean;
}
