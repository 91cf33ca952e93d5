// Storing where every group of four pixels is whole words: f32, intermediate images, and u8 and f16 of images whose
// number of pixels is a multiple of four.
@group(0) @binding(5) var<storage, read_write> destination: array<u32>;

fn normalized(pixel: u32, channel: u32) -> u32 {
  return tables[params.normalize + channel * 256u + ((pixel >> (8u * channel)) & 255u)];
}

// `image` is the place of the image's first value.
fn store_quad(image: u32, quad: u32, pixels: vec4<u32>) {
  let first = 4u * quad;
  let n = min(4u, image_pixels - first);
  if (FORM == FORM_INTERMEDIATE) {
    for (var j = 0u; j < n; j++) { destination[image + first + j] = pixels[j]; }
  } else if (FORM == FORM_U8 && CHANNELS == 3u && !OUT_PLANAR) {
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
  } else if (FORM == FORM_F32) {
    for (var j = 0u; j < n; j++) {
      for (var c = 0u; c < CHANNELS; c++) {
        var at = image + (first + j) * CHANNELS + c;
        if (OUT_PLANAR) { at = image + c * image_pixels + first + j; }
        destination[at] = normalized(pixels[j], c);
      }
    }
  } else if (OUT_PLANAR || CHANNELS == 1u) {
    for (var c = 0u; c < CHANNELS; c++) {
      let word = ((image + c * image_pixels) >> 1u) + 2u * quad;
      destination[word] = normalized(pixels.x, c) | (normalized(pixels.y, c) << 16u);
      destination[word + 1u] = normalized(pixels.z, c) | (normalized(pixels.w, c) << 16u);
    }
  } else {
    let word = (image >> 1u) + 6u * quad;
    for (var j = 0u; j < 2u; j++) {
      let a = pixels[2u * j];
      let b = pixels[2u * j + 1u];
      destination[word + 3u * j] = normalized(a, 0u) | (normalized(a, 1u) << 16u);
      destination[word + 3u * j + 1u] = normalized(a, 2u) | (normalized(b, 0u) << 16u);
      destination[word + 3u * j + 2u] = normalized(b, 1u) | (normalized(b, 2u) << 16u);
    }
  }
}
