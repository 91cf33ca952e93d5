// Posterize: only the highest bits of every value are kept.
fn posterize(value: u32, bits: u32) -> u32 {
  return value & (0xff00u >> bits);
}
