// Apply kernel with interpolated warps. Groups of pixels that f32 cannot decide are collected and done again exactly,
// by all threads together, since a few slow threads among neighbors would make all of them slow. Both passes are one
// loop over the same call: drivers that inline everything would else have it twice.
var<workgroup> redo: array<u32, SLICE_QUADS>;
var<workgroup> redo_count: atomic<u32>;

@compute @workgroup_size(256)
fn apply(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let image = group.y + group.z * 65535u;
  if (image >= params.images) { return; }
  let base = program_of(image);
  let quads = quads_of(base);
  let first = group.x * SLICE_QUADS;
  // The grid is as long as the largest image.
  if (first >= quads) { return; }
  enter(base);
  let place = programs[base + WORD_DESTINATION];
  if (t == 0u) { atomicStore(&redo_count, 0u); }
  workgroupBarrier();
  prepare(base, t);
  for (var pass_number = 0u; pass_number < 2u; pass_number++) {
    exact = pass_number == 1u;
    var count = min(quads - first, SLICE_QUADS);
    if (exact) { count = atomicLoad(&redo_count); }
    for (var i = t; i < count; i += 256u) {
      var quad = first + i;
      if (exact) { quad = redo[i]; }
      let pixels = result_quad(quad);
      if (ambiguous) {
        redo[atomicAdd(&redo_count, 1u)] = quad;
        ambiguous = false;
      } else {
        store_quad(place, quad, pixels);
      }
    }
    workgroupBarrier();
  }
}
