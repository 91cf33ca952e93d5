//! Tests of the GPU that look inside: every kernel, what batches cost by count, the wall between the two wings, a
//! browser, CUDA on the host, and its compiler.

mod browser;
mod counted;
#[cfg(feature = "cuda")]
mod emulated;
#[cfg(feature = "cuda")]
mod nvrtc;
mod planned;
mod shaders;
mod sharing;
// What the tests outside have too, of which this is a part.
#[allow(dead_code)]
#[path = "../../../tests/support"]
pub(crate) mod support {
    pub mod batches;
    pub mod gpu;
}
mod variants;
mod wings;
