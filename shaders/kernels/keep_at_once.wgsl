// Keeping results where f32 never decides a byte: stored at once.
fn keep(place: u32, quad: u32, pixels: vec4<u32>) {
  store_quad(place, quad, pixels);
}

fn finish(place: u32, t: u32) {}
