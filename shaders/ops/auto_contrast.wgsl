// AutoContrast: each channel is stretched to the whole range.
//
// Pillow's line is in binary64 and truncated. It is the whole part of 255 (t - low) / (high - low), except that where
// this is a whole number it may come out one lower; a list of bits from the host says where. Such t are the multiples
// of (high - low) / G above low, with G the greatest common divisor of high - low and 255.
fn auto_contrast(count: vec3<u32>, t: u32) -> vec3<u32> {
  workgroupBarrier();
  if (t < 3u) { atomicStore(&ends[t], 255u); }
  if (t >= 3u && t < 6u) { atomicStore(&ends[t], 0u); }
  workgroupBarrier();
  for (var c = 0u; c < 3u; c++) {
    if (count[c] != 0u) {
      atomicMin(&ends[c], t);
      atomicMax(&ends[3u + c], t);
    }
  }
  workgroupBarrier();
  var value = vec3<u32>(t);
  for (var c = 0u; c < 3u; c++) {
    let low = atomicLoad(&ends[c]);
    let high = atomicLoad(&ends[3u + c]);
    if (high > low) { value[c] = auto_contrast_value(t, low, high); }
  }
  return value;
}

fn auto_contrast_value(t: u32, low: u32, high: u32) -> u32 {
  if (t <= low) { return 0u; }
  if (t > high) { return 255u; }
  let range = high - low;
  let product = 255u * (t - low);
  let quotient = product / range;
  if (product % range != 0u) { return quotient; }
  let entry = tables[STRETCH + range];
  let divisor = entry >> 24u;
  let bit = (entry & 0xffffffu) + low * divisor + (t - low) / (range / divisor) - 1u;
  return quotient - ((tables[STRETCH + 256u + (bit >> 5u)] >> (bit & 31u)) & 1u);
}
