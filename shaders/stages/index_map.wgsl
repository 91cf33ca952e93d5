// Stage, index map: the host says for each pixel where it comes from. For the rare warps that 16.16 fixed point cannot
// express.
fn stage_index_map(x: u32, y: u32) -> vec2<i32> {
  let origin = programs[programs[program + stage_args] + y * image_width + x];
  if (origin == 0xffffffffu) { return vec2<i32>(-1); }
  return vec2<i32>(i32(origin % image_width), i32(origin / image_width));
}
