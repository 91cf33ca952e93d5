// Stage, interpolated warp: bilinear or bicubic, fast or (where `exact` is set) in software binary64.
//
// What is below is fetched in one place only: drivers that inline everything would else grow it sixteenfold.
fn stage_interpolated(x: u32, y: u32) -> u32 {
  let at = programs[program + stage_args];
  let fill = programs[program + stage_args + 6u];
  let reach = select(0, 1, programs[at + AFFINE_FILTER] == 2u);
  var point: Point;
  var exact_point: ExactPoint;
  if (exact) {
    exact_point = affine_exact_point(x, y, at);
    point.inside = exact_point.inside;
    point.x = exact_point.x;
    point.y = exact_point.y;
  } else {
    point = affine_point(x, y, at);
    if (point.ambiguous) { ambiguous = true; }
  }
  if (!point.inside) { return fill; }
  // The pixels around, rows of four; bilinear needs two rows of two.
  var taps: array<u32, 16>;
  let side = 2 + 2 * reach;
  for (var k = 0; k < side * side; k++) {
    let i = k % side;
    let j = k / side;
    let column = clamp(point.x + i - reach, 0, i32(image_width) - 1);
    let row = clamp(point.y + j - reach, 0, i32(image_height) - 1);
    taps[4 * j + i] = below_at(u32(column), u32(row));
  }
  if (exact) { return affine_value_exact(taps, exact_point, reach == 1); }
  if (reach == 1) { return affine_bicubic(taps, point); }
  return affine_bilinear(taps, point);
}
