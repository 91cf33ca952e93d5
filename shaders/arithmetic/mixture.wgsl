// Weighted bytes in binary32, made of integers: a product of 24 bits and 8 is a whole number of 32, so that only
// rounding is left.

// weight times byte, rounded to the nearest, ties to even. The weight's bits, which are not negative.
fn product_f32(weight: u32, byte: u32) -> u32 {
  let biased = weight >> 23u;
  let whole = byte * ((weight & 0x7fffffu) | select(0u, 0x800000u, biased != 0u));
  let zeros = countLeadingZeros(whole);
  // Nothing, or a subnormal number.
  if (zeros > 8u) { return whole; }
  let shift = 8u - zeros;
  let bits = whole >> shift;
  let rest = whole & ((1u << shift) - 1u);
  let half = (1u << shift) >> 1u;
  let up = select(0u, 1u, rest > half || (rest == half && half != 0u && (bits & 1u) == 1u));
  // The leading bit of a significand is one of the exponent; so is what rounding carries.
  return ((max(biased, 1u) + shift - 1u) << 23u) + bits + up;
}

// Clipped to 0..=255 and truncated.
fn byte_of_f32(value: u32) -> u32 {
  let exponent = value >> 23u;
  // Below 1, or negative.
  if (exponent < 127u || exponent >= 256u) { return 0u; }
  if (exponent >= 135u) { return 255u; }
  return ((value & 0x7fffffu) | 0x800000u) >> (150u - exponent);
}

// g + alpha (x - g) with Pillow's two roundings. alpha's bits, which are not negative.
fn blend_f32(g: u32, x: u32, alpha: u32) -> u32 {
  let is_down = x < g;
  let product = product_f32(alpha, select(x - g, g - x, is_down));
  return byte_of_f32(add_f32(product_f32(0x3f800000u, g), product | select(0u, 0x80000000u, is_down)));
}
