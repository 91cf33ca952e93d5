// Affine, interpolated: bilinear and bicubic warps with Pillow's bytes, though Pillow computes them in binary64.
//
// A point is found in fixed point with 44 fraction bits, its value in f32. Where that cannot decide the byte (the value
// is within EPSILON of a whole number, or the point so close to a pixel's border that another pixel may be meant) the
// pixel is ambiguous, and is done again in software binary64, in Pillow's order of operations.
//
// A warp's numbers stand in the programs at `at`: six f64 (two words each), six fixed-point numbers (two words each;
// the factors of x and y halved), flags, filter.
const AFFINE_FIXED = 12u;
const AFFINE_FLAGS = 24u;
const AFFINE_FILTER = 25u;
// Flags: the fixed-point coordinate is the exact one; nothing but binary64 will do.
const AFFINE_EXACT_U = 1u;
const AFFINE_EXACT_V = 2u;
const AFFINE_ALWAYS = 4u;
// 2^-28 in units of 2^-44: more than fixed point and binary64 can be apart on images of up to 32,768 pixels a side.
const AFFINE_MARGIN = 65536u;
// How far f32 may be off, whichever way a driver rounds, with a factor of eight to spare.
const AFFINE_EPSILON_BILINEAR = 0.00048828125;
const AFFINE_EPSILON_BICUBIC = 0.00390625;

// What a warp found: whether the point is inside, the pixel above and left of it, the fractions, and doubt.
struct Point { inside: bool, ambiguous: bool, x: i32, y: i32, dx: f32, dy: f32 }
struct ExactPoint { inside: bool, x: i32, y: i32, dx: vec2<u32>, dy: vec2<u32> }

fn affine_word64(at: u32, i: u32) -> vec2<u32> {
  return vec2<u32>(programs[at + 2u * i], programs[at + 2u * i + 1u]);
}

// Whether a coordinate with 44 fraction bits is within the margin of a whole number.
fn affine_near_whole(a: vec2<u32>) -> bool {
  let shifted = u64_add(a, vec2<u32>(0u, AFFINE_MARGIN));
  return (shifted.x & 0xfffu) == 0u && shifted.y < 2u * AFFINE_MARGIN;
}

fn affine_fraction(a: vec2<u32>) -> f32 {
  return f32(((a.x & 0xfffu) << 12u) | (a.y >> 20u)) * 5.9604644775390625e-8;
}

fn affine_point(x: u32, y: u32, at: u32) -> Point {
  let fixed = at + AFFINE_FIXED;
  let flags = programs[at + AFFINE_FLAGS];
  let x2 = 2u * x + 1u;
  let y2 = 2u * y + 1u;
  let u = u64_add(
    u64_add(u64_scale(affine_word64(fixed, 0u), x2), u64_scale(affine_word64(fixed, 1u), y2)),
    affine_word64(fixed, 2u));
  let v = u64_add(
    u64_add(u64_scale(affine_word64(fixed, 3u), x2), u64_scale(affine_word64(fixed, 4u), y2)),
    affine_word64(fixed, 5u));
  var point: Point;
  let column = bitcast<i32>(u.x) >> 12u;
  let row = bitcast<i32>(v.x) >> 12u;
  point.inside = column >= 0 && column < i32(image_width) && row >= 0 && row < i32(image_height);
  // Half a pixel, from centers to corners.
  let hu = u64_sub(u, vec2<u32>(0x800u, 0u));
  let hv = u64_sub(v, vec2<u32>(0x800u, 0u));
  point.x = bitcast<i32>(hu.x) >> 12u;
  point.y = bitcast<i32>(hv.x) >> 12u;
  point.dx = affine_fraction(hu);
  point.dy = affine_fraction(hv);
  let doubt_u = (flags & AFFINE_EXACT_U) == 0u && (affine_near_whole(u) || affine_near_whole(hu));
  let doubt_v = (flags & AFFINE_EXACT_V) == 0u && (affine_near_whole(v) || affine_near_whole(hv));
  point.ambiguous = doubt_u || doubt_v || (flags & AFFINE_ALWAYS) != 0u;
  return point;
}

fn affine_exact_coordinate(x: u32, y: u32, at: u32, i: u32) -> vec2<u32> {
  let xc = f64_add(f64_of(i32(x)), F64_HALF);
  let yc = f64_add(f64_of(i32(y)), F64_HALF);
  return f64_add(
    f64_add(f64_mul(affine_word64(at, i), xc), f64_mul(affine_word64(at, i + 1u), yc)),
    affine_word64(at, i + 2u));
}

fn affine_exact_point(x: u32, y: u32, at: u32) -> ExactPoint {
  var point: ExactPoint;
  let u = affine_exact_coordinate(x, y, at, 0u);
  let v = affine_exact_coordinate(x, y, at, 3u);
  // Beyond 2^24 a coordinate is outside whatever its whole part; the whole part must fit an i32.
  if (f64_is_negative(u) || f64_is_negative(v) || f64_exponent(u) > 1047 || f64_exponent(v) > 1047) { return point; }
  if (f64_floor(u) >= i32(image_width) || f64_floor(v) >= i32(image_height)) { return point; }
  let hu = f64_sub(u, F64_HALF);
  let hv = f64_sub(v, F64_HALF);
  point.inside = true;
  point.x = f64_floor(hu);
  point.y = f64_floor(hv);
  point.dx = f64_sub(hu, f64_of(point.x));
  point.dy = f64_sub(hv, f64_of(point.y));
  return point;
}

