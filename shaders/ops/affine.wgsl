// Affine: where an output pixel's source is, for shear, translate and rotate.
//
// Nearest, in Pillow's 16.16 fixed point: `at` is the place of six coefficients in the program. The products may wrap;
// so do Pillow's.
fn affine_nearest(x: u32, y: u32, at: u32) -> vec2<i32> {
  let u = programs[at + 2u] + y * programs[at + 1u] + x * programs[at];
  let v = programs[at + 5u] + y * programs[at + 4u] + x * programs[at + 3u];
  return vec2<i32>(bitcast<i32>(u) >> 16u, bitcast<i32>(v) >> 16u);
}
