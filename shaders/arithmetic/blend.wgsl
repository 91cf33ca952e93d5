// Blend: g + alpha (x - g) with Pillow's two roundings, by a table for each alpha.
//
// Entry x - g + 255 has floor(alpha (x - g)) above and, below, the smallest g for which the sum is rounded up to the
// next whole number. A multiply and an add would do on paper, but a driver may fuse them, and then bytes differ.
fn blend(g: u32, x: u32, table: u32) -> u32 {
  let entry = tables[table + x + 255u - g];
  let base = bitcast<i32>(entry) >> 16u;
  let up = select(0, 1, g >= (entry & 0xffffu));
  return u32(clamp(i32(g) + base + up, 0, 255));
}

fn blend_channels(g: vec3<u32>, x: vec3<u32>, table: u32) -> vec3<u32> {
  return vec3<u32>(blend(g.x, x.x, table), blend(g.y, x.y, table), blend(g.z, x.z, table));
}
