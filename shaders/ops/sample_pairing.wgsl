// SamplePairing: the image is blended with another one of the batch.
fn sample_pairing(pixel: vec3<u32>, other: vec3<u32>, table: u32) -> vec3<u32> {
  return blend_channels(pixel, other, table);
}