// Whether some channel's byte hangs on rounding: the value is next to a whole number at which the byte changes, and the
// pixels that it is made of are not all the same.
fn affine_undecided(value: vec3<f32>, lowest: vec3<f32>, highest: vec3<f32>, epsilon: f32) -> bool {
  let fraction = value - floor(value);
  let near = (fraction < vec3<f32>(epsilon)) | (fraction > vec3<f32>(1.0 - epsilon));
  return any(near & (value > vec3<f32>(0.5)) & (value < vec3<f32>(255.5)) & (lowest != highest));
}

fn affine_cubic(a: vec3<f32>, b: vec3<f32>, c: vec3<f32>, d: vec3<f32>, t: f32) -> vec3<f32> {
  return b + t * ((c - a) + t * ((2.0 * (a - b) + c - d) + t * (b - a + d - c)));
}

fn affine_cubic_exact(a: vec2<u32>, b: vec2<u32>, c: vec2<u32>, d: vec2<u32>, t: vec2<u32>) -> vec2<u32> {
  let p2 = f64_add(f64_neg(a), c);
  let difference = f64_sub(a, b);
  let p3 = f64_sub(f64_add(f64_add(difference, difference), c), d);
  let p4 = f64_add(f64_sub(f64_add(f64_neg(a), b), c), d);
  return f64_add(b, f64_mul(t, f64_add(p2, f64_mul(t, f64_add(p3, f64_mul(t, p4))))));
}

// Truncated and clipped to a byte.
fn affine_byte_exact(value: vec2<u32>) -> u32 {
  if (f64_is_negative(value)) { return 0u; }
  return u32(min(f64_floor(value), 255));
}

fn affine_bytes(value: vec3<f32>) -> u32 {
  return pack(vec3<u32>(clamp(value, vec3<f32>(0.0), vec3<f32>(255.0))));
}

// Taps are rows of four pixels; bilinear has two of two.
fn affine_bilinear(taps: array<u32, 16>, point: Point) -> u32 {
  let a = vec3<f32>(unpack(taps[0]));
  let b = vec3<f32>(unpack(taps[1]));
  let c = vec3<f32>(unpack(taps[4]));
  let d = vec3<f32>(unpack(taps[5]));
  let upper = a + (b - a) * point.dx;
  let lower = c + (d - c) * point.dx;
  let value = upper + (lower - upper) * point.dy;
  let lowest = min(min(a, b), min(c, d));
  let highest = max(max(a, b), max(c, d));
  if (affine_undecided(value, lowest, highest, AFFINE_EPSILON_BILINEAR)) { ambiguous = true; }
  return affine_bytes(value);
}

fn affine_bicubic(taps: array<u32, 16>, point: Point) -> u32 {
  var pixels = taps;
  var rows: array<vec3<f32>, 4>;
  var lowest = vec3<f32>(255.0);
  var highest = vec3<f32>(0.0);
  for (var j = 0; j < 4; j++) {
    let a = vec3<f32>(unpack(pixels[4 * j]));
    let b = vec3<f32>(unpack(pixels[4 * j + 1]));
    let c = vec3<f32>(unpack(pixels[4 * j + 2]));
    let d = vec3<f32>(unpack(pixels[4 * j + 3]));
    lowest = min(lowest, min(min(a, b), min(c, d)));
    highest = max(highest, max(max(a, b), max(c, d)));
    rows[j] = affine_cubic(a, b, c, d, point.dx);
  }
  let value = affine_cubic(rows[0], rows[1], rows[2], rows[3], point.dy);
  if (affine_undecided(value, lowest, highest, AFFINE_EPSILON_BICUBIC)) { ambiguous = true; }
  return affine_bytes(value);
}

// The linear step from a to b, in Pillow's order.
fn affine_linear_exact(a: vec2<u32>, b: vec2<u32>, t: vec2<u32>) -> vec2<u32> {
  return f64_add(a, f64_mul(f64_sub(b, a), t));
}

fn affine_value_exact(taps: array<u32, 16>, point: ExactPoint, bicubic: bool) -> u32 {
  var pixels = taps;
  var bytes = 0u;
  for (var shift = 0u; shift < 24u; shift += 8u) {
    var rows: array<vec2<u32>, 5>;
    let last = select(2, 4, bicubic);
    // The last round combines the rows.
    for (var j = 0; j <= last; j++) {
      var v: array<vec2<u32>, 4>;
      for (var i = 0; i < 4; i++) {
        v[i] = rows[i];
        if (j < last) { v[i] = f64_of(i32((pixels[4 * j + i] >> shift) & 255u)); }
      }
      let t = select(point.dx, point.dy, j == last);
      var value: vec2<u32>;
      if (bicubic) {
        value = affine_cubic_exact(v[0], v[1], v[2], v[3], t);
      } else {
        value = affine_linear_exact(v[0], v[1], t);
      }
      rows[j] = value;
    }
    bytes |= affine_byte_exact(rows[last]) << shift;
  }
  return bytes;
}
