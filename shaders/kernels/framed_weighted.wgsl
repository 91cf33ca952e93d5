// A pixel inside the frame: the source's, or where the image is being resized, what its weights make of a column of the rows
// that were stored.
fn framed_at(x: u32, y: u32, flags: u32) -> u32 {
  if ((flags & WEIGHTED) == 0u) { return memory_at(x, y); }
  let weights = programs[program + WORD_WEIGHTS];
  let first = programs[weights + 3u * y];
  let count = programs[weights + 3u * y + 1u];
  let at = weights + programs[weights + 3u * y + 2u];
  let column = programs[program + WORD_SOURCE] + x;
  var sum = weighted_start();
  for (var k = 0u; k < count; k++) {
    sum += weighted(unpack(middle[column + (first + k) * source_width]), programs[at + k]);
  }
  return weighted_bytes(sum);
}
