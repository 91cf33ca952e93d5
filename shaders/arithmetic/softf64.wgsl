// Soft f64: addition and multiplication of IEEE binary64, rounded to nearest even, in integers: the same bits on every
// driver, with or without f64 and whatever it fuses. A number is its two words, high word first. Normal numbers and
// zeros only; products below the normal range become zero, which no result here can tell from the tiny true value.
const F64_HALF = vec2<u32>(0x3fe00000u, 0u);
const F64_SIGN = 0x80000000u;

fn f64_is_zero(a: vec2<u32>) -> bool { return ((a.x & 0x7fffffffu) | a.y) == 0u; }

fn f64_is_negative(a: vec2<u32>) -> bool { return (a.x & F64_SIGN) != 0u && !f64_is_zero(a); }

fn f64_neg(a: vec2<u32>) -> vec2<u32> { return vec2<u32>(a.x ^ F64_SIGN, a.y); }

// The 53 bits of the significand.
fn f64_significand(a: vec2<u32>) -> vec2<u32> { return vec2<u32>((a.x & 0xfffffu) | 0x100000u, a.y); }

fn f64_exponent(a: vec2<u32>) -> i32 { return i32((a.x >> 20u) & 0x7ffu); }

// Rounds a significand whose leading one is at bit 62 to 53 bits and puts the parts together.
fn f64_round(sign: u32, exponent: i32, m: vec2<u32>) -> vec2<u32> {
  if (exponent <= 0) { return vec2<u32>(sign, 0u); }
  let rest = m.y & 0x3ffu;
  let kept = vec2<u32>(m.x >> 10u, (m.x << 22u) | (m.y >> 10u));
  let up = rest > 0x200u || (rest == 0x200u && (kept.y & 1u) != 0u);
  // The leading one is added to the exponent, and so is a carry out of the significand.
  let sum = u64_add(kept, vec2<u32>(u32(exponent - 1) << 20u, select(0u, 1u, up)));
  return vec2<u32>(sum.x | sign, sum.y);
}

fn f64_mul(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let sign = (a.x ^ b.x) & F64_SIGN;
  if (f64_is_zero(a) || f64_is_zero(b)) { return vec2<u32>(sign, 0u); }
  var exponent = f64_exponent(a) + f64_exponent(b) - 1023;
  let am = u64_shl(f64_significand(a), 11u);
  let bm = u64_shl(f64_significand(b), 10u);
  // 128-bit product: leading one at bit 61 or 62 of the upper half.
  let p0 = u64_mul(am.y, bm.y);
  let p1 = u64_mul(am.y, bm.x);
  let p2 = u64_mul(am.x, bm.y);
  let middle = u64_add(u64_add(vec2<u32>(0u, p0.x), vec2<u32>(0u, p1.y)), vec2<u32>(0u, p2.y));
  var upper = u64_add(u64_mul(am.x, bm.x), vec2<u32>(0u, p1.x));
  upper = u64_add(upper, vec2<u32>(0u, p2.x));
  upper = u64_add(upper, vec2<u32>(0u, middle.x));
  var sticky = middle.y | p0.y;
  if ((upper.x & 0x40000000u) == 0u) {
    upper = vec2<u32>((upper.x << 1u) | (upper.y >> 31u), (upper.y << 1u) | (middle.y >> 31u));
    sticky = (middle.y << 1u) | p0.y;
  } else {
    exponent += 1;
  }
  return f64_round(sign, exponent, vec2<u32>(upper.x, upper.y | select(0u, 1u, sticky != 0u)));
}

fn f64_add(first: vec2<u32>, second: vec2<u32>) -> vec2<u32> {
  var a = first;
  var b = second;
  if (u64_less(vec2<u32>(a.x & 0x7fffffffu, a.y), vec2<u32>(b.x & 0x7fffffffu, b.y))) {
    a = second;
    b = first;
  }
  if (f64_is_zero(b)) {
    if (f64_is_zero(a)) { return vec2<u32>(a.x & b.x, 0u); }
    return a;
  }
  let exponent = f64_exponent(a);
  let am = u64_shl(f64_significand(a), 9u);
  let bm = u64_shr_sticky(u64_shl(f64_significand(b), 9u), u32(exponent - f64_exponent(b)));
  var m = u64_add(am, bm);
  if (((a.x ^ b.x) & F64_SIGN) != 0u) { m = u64_sub(am, bm); }
  if ((m.x | m.y) == 0u) { return vec2<u32>(0u); }
  let zeros = u64_leading_zeros(m);
  return f64_round(a.x & F64_SIGN, exponent + 2 - i32(zeros), u64_shl(m, zeros - 1u));
}

fn f64_sub(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return f64_add(a, f64_neg(b)); }

fn f64_of(i: i32) -> vec2<u32> {
  if (i == 0) { return vec2<u32>(0u); }
  let magnitude = u32(abs(i));
  let zeros = countLeadingZeros(magnitude);
  let m = u64_shl(vec2<u32>(0u, magnitude), 21u + zeros);
  return vec2<u32>(select(0u, F64_SIGN, i < 0) | ((1054u - zeros) << 20u) | (m.x & 0xfffffu), m.y);
}

// The largest whole number not above a, which must be within 31 bits.
fn f64_floor(a: vec2<u32>) -> i32 {
  let e = f64_exponent(a) - 1023;
  if (e < 0) { return select(0, -1, f64_is_negative(a)); }
  let m = f64_significand(a);
  let whole = u64_shr_sticky(u64_shl(m, 1u), u32(52 - e));
  let i = i32(whole.y >> 1u);
  let fraction = u64_shl(m, u32(12 + e));
  if ((a.x & F64_SIGN) == 0u) { return i; }
  return -i - select(0, 1, (fraction.x | fraction.y) != 0u);
}
