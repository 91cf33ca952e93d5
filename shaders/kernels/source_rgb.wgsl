// Source pixels: three bytes a pixel, interleaved. Images start at any byte.
fn load_at(images: u32, pixel: u32) -> u32 {
  let byte = images + 3u * pixel;
  let shift = (byte & 3u) * 8u;
  var value = source[byte >> 2u] >> shift;
  if (shift > 8u) { value |= source[(byte >> 2u) + 1u] << (32u - shift); }
  return value & 0xffffffu;
}

fn load_quad(image: u32, quad: u32) -> vec4<u32> {
  let first = 4u * quad;
  if ((image & 3u) == 0u && first + 4u <= source_pixels) {
    let word = (image >> 2u) + 3u * quad;
    let a = source[word];
    let b = source[word + 1u];
    let c = source[word + 2u];
    return vec4<u32>(a & 0xffffffu, (a >> 24u) | ((b & 0xffffu) << 8u), (b >> 16u) | ((c & 0xffu) << 16u), c >> 8u);
  }
  var pixels = vec4<u32>(0u);
  for (var j = 0u; j < min(4u, source_pixels - first); j++) { pixels[j] = load_at(image, first + j); }
  return pixels;
}
