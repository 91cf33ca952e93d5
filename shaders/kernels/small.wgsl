// Small-image kernel: one workgroup has one image in its memory and takes it through all its segments. One read, one
// write.
@compute @workgroup_size(256)
fn small(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let image = group.x + group.y * 65535u;
  if (image >= params.images) { return; }
  var base = program_of(image);
  let segments = programs[base + WORD_SEGMENTS];
  let quads = quads_of(base);
  let place = programs[base + WORD_DESTINATION];
  enter(base);
  for (var quad = t; quad < quads; quad += 256u) {
    let pixels = origin_quad(quad);
    for (var j = 0u; j < 4u; j++) { tile[4u * quad + j] = pixels[j]; }
  }
  workgroupBarrier();
  for (var segment = 0u; segment < segments; segment++) {
    program = base;
    gather(base, t);
    let is_last = segment + 1u == segments;
    var held: array<vec4<u32>, HELD_QUADS>;
    var n = 0u;
    for (var quad = t; quad < quads; quad += 256u) {
      let pixels = decided_quad(quad);
      if (is_last) { store_quad(place, quad, pixels); } else { held[n] = pixels; }
      n += 1u;
    }
    if (!is_last) {
      workgroupBarrier();
      n = 0u;
      for (var quad = t; quad < quads; quad += 256u) {
        for (var j = 0u; j < 4u; j++) { tile[4u * quad + j] = held[n][j]; }
        n += 1u;
      }
      workgroupBarrier();
    }
    base += PROGRAM_WORDS;
  }
}

// Four pixels of the result, done again exactly where f32 cannot decide.
fn decided_quad(quad: u32) -> vec4<u32> {
  exact = false;
  var pixels: vec4<u32>;
  loop {
    ambiguous = false;
    pixels = result_quad(quad);
    if (!ambiguous) { break; }
    exact = true;
  }
  return pixels;
}

// Statistics of the image in the tile and the table made of them.
fn gather(base: u32, t: u32) {
  let steps = programs[base + WORD_STEP_COUNT];
  if (steps == 0u) { return; }
  let wanted = programs[base + WORD_STATISTICS];
  if ((wanted & WANT_HISTOGRAM) != 0u) {
    clear_histograms(t);
    workgroupBarrier();
    for (var pixel = t; pixel < image_pixels; pixel += 256u) {
      let y = pixel / image_width;
      count_pixel(before_table(base, pixel - y * image_width, y), t);
    }
    workgroupBarrier();
    own_counts = counted(t);
  }
  for (var round = 0u; round < 2u; round++) {
    if ((wanted & (WANT_LUMA_0 << round)) != 0u) {
      let prefix = (wanted >> (8u + 8u * round)) & 255u;
      build_table(base, prefix, t);
      if (t == 0u) { atomicStore(&luma_sums[round], 0u); }
      workgroupBarrier();
      var sum = 0u;
      for (var pixel = t; pixel < image_pixels; pixel += 256u) {
        let y = pixel / image_width;
        sum += luma(unpack(look_up(before_table(base, pixel - y * image_width, y))));
      }
      atomicAdd(&luma_sums[round], sum);
      workgroupBarrier();
    }
  }
  build_table(base, steps, t);
}

// One pixel as a table in the second stage sees it, or in the first: the image before the table.
fn before_table(base: u32, x: u32, y: u32) -> u32 {
  if (programs[base + WORD_SECOND] == KIND_TABLE) { return first_at(x, y); }
  return source_at(x, y);
}
