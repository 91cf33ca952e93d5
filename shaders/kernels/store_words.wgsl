// Storing where every group of four pixels is whole words: u8 of images whose number of pixels is a multiple of four,
// and f32 of others.
@group(0) @binding(5) var<storage, read_write> destination: array<u32>;

// `image` is the place of the image's first value.
fn store_quad(image: u32, quad: u32, pixels: vec4<u32>) {
  if (FORM == FORM_U8 && CHANNELS == 3u && !OUT_PLANAR) {
    let word = (image >> 2u) + 3u * quad;
    destination[word] = pixels.x | (pixels.y << 24u);
    destination[word + 1u] = (pixels.y >> 8u) | (pixels.z << 16u);
    destination[word + 2u] = (pixels.z >> 16u) | (pixels.w << 8u);
  } else if (FORM == FORM_U8) {
    for (var c = 0u; c < CHANNELS; c++) {
      let bytes = (pixels >> vec4<u32>(8u * c)) & vec4<u32>(255u);
      destination[((image + c * image_pixels) >> 2u) + quad] =
        bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
    }
  } else {
    let first = 4u * quad;
    for (var j = 0u; j < min(4u, image_pixels - first); j++) {
      for (var c = 0u; c < CHANNELS; c++) {
        var at = image + (first + j) * CHANNELS + c;
        if (OUT_PLANAR) { at = image + c * image_pixels + first + j; }
        destination[at] = normalized(pixels[j], c);
      }
    }
  }
}
