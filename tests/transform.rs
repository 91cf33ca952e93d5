//! Transforms: crops, flips, resizing and whole recipes against Pillow, the GPU against the CPU, and what is drawn.

#[path = "transform/chains.rs"]
mod chains;
mod conformance;
#[cfg(feature = "gpu")]
#[path = "transform/gpu.rs"]
mod gpu;
#[cfg(feature = "gpu")]
mod gpu_support;
#[path = "transform/pillow.rs"]
mod pillow;
#[path = "transform/recipes.rs"]
mod recipes;
#[path = "transform/sampling.rs"]
mod sampling;
