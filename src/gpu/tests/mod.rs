//! Tests of the GPU that look inside: every kernel, what batches cost by count, the wall between the two wings, and a browser.

pub(super) mod browser;
mod counted;
mod shaders;
mod variants;
mod wings;
