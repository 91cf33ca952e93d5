// Slot, window: a function of the pixel and the sum of the nine around it; the image's border is left alone.
fn slot_window(x: u32, y: u32) -> u32 {
  let middle = below_at(x, y);
  if (x == 0u || y == 0u || x + 1u >= params.width || y + 1u >= params.height) { return middle; }
  var sum = vec3<u32>(0u);
  for (var j = 0u; j < 3u; j++) {
    for (var i = 0u; i < 3u; i++) { sum += unpack(below_at(x + i - 1u, y + j - 1u)); }
  }
  return pack(window_op(program + slot_args, unpack(middle), sum));
}
