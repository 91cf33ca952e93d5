// A pixel inside the view: the source's.
fn viewed_at(x: u32, y: u32, flags: u32) -> u32 {
  return memory_at(x, y);
}
