// Slot, warp: the nearest pixel of what is below, or the fill.
fn slot_warp(x: u32, y: u32) -> u32 {
  let point = affine_nearest(x, y, program + slot_args);
  if (point.x < 0 || point.x >= i32(params.width) || point.y < 0 || point.y >= i32(params.height)) {
    return programs[program + slot_args + 6u];
  }
  return below_at(u32(point.x), u32(point.y));
}
