// Storing u8 and f16 where images or planes begin inside a word: neighbors share words, and each changes only its own
// bits, in two atomic steps.
@group(0) @binding(5) var<storage, read_write> destination: array<atomic<u32>>;

fn store_masked(word: u32, mask: u32, bits: u32) {
  if (mask == 0xffffffffu) {
    atomicStore(&destination[word], bits);
  } else if (mask != 0u) {
    atomicAnd(&destination[word], ~mask);
    atomicOr(&destination[word], bits & mask);
  }
}

// Writes the lowest n bits (8, 16, 24 or 32) at bit 8 * byte.
fn store_bits(byte: u32, n: u32, bits: u32) {
  let shift = (byte & 3u) * 8u;
  let mask = 0xffffffffu >> (32u - n);
  store_masked(byte >> 2u, mask << shift, bits << shift);
  if (shift + n > 32u) { store_masked((byte >> 2u) + 1u, mask >> (32u - shift), bits >> (32u - shift)); }
}

// `image` is the place of the image's first value.
fn store_quad(image: u32, quad: u32, pixels: vec4<u32>) {
  let first = 4u * quad;
  let n = min(4u, image_pixels - first);
  if (FORM == FORM_U8 && CHANNELS == 3u && !OUT_PLANAR) {
    let byte = image + 3u * first;
    if (n == 4u) {
      store_bits(byte, 32u, pixels.x | (pixels.y << 24u));
      store_bits(byte + 4u, 32u, (pixels.y >> 8u) | (pixels.z << 16u));
      store_bits(byte + 8u, 32u, (pixels.z >> 16u) | (pixels.w << 8u));
    } else {
      for (var j = 0u; j < n; j++) { store_bits(byte + 3u * j, 24u, pixels[j]); }
    }
  } else if (FORM == FORM_U8) {
    for (var c = 0u; c < CHANNELS; c++) {
      let bytes = (pixels >> vec4<u32>(8u * c)) & vec4<u32>(255u);
      let word = bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
      store_bits(image + c * image_pixels + first, 8u * n, word);
    }
  } else {
    for (var j = 0u; j < n; j++) {
      for (var c = 0u; c < CHANNELS; c++) {
        var at = image + (first + j) * CHANNELS + c;
        if (OUT_PLANAR) { at = image + c * image_pixels + first + j; }
        store_bits(2u * at, 16u, normalized(pixels[j], c));
      }
    }
  }
}
