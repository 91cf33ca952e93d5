// Sharpness: the image is blended with a smoothed version of itself. `sum` is the sum of the nine values around, the
// middle one once; Pillow's SMOOTH weighs it five times and divides by 13, rounded.
fn sharpness(pixel: vec3<u32>, sum: vec3<u32>, table: u32) -> vec3<u32> {
  let smoothed = (sum + 4u * pixel + 6u) / 13u;
  return blend_channels(smoothed, pixel, table);
}
