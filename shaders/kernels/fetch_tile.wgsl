// Fetching, small images: the source is in workgroup memory.
var<workgroup> tile: array<u32, TILE_PIXELS>;

fn source_at(x: u32, y: u32) -> u32 {
  return tile[y * image_width + x];
}

fn source_quad(quad: u32) -> vec4<u32> {
  let at = 4u * quad;
  return vec4<u32>(tile[at], tile[at + 1u], tile[at + 2u], tile[at + 3u]);
}
