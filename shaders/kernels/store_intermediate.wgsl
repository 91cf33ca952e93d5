// Storing images between two segments. Each has room for whole groups of four pixels.
@group(0) @binding(5) var<storage, read_write> destination: array<vec4<u32>>;

// `image` is the place of the image's first pixel.
fn store_quad(image: u32, quad: u32, pixels: vec4<u32>) {
  destination[(image >> 2u) + quad] = pixels;
}
