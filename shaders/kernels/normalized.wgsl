// A value of the output, by channel and byte.
fn normalized(pixel: u32, channel: u32) -> u32 {
  return tables[params.normalize + channel * 256u + ((pixel >> (8u * channel)) & 255u)];
}

// Those of one channel of four pixels.
fn normalized_quad(pixels: vec4<u32>, channel: u32) -> vec4<u32> {
  return vec4<u32>(
    normalized(pixels.x, channel), normalized(pixels.y, channel), normalized(pixels.z, channel),
    normalized(pixels.w, channel));
}
