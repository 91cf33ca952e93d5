// Keeping results of interpolated warps: those with an ambiguous pixel are collected and done again exactly, by all threads
// together, since a few slow threads in every group of neighbours would make all of them slow.
var<workgroup> redo: array<u32, SLICE_QUADS>;
var<workgroup> redo_count: atomic<u32>;

fn keep(place: u32, quad: u32, pixels: vec4<u32>) {
  if (ambiguous) {
    redo[atomicAdd(&redo_count, 1u)] = quad;
    ambiguous = false;
  } else {
    store_quad(place, quad, pixels);
  }
}

fn finish(place: u32, t: u32) {
  workgroupBarrier();
  exact = true;
  let count = atomicLoad(&redo_count);
  for (var i = t; i < count; i += 256u) {
    let quad = redo[i];
    store_quad(place, quad, result_quad(quad));
  }
}
