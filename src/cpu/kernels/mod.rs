//! Kernels: the loops over pixels, written so that the compiler vectorizes them (`multiversioned!`).
//!
//! Loops over blocks of fixed length leave the width of vectors to the compiler. Only look-ups, blends and interpolated
//! warps need instructions that the compiler does not make from loops.

// Counted loops over arrays are what becomes vector instructions most surely.
#![allow(clippy::needless_range_loop)]

pub(super) mod blend;
pub(super) mod box_blur;
pub(super) mod interpolated;
pub(super) mod lut;
pub(super) mod mixture;
pub(super) mod nearest;
pub(super) mod planar;
pub(super) mod resize;
pub(super) mod sharpness;
pub(super) mod statistics;
pub(super) mod transpose;
