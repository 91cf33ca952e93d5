// Sums of binary32 in integers, so that they do not depend on how a driver rounds, or on whether it keeps subnormal
// numbers.

// a + b, rounded to the nearest, ties to even. Both are below 2^126.
fn add_f32(a: u32, b: u32) -> u32 {
  let is_swapped = (b & 0x7fffffffu) > (a & 0x7fffffffu);
  let large = select(a, b, is_swapped);
  let small = select(b, a, is_swapped);
  var exponent = (large >> 23u) & 255u;
  let small_exponent = (small >> 23u) & 255u;
  // Significands with three bits more, of which the last stands for all that is shifted out.
  var sum = ((large & 0x7fffffu) | select(0u, 0x800000u, exponent != 0u)) << 3u;
  let whole = ((small & 0x7fffffu) | select(0u, 0x800000u, small_exponent != 0u)) << 3u;
  exponent = max(exponent, 1u);
  let shift = min(exponent - max(small_exponent, 1u), 31u);
  let part = whole >> shift;
  let addend = part | select(0u, 1u, (part << shift) != whole);
  if (((a ^ b) >> 31u) == 0u) {
    sum += addend;
    if (sum >= 0x8000000u) {
      sum = (sum >> 1u) | (sum & 1u);
      exponent += 1u;
    }
  } else {
    sum -= addend;
    if (sum == 0u) { return 0u; }
    // Subnormal numbers keep the smallest exponent.
    let up = min(countLeadingZeros(sum) - 5u, exponent - 1u);
    sum <<= up;
    exponent -= up;
  }
  let bits = sum >> 3u;
  let rest = sum & 7u;
  let rounded = bits + select(0u, 1u, rest > 4u || (rest == 4u && (bits & 1u) == 1u));
  // The leading bit of a normal significand is one of the exponent; so is what rounding carries.
  return (large & 0x80000000u) | (((exponent - 1u) << 23u) + rounded);
}

// Rounded to the nearest binary16, ties to even. No infinity and no NaN comes in.
fn f16_of_f32(value: u32) -> u32 {
  let sign = (value >> 16u) & 0x8000u;
  let magnitude = value & 0x7fffffffu;
  if (magnitude >= 0x47800000u) { return sign | 0x7c00u; }
  if (magnitude >= 0x38800000u) {
    let bits = magnitude - 0x38000000u;
    return sign | ((bits + 0xfffu + ((bits >> 13u) & 1u)) >> 13u);
  }
  // Subnormal: in units of 2^-24.
  let exponent = magnitude >> 23u;
  if (exponent < 102u) { return sign; }
  let significand = (magnitude & 0x7fffffu) | 0x800000u;
  let shift = 126u - exponent;
  let bits = significand >> shift;
  let rest = significand & ((1u << shift) - 1u);
  let tie = 1u << (shift - 1u);
  return sign | (bits + select(0u, 1u, rest > tie || (rest == tie && (bits & 1u) == 1u)));
}
