// Equalize: the histogram of each channel is made flat.
//
// Each of the 256 threads has one value t and how often it occurs; all of them run this together.
fn equalize(count: vec3<u32>, t: u32) -> vec3<u32> {
  var sum = count;
  workgroupBarrier();
  if (t < 3u) { atomicStore(&ends[t], 0u); }
  for (var c = 0u; c < 3u; c++) { atomicStore(&bins[c * 256u + t], count[c]); }
  workgroupBarrier();
  // Inclusive prefix sums in eight steps.
  for (var distance = 1u; distance < 256u; distance <<= 1u) {
    var below = vec3<u32>(0u);
    if (t >= distance) {
      for (var c = 0u; c < 3u; c++) { below[c] = atomicLoad(&bins[c * 256u + t - distance]); }
    }
    workgroupBarrier();
    sum += below;
    for (var c = 0u; c < 3u; c++) { atomicStore(&bins[c * 256u + t], sum[c]); }
    workgroupBarrier();
  }
  // All pixels but the brightest value's: the exclusive sum at the last value that occurs, which is the largest.
  for (var c = 0u; c < 3u; c++) {
    if (count[c] != 0u) { atomicMax(&ends[c], sum[c] - count[c]); }
  }
  workgroupBarrier();
  var value = vec3<u32>(t);
  for (var c = 0u; c < 3u; c++) {
    let step = atomicLoad(&ends[c]) / 255u;
    if (step != 0u) { value[c] = min(255u, (step / 2u + sum[c] - count[c]) / step); }
  }
  return value;
}
