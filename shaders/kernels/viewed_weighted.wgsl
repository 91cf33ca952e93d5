// A pixel inside the view: the source's, or where the image is being resized, the second pass's, made of what the
// first stored.
fn viewed_at(x: u32, y: u32, flags: u32) -> u32 {
  if ((flags & WEIGHTED) == 0u) { return memory_at(x, y); }
  let along_rows = (flags & ALONG_ROWS) != 0u;
  let taps = taps_of(select(y, x, along_rows));
  let stride = programs[programs[program + WORD_WEIGHTS]];
  let step = select(stride, 1u, along_rows);
  let first = programs[program + WORD_SOURCE] + select(taps.first * stride + x, y * stride + taps.first, along_rows);
  var sum = weighted_start();
  for (var k = 0u; k < taps.count; k++) {
    sum += weighted(unpack(intermediate_at(first + k * step)), programs[taps.weights + k]);
  }
  return weighted_bytes(sum);
}
