//! Transforms: crops, flips, resizing and whole recipes against Pillow, the GPU against the CPU, and what is drawn.

#[cfg(feature = "gpu")]
mod gpu;
mod pillow;
mod recipes;
mod sampling;
