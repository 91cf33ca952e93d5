// U64: 64-bit unsigned integers as two words, high word first.
fn u64_add(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let low = a.y + b.y;
  return vec2<u32>(a.x + b.x + select(0u, 1u, low < a.y), low);
}

fn u64_sub(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  return vec2<u32>(a.x - b.x - select(0u, 1u, a.y < b.y), a.y - b.y);
}

fn u64_less(a: vec2<u32>, b: vec2<u32>) -> bool {
  return a.x < b.x || (a.x == b.x && a.y < b.y);
}

// The whole product of two words.
fn u64_mul(a: u32, b: u32) -> vec2<u32> {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let ll = al * bl;
  let lh = al * bh;
  let hl = ah * bl;
  let middle = (ll >> 16u) + (lh & 0xffffu) + (hl & 0xffffu);
  return vec2<u32>(ah * bh + (lh >> 16u) + (hl >> 16u) + (middle >> 16u), (middle << 16u) | (ll & 0xffffu));
}

// a times the word b, modulo 2^64; right for negative a in two's complement.
fn u64_scale(a: vec2<u32>, b: u32) -> vec2<u32> {
  let low = u64_mul(a.y, b);
  return vec2<u32>(a.x * b + low.x, low.y);
}

fn u64_shl(a: vec2<u32>, s: u32) -> vec2<u32> {
  if (s == 0u) { return a; }
  if (s >= 64u) { return vec2<u32>(0u); }
  if (s >= 32u) { return vec2<u32>(a.y << (s - 32u), 0u); }
  return vec2<u32>((a.x << s) | (a.y >> (32u - s)), a.y << s);
}

// a >> s with whatever is lost ORed into the lowest bit.
fn u64_shr_sticky(a: vec2<u32>, s: u32) -> vec2<u32> {
  if (s == 0u) { return a; }
  if (s >= 64u) { return vec2<u32>(0u, select(0u, 1u, (a.x | a.y) != 0u)); }
  if (s >= 32u) {
    let lost = u64_shl(a, 64u - s);
    return vec2<u32>(0u, (a.x >> (s - 32u)) | select(0u, 1u, (lost.x | lost.y) != 0u));
  }
  let lost = a.y << (32u - s);
  return vec2<u32>(a.x >> s, (a.x << (32u - s)) | (a.y >> s) | select(0u, 1u, lost != 0u));
}

fn u64_leading_zeros(a: vec2<u32>) -> u32 {
  if (a.x != 0u) { return countLeadingZeros(a.x); }
  return 32u + countLeadingZeros(a.y);
}
