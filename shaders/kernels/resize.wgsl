// Four pixels of the first pass of a resize: each is what its weights make of a row or a column of the source.
fn result_quad(quad: u32) -> vec4<u32> {
  var pixels = vec4<u32>(0u);
  var y = 4u * quad / image_width;
  var x = 4u * quad - y * image_width;
  for (var j = 0u; j < min(4u, image_pixels - 4u * quad); j++) {
    pixels[j] = first_pass_at(x, y);
    x += 1u;
    if (x == image_width) {
      x = 0u;
      y += 1u;
    }
  }
  return pixels;
}

fn first_pass_at(x: u32, y: u32) -> u32 {
  let flags = view_flags();
  let along_rows = (flags & ALONG_ROWS) != 0u;
  let taps = taps_of(select(y, x, along_rows));
  var sum = weighted_start();
  for (var k = 0u; k < taps.count; k++) {
    let tap = taps.first + k;
    let column = view_column(select(x, tap, along_rows), flags);
    let row = view_row(select(tap, y, along_rows), flags);
    var pixel = view_fill();
    if (row >= 0 && column >= 0) { pixel = memory_at(u32(column), u32(row)); }
    sum += weighted(unpack(pixel), programs[taps.weights + k]);
  }
  return weighted_bytes(sum);
}
