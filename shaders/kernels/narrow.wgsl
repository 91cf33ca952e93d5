// Four pixels of an image on its way to another size: each is what its column's weights make of a row of the source.
fn result_quad(quad: u32) -> vec4<u32> {
  var pixels = vec4<u32>(0u);
  var y = 4u * quad / image_width;
  var x = 4u * quad - y * image_width;
  for (var j = 0u; j < min(4u, image_pixels - 4u * quad); j++) {
    pixels[j] = narrow_at(x, y);
    x += 1u;
    if (x == image_width) {
      x = 0u;
      y += 1u;
    }
  }
  return pixels;
}

fn narrow_at(x: u32, y: u32) -> u32 {
  let weights = programs[program + WORD_WEIGHTS];
  let first = programs[weights + 3u * x];
  let count = programs[weights + 3u * x + 1u];
  let at = weights + programs[weights + 3u * x + 2u];
  let flags = frame_flags();
  let row = frame_row(y, flags);
  var sum = weighted_start();
  for (var k = 0u; k < count; k++) {
    let column = frame_column(first + k, flags);
    var pixel = frame_fill();
    if (row >= 0 && column >= 0) { pixel = memory_at(u32(column), u32(row)); }
    sum += weighted(unpack(pixel), programs[at + k]);
  }
  return weighted_bytes(sum);
}
