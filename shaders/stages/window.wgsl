// Stage, window: a function of the pixel and the sum of the nine around it; the image's border is left alone.
fn stage_window(x: u32, y: u32) -> u32 {
  let border = x == 0u || y == 0u || x + 1u >= image_width || y + 1u >= image_height;
  // On the border only the middle one is looked at.
  let first = select(0u, 4u, border);
  let end = select(9u, 5u, border);
  var intermediate = 0u;
  var sum = vec3<u32>(0u);
  for (var k = first; k < end; k++) {
    let pixel = below_at(x + k % 3u - 1u, y + k / 3u - 1u);
    if (k == 4u) { intermediate = pixel; }
    sum += unpack(pixel);
  }
  if (border) { return intermediate; }
  return pack(window_op(program + stage_args, unpack(intermediate), sum));
}
