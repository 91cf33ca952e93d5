// Brightness: the image is blended with black.
fn brightness(value: u32, table: u32) -> u32 {
  return blend(0u, value, table);
}
