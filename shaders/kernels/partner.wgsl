// The same pixel of the image that this one is mixed with, as it was before augmentation.
fn partner_byte(byte: u32) -> u32 {
  return (partners[byte >> 2u] >> ((byte & 3u) * 8u)) & 255u;
}

fn partner_at(place: u32, x: u32, y: u32) -> vec3<u32> {
  let pixel = y * image_width + x;
  if (CHANNELS == 1u) { return vec3<u32>(partner_byte(place + pixel)); }
  if (PLANAR) {
    return vec3<u32>(
      partner_byte(place + pixel),
      partner_byte(place + image_pixels + pixel),
      partner_byte(place + 2u * image_pixels + pixel));
  }
  let byte = place + 3u * pixel;
  return vec3<u32>(partner_byte(byte), partner_byte(byte + 1u), partner_byte(byte + 2u));
}
