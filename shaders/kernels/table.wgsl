// The table: what a run of point operations makes of each of the 256 values of each channel.
//
// The 256 threads of a workgroup build it together, a value each, by taking the value through the run. An operation
// that needs the image's histogram gets the input's, pushed forward through the steps before it.
var<workgroup> table: array<u32, 256>;
var<workgroup> bins: array<atomic<u32>, BINS>;
var<workgroup> ends: array<atomic<u32>, 6>;

// Threads count into several histograms side by side, so that those of a flat image do not all wait for one another.
// The first is where tables are built.
fn clear_histograms(t: u32) {
  for (var bin = t; bin < BINS; bin += 256u) { atomicStore(&bins[bin], 0u); }
}

fn count_pixel(pixel: u32, t: u32) {
  let own = (t % HISTOGRAMS) * HISTOGRAM_STRIDE;
  atomicAdd(&bins[own + (pixel & 255u)], 1u);
  atomicAdd(&bins[own + 256u + ((pixel >> 8u) & 255u)], 1u);
  atomicAdd(&bins[own + 512u + (pixel >> 16u)], 1u);
}

// How often value t occurred in each channel.
fn counted(t: u32) -> vec3<u32> {
  var sum = vec3<u32>(0u);
  for (var first = 0u; first < BINS; first += HISTOGRAM_STRIDE) {
    sum += vec3<u32>(
      atomicLoad(&bins[first + t]), atomicLoad(&bins[first + 256u + t]), atomicLoad(&bins[first + 512u + t]));
  }
  return sum;
}

fn look_up(pixel: u32) -> u32 {
  return (table[pixel & 255u] & 0xffu)
    | (table[(pixel >> 8u) & 255u] & 0xff00u)
    | (table[(pixel >> 16u) & 255u] & 0xff0000u);
}

// How often value t occurs in each channel after the steps that made `value` of each value.
fn pushed_counts(base: u32, value: vec3<u32>, t: u32) -> vec3<u32> {
  workgroupBarrier();
  for (var c = 0u; c < 3u; c++) { atomicStore(&bins[c * 256u + t], 0u); }
  workgroupBarrier();
  for (var c = 0u; c < 3u; c++) {
    let n = count_of(base, c * 256u + t);
    if (n != 0u) { atomicAdd(&bins[c * 256u + value[c]], n); }
  }
  workgroupBarrier();
  return vec3<u32>(atomicLoad(&bins[t]), atomicLoad(&bins[256u + t]), atomicLoad(&bins[512u + t]));
}

// `value` after the step that makes `made` of value t.
fn through(made: vec3<u32>, value: vec3<u32>, t: u32) -> vec3<u32> {
  workgroupBarrier();
  table[t] = pack(made);
  workgroupBarrier();
  let result = unpack(look_up(pack(value)));
  workgroupBarrier();
  return result;
}

// Builds the table of the first `steps` steps.
fn build_table(base: u32, steps: u32, t: u32) {
  let first = programs[base + WORD_STEPS];
  var value = vec3<u32>(t);
  for (var s = 0u; s < steps; s++) {
    let op = programs[first + 2u * s];
    let arg = programs[first + 2u * s + 1u];
    value = point_op(base, op & 0xffffu, op >> 16u, arg, value, t);
  }
  workgroupBarrier();
  table[t] = pack(value);
  workgroupBarrier();
}
