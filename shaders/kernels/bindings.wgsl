// Bindings and parameters that every kernel has.
//
// `source` has the images of the batch, and `partners` the images that others are mixed with; these are usually the
// same buffer. `intermediate` has images between two segments, one word a pixel, each from a multiple of four words on.
// `programs` says what to do with each image, `tables` has what is the same for all batches.
struct Params {
  // Where in `programs` the list of this dispatch's programs is, and how many there are.
  list: u32,
  images: u32,
  // Where in `tables` the values for normalizing are.
  normalize: u32,
  // Which statistics pass this is, 0 or 1.
  round: u32,
}
@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read> intermediate: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> partners: array<u32>;
@group(0) @binding(3) var<storage, read> programs: array<u32>;
@group(0) @binding(4) var<storage, read> tables: array<u32>;
@group(0) @binding(7) var<uniform> params: Params;

// This image's segment: its program, its size, and its source's. Barriers must not depend on it: a private variable is
// never uniform. They depend on the parameters named `base`, which have the same value.
var<private> program: u32;
var<private> image_width: u32;
var<private> image_height: u32;
var<private> image_pixels: u32;
var<private> source_width: u32;
var<private> source_height: u32;
var<private> source_pixels: u32;
// Set when a pixel needs more precision than f32; asks for that precision.
var<private> ambiguous: bool;
var<private> exact: bool;

// The place of the program of this workgroup's image. The grid is folded at 65,535.
fn program_of(image: u32) -> u32 {
  return programs[params.list + image] * PROGRAM_WORDS;
}

// Begins with the segment whose program is at `base`.
fn enter(base: u32) {
  program = base;
  image_width = programs[base + WORD_WIDTH];
  image_height = programs[base + WORD_HEIGHT];
  image_pixels = image_width * image_height;
  source_width = programs[base + WORD_SOURCE_WIDTH];
  source_height = programs[base + WORD_SOURCE_HEIGHT];
  source_pixels = source_width * source_height;
}

// Groups of four pixels that the segment makes.
fn quads_of(base: u32) -> u32 {
  return (programs[base + WORD_WIDTH] * programs[base + WORD_HEIGHT] + 3u) / 4u;
}
