//! Tests of the GPU that look inside: every kernel, what batches cost by count, the wall between the two wings, and a
//! browser.

mod browser;
mod counted;
mod shaders;
mod sharing;
// What the tests outside have too, of which this is a part.
#[allow(dead_code)]
#[path = "../../../tests/support"]
pub(super) mod support {
    pub mod batches;
    pub mod gpu;
}
mod variants;
mod wings;
