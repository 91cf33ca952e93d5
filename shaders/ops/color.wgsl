// Color: the image is blended with its grey version.
fn color(pixel: vec3<u32>, table: u32) -> vec3<u32> {
  return blend_channels(vec3<u32>(luma(pixel)), pixel, table);
}
