// Contrast: the image is blended with its mean gray.
fn contrast(value: u32, mean: u32, table: u32) -> u32 {
  return blend(mean, value, table);
}
