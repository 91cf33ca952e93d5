// Pixel: three channels in one word, red lowest. Gray images carry their value three times: luma of (v, v, v) is v,
// and so every operation does the right thing to them without knowing.
fn unpack(pixel: u32) -> vec3<u32> {
  return vec3<u32>(pixel & 255u, (pixel >> 8u) & 255u, (pixel >> 16u) & 255u);
}

fn pack(channels: vec3<u32>) -> u32 {
  return channels.x | (channels.y << 8u) | (channels.z << 16u);
}
