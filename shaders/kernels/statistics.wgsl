// Statistics kernel: histograms of the three channels and the sum of luma, of each image as its table sees it.
//
// A workgroup counts a slice of one image in its own memory and adds it to the image's counts once. Sums of integers do
// not depend on the order. In round 1 there is only luma left, behind steps that needed the statistics of round 0.
var<workgroup> slice_luma: atomic<u32>;

@compute @workgroup_size(256)
fn statistics(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let image = group.y + group.z * 65535u;
  if (image >= params.images) { return; }
  let base = program_of(image);
  let quads = quads_of(base);
  // The grid is as long as the largest image.
  if (group.x * SLICE_QUADS >= quads) { return; }
  enter(base);
  let wanted = programs[base + WORD_STATISTICS];
  let round = params.round;
  let histogram = round == 0u && (wanted & WANT_HISTOGRAM) != 0u;
  let luma_wanted = (wanted & (WANT_LUMA_0 << round)) != 0u;
  let prefix = (wanted >> (8u + 8u * round)) & 255u;
  if (luma_wanted && prefix != 0u) { build_table(base, prefix, t); }
  workgroupBarrier();
  if (histogram) { clear_histograms(t); }
  if (t == 0u) { atomicStore(&slice_luma, 0u); }
  workgroupBarrier();
  let last = min(quads, (group.x + 1u) * SLICE_QUADS);
  var sum = 0u;
  for (var quad = group.x * SLICE_QUADS + t; quad < last; quad += 256u) {
    let pixels = input_quad(base, quad);
    for (var j = 0u; j < min(4u, image_pixels - 4u * quad); j++) {
      let pixel = pixels[j];
      if (histogram) { count_pixel(pixel, t); }
      if (luma_wanted) {
        var seen = pixel;
        if (prefix != 0u) { seen = look_up(pixel); }
        sum += luma(unpack(seen));
      }
    }
  }
  if (luma_wanted) { atomicAdd(&slice_luma, sum); }
  workgroupBarrier();
  let place = programs[base + WORD_COUNTS] * COUNTS_WORDS;
  if (histogram) {
    let n = counted(t);
    for (var c = 0u; c < 3u; c++) {
      if (n[c] != 0u) { atomicAdd(&counts[place + c * 256u + t], n[c]); }
    }
  }
  if (luma_wanted && t == 0u) {
    let slice = atomicLoad(&slice_luma);
    let before = atomicAdd(&counts[place + 768u + 2u * round], slice);
    // The sum leaves 32 bits beyond 16 megapixels: carry.
    if (before + slice < before) { atomicAdd(&counts[place + 769u + 2u * round], 1u); }
  }
}

// Four pixels of the image as its table sees it.
fn input_quad(base: u32, quad: u32) -> vec4<u32> {
  if (programs[base + WORD_SECOND] != KIND_TABLE) { return source_quad(quad); }
  var pixels = vec4<u32>(0u);
  for (var j = 0u; j < min(4u, image_pixels - 4u * quad); j++) {
    let pixel = 4u * quad + j;
    let y = pixel / image_width;
    pixels[j] = first_at(pixel - y * image_width, y);
  }
  return pixels;
}
