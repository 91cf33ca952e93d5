// Color: the image is blended with its gray version.
fn color(pixel: vec3<u32>, table: u32) -> vec3<u32> {
  return blend_with_gray(pixel, table);
}
