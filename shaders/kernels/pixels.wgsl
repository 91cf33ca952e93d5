// Four pixels of the result, as far as they are inside the image.
fn result_quad(quad: u32) -> vec4<u32> {
  if (POINTS_ONLY) {
    var pixels = source_quad(quad);
    for (var j = 0u; j < 4u; j++) {
      // Beyond the image its last pixel stands in, so that no partner is read past its end.
      let pixel = min(4u * quad + j, image_pixels - 1u);
      let y = pixel / image_width;
      let x = pixel - y * image_width;
      pixels[j] = second_point(first_point(pixels[j], x, y), x, y);
    }
    return pixels;
  }
  var pixels = vec4<u32>(0u);
  var y = 4u * quad / image_width;
  var x = 4u * quad - y * image_width;
  for (var j = 0u; j < min(4u, image_pixels - 4u * quad); j++) {
    pixels[j] = second_at(x, y);
    x += 1u;
    if (x == image_width) {
      x = 0u;
      y += 1u;
    }
  }
  return pixels;
}
