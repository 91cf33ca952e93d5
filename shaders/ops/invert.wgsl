// Invert: every value is replaced by 255 minus it.
fn invert(value: u32, arg: u32) -> u32 {
  return 255u - value;
}
