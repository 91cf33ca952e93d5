// Fetching from memory: from the batch, or from between two segments, seen through the segment's view.
fn intermediate_at(place: u32) -> u32 {
  return intermediate[place >> 2u][place & 3u];
}

fn memory_at(x: u32, y: u32) -> u32 {
  let pixel = y * source_width + x;
  let place = programs[program + WORD_SOURCE];
  if (FROM_INTERMEDIATE && programs[program + WORD_FROM_INTERMEDIATE] != 0u) {
    return intermediate_at(place + pixel);
  }
  return load_at(place, pixel);
}

// One coordinate of the source pixel that is at `v` in the view; -1 where there is only the fill. `first` is the place
// of the view's first coordinate.
fn view_coordinate(v: u32, first: u32, flip: bool, side: u32, border: u32) -> i32 {
  let start = bitcast<i32>(programs[program + first]);
  let at = select(start + i32(v), start - i32(v), flip);
  let last = i32(side) - 1;
  if (at >= 0 && at <= last) { return at; }
  switch (border) {
    case BORDER_EDGE: { return clamp(at, 0, last); }
    case BORDER_REFLECT: { return select(2 * last - at, -at, at < 0); }
    case BORDER_SYMMETRIC: { return select(2 * last + 1 - at, -1 - at, at < 0); }
    default: { return -1; }
  }
}

fn view_column(x: u32, flags: u32) -> i32 {
  return view_coordinate(x, WORD_VIEW_X, (flags & FLIP_X) != 0u, source_width, flags & 3u);
}

fn view_row(y: u32, flags: u32) -> i32 {
  return view_coordinate(y, WORD_VIEW_Y, (flags & FLIP_Y) != 0u, source_height, flags & 3u);
}

fn view_flags() -> u32 {
  return programs[program + WORD_VIEW] >> 24u;
}

fn view_fill() -> u32 {
  return programs[program + WORD_VIEW] & 0xffffffu;
}

fn origin_at(x: u32, y: u32) -> u32 {
  if (!VIEWED) { return memory_at(x, y); }
  let flags = view_flags();
  if ((flags & WHOLE) != 0u) { return memory_at(x, y); }
  let u = view_column(x, flags);
  let v = view_row(y, flags);
  if (u < 0 || v < 0) { return view_fill(); }
  return viewed_at(u32(u), u32(v), flags);
}

fn origin_quad(quad: u32) -> vec4<u32> {
  if (VIEWED && (view_flags() & WHOLE) == 0u) {
    var pixels = vec4<u32>(0u);
    var y = 4u * quad / image_width;
    var x = 4u * quad - y * image_width;
    for (var j = 0u; j < min(4u, image_pixels - 4u * quad); j++) {
      pixels[j] = origin_at(x, y);
      x += 1u;
      if (x == image_width) {
        x = 0u;
        y += 1u;
      }
    }
    return pixels;
  }
  let place = programs[program + WORD_SOURCE];
  if (FROM_INTERMEDIATE && programs[program + WORD_FROM_INTERMEDIATE] != 0u) {
    return intermediate[(place >> 2u) + quad];
  }
  return load_quad(place, quad);
}
