// Bindings and parameters that every kernel has.
//
// `source` has the images of the batch, `middle` images between two segments (one word a pixel), `partners` the images
// that others are mixed with; two of the three are usually the same buffer. `programs` says what to do with each image,
// `tables` has what is the same for all batches.
struct Params {
  width: u32,
  height: u32,
  // Pixels of an image, and groups of four pixels.
  pixels: u32,
  quads: u32,
  // Where in `programs` the list of this dispatch's programs is, and how many there are.
  list: u32,
  images: u32,
  // Where in `tables` the values for normalising are.
  normalize: u32,
  // Which statistics pass this is, 0 or 1.
  round: u32,
}
@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read> middle: array<u32>;
@group(0) @binding(2) var<storage, read> partners: array<u32>;
@group(0) @binding(3) var<storage, read> programs: array<u32>;
@group(0) @binding(4) var<storage, read> tables: array<u32>;
@group(0) @binding(7) var<uniform> params: Params;

// This image's program. Barriers must not depend on it: a private variable is never uniform. They depend on the
// parameters named `base`, which have the same value.
var<private> program: u32;
// Set when a pixel needs more precision than f32; asks for that precision.
var<private> ambiguous: bool;
var<private> exact: bool;

// The place of the program of this workgroup's image. The grid is folded at 65,535.
fn program_of(image: u32) -> u32 {
  return programs[params.list + image] * PROGRAM_WORDS;
}
