// SolarizeAdd: a constant is added to values below a threshold. `arg` is the constant and, above it, the threshold.
fn solarize_add(value: u32, arg: u32) -> u32 {
  return select(value, min(255u, value + (arg & 255u)), value < (arg >> 8u));
}
