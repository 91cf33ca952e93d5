// Mixing: each value of the output from a byte of an image and the same byte of its partner.
//
// `source` and `partners` have the augmented images, `programs` for each image a record and, behind all records,
// products of bytes and weights, `tables` what a byte is when it is not mixed. A thread makes four values that follow
// one another in the output, whatever images and planes they belong to, so that only it writes their words; what else
// is in the first and the last word stays.
struct Params {
  // The first value's place in the destination, and how many values there are.
  first: u32,
  values: u32,
  // First byte of the first image.
  source: u32,
  width: u32,
  pixels: u32,
  // Where in `tables` the values for normalizing are.
  normalize: u32,
}
@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read> partners: array<u32>;
@group(0) @binding(3) var<storage, read> programs: array<u32>;
@group(0) @binding(4) var<storage, read> tables: array<u32>;
@group(0) @binding(5) var<storage, read_write> destination: array<u32>;
@group(0) @binding(7) var<uniform> params: Params;

// Where a value is.
struct Place {
  image: u32,
  channel: u32,
  pixel: u32,
  x: u32,
  y: u32,
}

fn place_of(value: u32) -> Place {
  let values = params.pixels * CHANNELS;
  let image = value / values;
  let rest = value - image * values;
  var channel = rest / params.pixels;
  var pixel = rest - channel * params.pixels;
  if (!OUT_PLANAR) {
    pixel = rest / CHANNELS;
    channel = rest - pixel * CHANNELS;
  }
  let y = pixel / params.width;
  return Place(image, channel, pixel, pixel - y * params.width, y);
}

fn next(before: Place) -> Place {
  var place = before;
  if (!OUT_PLANAR) {
    place.channel += 1u;
    if (place.channel < CHANNELS) { return place; }
    place.channel = 0u;
  }
  place.pixel += 1u;
  place.x += 1u;
  if (place.x == params.width) {
    place.x = 0u;
    place.y += 1u;
  }
  if (place.pixel == params.pixels) {
    place.pixel = 0u;
    place.y = 0u;
    if (OUT_PLANAR) { place.channel += 1u; }
    if (!OUT_PLANAR || place.channel == CHANNELS) {
      place.channel = 0u;
      place.image += 1u;
    }
  }
  return place;
}

fn value_at(place: Place) -> u32 {
  let record = place.image * RECORD_WORDS;
  var within = place.pixel * CHANNELS + place.channel;
  if (PLANAR) { within = place.channel * params.pixels + place.pixel; }
  let own_byte = params.source + place.image * params.pixels * CHANNELS + within;
  let partner_byte = programs[record] + within;
  let own = (source[own_byte >> 2u] >> ((own_byte & 3u) * 8u)) & 255u;
  let partner = (partners[partner_byte >> 2u] >> ((partner_byte & 3u) * 8u)) & 255u;
  let products = programs[record + 1u];
  if (FORM != FORM_U8 && products != 0u) {
    let at = products + place.channel * 256u;
    return of_sum(add_f32(programs[at + partner + CHANNELS * 256u], programs[at + own]));
  }
  let is_inside = place.x >= programs[record + 2u] && place.y >= programs[record + 3u]
    && place.x < programs[record + 4u] && place.y < programs[record + 5u];
  let byte = select(own, partner, is_inside);
  if (FORM == FORM_U8) { return byte; }
  return tables[params.normalize + place.channel * 256u + byte];
}

fn of_sum(sum: u32) -> u32 {
  if (FORM == FORM_F16) { return f16_of_f32(sum); }
  return sum;
}

@compute @workgroup_size(256)
fn mix(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // The grid is folded at 65,535.
  let quad = (group.y * 65535u + group.x) * 256u + thread;
  let begin = max(4u * quad, params.first);
  let end = min(4u * quad + 4u, params.first + params.values);
  if (begin >= end) { return; }
  var words = vec4<u32>(0u);
  var masks = vec4<u32>(0u);
  var place = place_of(begin - params.first);
  for (var at = begin; at < end; at++) {
    let word = (at & 3u) / VALUES_PER_WORD;
    let shift = (at % VALUES_PER_WORD) * VALUE_BITS;
    words[word] |= value_at(place) << shift;
    masks[word] |= (0xffffffffu >> (32u - VALUE_BITS)) << shift;
    place = next(place);
  }
  for (var word = 0u; word < 4u / VALUES_PER_WORD; word++) {
    let at = quad * (4u / VALUES_PER_WORD) + word;
    if (masks[word] == 0xffffffffu) {
      destination[at] = words[word];
    } else if (masks[word] != 0u) {
      destination[at] = (destination[at] & ~masks[word]) | words[word];
    }
  }
}
