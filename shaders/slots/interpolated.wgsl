// Slot, interpolated warp: bilinear or bicubic, fast or (where `exact` is set) in software binary64.
fn slot_tap(x: i32, y: i32) -> vec3<u32> {
  return unpack(below_at(u32(clamp(x, 0, i32(params.width) - 1)), u32(clamp(y, 0, i32(params.height) - 1))));
}

fn slot_interpolated(x: u32, y: u32) -> u32 {
  let at = programs[program + slot_args];
  let bicubic = programs[at + AFFINE_FILTER] == 2u;
  let fill = programs[program + slot_args + 6u];
  if (exact) {
    let point = affine_exact_point(x, y, at);
    if (!point.inside) { return fill; }
    if (bicubic) { return slot_bicubic_exact(point); }
    return slot_bilinear_exact(point);
  }
  let point = affine_point(x, y, at);
  if (point.ambiguous) { ambiguous = true; }
  if (!point.inside) { return fill; }
  if (bicubic) { return slot_bicubic(point); }
  return slot_bilinear(point);
}

fn slot_bilinear(point: Point) -> u32 {
  let a = vec3<f32>(slot_tap(point.x, point.y));
  let b = vec3<f32>(slot_tap(point.x + 1, point.y));
  let c = vec3<f32>(slot_tap(point.x, point.y + 1));
  let d = vec3<f32>(slot_tap(point.x + 1, point.y + 1));
  let upper = a + (b - a) * point.dx;
  let lower = c + (d - c) * point.dx;
  let value = upper + (lower - upper) * point.dy;
  if (affine_undecided(value, min(min(a, b), min(c, d)), max(max(a, b), max(c, d)), AFFINE_EPSILON_BILINEAR)) { ambiguous = true; }
  return pack(vec3<u32>(clamp(value, vec3<f32>(0.0), vec3<f32>(255.0))));
}

fn slot_bicubic(point: Point) -> u32 {
  var rows: array<vec3<f32>, 4>;
  var lowest = vec3<f32>(255.0);
  var highest = vec3<f32>(0.0);
  for (var j = 0; j < 4; j++) {
    let a = vec3<f32>(slot_tap(point.x - 1, point.y + j - 1));
    let b = vec3<f32>(slot_tap(point.x, point.y + j - 1));
    let c = vec3<f32>(slot_tap(point.x + 1, point.y + j - 1));
    let d = vec3<f32>(slot_tap(point.x + 2, point.y + j - 1));
    lowest = min(lowest, min(min(a, b), min(c, d)));
    highest = max(highest, max(max(a, b), max(c, d)));
    rows[j] = affine_cubic(a, b, c, d, point.dx);
  }
  let value = affine_cubic(rows[0], rows[1], rows[2], rows[3], point.dy);
  if (affine_undecided(value, lowest, highest, AFFINE_EPSILON_BICUBIC)) { ambiguous = true; }
  return pack(vec3<u32>(clamp(value, vec3<f32>(0.0), vec3<f32>(255.0))));
}

fn slot_bilinear_exact(point: ExactPoint) -> u32 {
  let a = slot_tap(point.x, point.y);
  let b = slot_tap(point.x + 1, point.y);
  let c = slot_tap(point.x, point.y + 1);
  let d = slot_tap(point.x + 1, point.y + 1);
  var bytes = vec3<u32>(0u);
  for (var i = 0u; i < 3u; i++) {
    let upper = f64_add(f64_of(i32(a[i])), f64_mul(f64_of(i32(b[i]) - i32(a[i])), point.dx));
    let lower = f64_add(f64_of(i32(c[i])), f64_mul(f64_of(i32(d[i]) - i32(c[i])), point.dx));
    bytes[i] = affine_byte_exact(f64_add(upper, f64_mul(f64_sub(lower, upper), point.dy)));
  }
  return pack(bytes);
}

fn slot_bicubic_exact(point: ExactPoint) -> u32 {
  var taps: array<vec3<u32>, 16>;
  for (var k = 0; k < 16; k++) { taps[k] = slot_tap(point.x + (k & 3) - 1, point.y + (k >> 2u) - 1); }
  var bytes = vec3<u32>(0u);
  for (var i = 0u; i < 3u; i++) {
    var rows: array<vec2<u32>, 4>;
    for (var j = 0; j < 4; j++) {
      rows[j] = affine_cubic_exact(
        f64_of(i32(taps[4 * j][i])), f64_of(i32(taps[4 * j + 1][i])),
        f64_of(i32(taps[4 * j + 2][i])), f64_of(i32(taps[4 * j + 3][i])), point.dx);
    }
    bytes[i] = affine_byte_exact(affine_cubic_exact(rows[0], rows[1], rows[2], rows[3], point.dy));
  }
  return pack(bytes);
}
