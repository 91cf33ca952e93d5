// Cutout: whether a pixel is inside the rectangle that is filled.
fn cutout(x: u32, y: u32, left: u32, top: u32, right: u32, bottom: u32) -> bool {
  return x >= left && x < right && y >= top && y < bottom;
}
