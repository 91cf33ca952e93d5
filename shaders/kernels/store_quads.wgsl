// Storing f32 and f16 of images whose number of pixels is a multiple of four: four values are one access.

// `image` is the place of the image's first value.
fn store_quad(image: u32, quad: u32, pixels: vec4<u32>) {
  if (OUT_PLANAR || CHANNELS == 1u) {
    for (var c = 0u; c < CHANNELS; c++) {
      destination[((image + c * image_pixels) >> 2u) + quad] = element(normalized_quad(pixels, c));
    }
    return;
  }
  let first = (image >> 2u) + 3u * quad;
  let red = normalized_quad(pixels, 0u);
  let green = normalized_quad(pixels, 1u);
  let blue = normalized_quad(pixels, 2u);
  destination[first] = element(vec4<u32>(red.x, green.x, blue.x, red.y));
  destination[first + 1u] = element(vec4<u32>(green.y, blue.y, red.z, green.z));
  destination[first + 2u] = element(vec4<u32>(blue.z, red.w, green.w, blue.w));
}
