// Fetching, large images: from the batch, or from between two segments.
fn source_at(x: u32, y: u32) -> u32 {
  let pixel = y * params.width + x;
  let place = programs[program + WORD_SOURCE];
  if (FROM_MIDDLE && programs[program + WORD_FROM_MIDDLE] != 0u) { return middle[place + pixel]; }
  return load_at(place, pixel);
}

fn source_quad(quad: u32) -> vec4<u32> {
  let place = programs[program + WORD_SOURCE];
  if (FROM_MIDDLE && programs[program + WORD_FROM_MIDDLE] != 0u) {
    let at = place + 4u * quad;
    return vec4<u32>(middle[at], middle[at + 1u], middle[at + 2u], middle[at + 3u]);
  }
  return load_quad(place, quad);
}
