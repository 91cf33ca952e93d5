// Stage, warp: the place of the nearest pixel, which may be outside.
fn stage_warp(x: u32, y: u32) -> vec2<i32> {
  return affine_nearest(x, y, program + stage_args);
}
