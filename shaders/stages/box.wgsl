// Stage, box: one pass of a blur along rows or columns, the mean of the values around, the two outermost with a weight
// of their own. Weights are whole numbers of 2^-24; beyond the edges the outermost value goes on.
fn stage_box(x: u32, y: u32) -> u32 {
  let args = program + stage_args;
  let reach = i32(programs[args]);
  let down = programs[args + 3u] != 0u;
  let last = i32(select(image_width, image_height, down)) - 1;
  let at = i32(select(x, y, down));
  var inside = vec3<u32>(0u);
  var ends = vec3<u32>(0u);
  for (var k = -reach - 1; k <= reach + 1; k++) {
    let tap = u32(clamp(at + k, 0, last));
    let pixel = unpack(below_at(select(tap, x, down), select(y, tap, down)));
    if (abs(k) <= reach) { inside += pixel; } else { ends += pixel; }
  }
  return pack((inside * programs[args + 1u] + ends * programs[args + 2u] + (1u << 23u)) >> vec3<u32>(24u));
}
