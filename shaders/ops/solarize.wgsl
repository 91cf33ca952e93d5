// Solarize: values at or above a threshold are inverted. `first` is the first value that is, 0..=256.
fn solarize(value: u32, first: u32) -> u32 {
  return select(255u - value, value, value < first);
}
