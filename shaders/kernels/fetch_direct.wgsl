// Fetching, large images: the source is in memory.
fn source_at(x: u32, y: u32) -> u32 {
  return origin_at(x, y);
}

fn source_quad(quad: u32) -> vec4<u32> {
  return origin_quad(quad);
}
