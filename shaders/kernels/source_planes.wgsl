// Source pixels: one plane of bytes a channel; a single plane for gray. Images start at any byte.
fn load_byte(byte: u32) -> u32 {
  return (source[byte >> 2u] >> ((byte & 3u) * 8u)) & 255u;
}

fn load_at(images: u32, pixel: u32) -> u32 {
  let red = load_byte(images + pixel);
  if (CHANNELS == 1u) { return red * 0x10101u; }
  let green = load_byte(images + source_pixels + pixel);
  let blue = load_byte(images + 2u * source_pixels + pixel);
  return red | (green << 8u) | (blue << 16u);
}

fn load_quad(image: u32, quad: u32) -> vec4<u32> {
  let first = 4u * quad;
  var pixels = vec4<u32>(0u);
  if (((image | source_pixels) & 3u) == 0u) {
    let word = (image >> 2u) + quad;
    let red = source[word];
    var green = red;
    var blue = red;
    if (CHANNELS == 3u) {
      green = source[word + (source_pixels >> 2u)];
      blue = source[word + (source_pixels >> 1u)];
    }
    for (var j = 0u; j < 4u; j++) {
      let shift = 8u * j;
      pixels[j] = pack(vec3<u32>((red >> shift) & 255u, (green >> shift) & 255u, (blue >> shift) & 255u));
    }
    return pixels;
  }
  for (var j = 0u; j < min(4u, source_pixels - first); j++) { pixels[j] = load_at(image, first + j); }
  return pixels;
}
