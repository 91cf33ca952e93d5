// A pixel inside the frame: the source's.
fn framed_at(x: u32, y: u32, flags: u32) -> u32 {
  return memory_at(x, y);
}
