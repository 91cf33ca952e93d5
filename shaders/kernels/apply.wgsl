// Apply kernel: runs one segment of each image's program, a slice of one image a workgroup.
@compute @workgroup_size(256)
fn apply(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let image = group.y + group.z * 65535u;
  if (image >= params.images) { return; }
  let base = program_of(image);
  let quads = quads_of(base);
  // The grid is as long as the largest image.
  if (group.x * SLICE_QUADS >= quads) { return; }
  enter(base);
  let place = programs[base + WORD_DESTINATION];
  prepare(base, t);
  let last = min(quads, (group.x + 1u) * SLICE_QUADS);
  for (var quad = group.x * SLICE_QUADS + t; quad < last; quad += 256u) {
    store_quad(place, quad, result_quad(quad));
  }
}
