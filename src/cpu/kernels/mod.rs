//! Kernels: the loops over pixels, written so that they become vector instructions (`multiversioned!`).
//!
//! Loops over blocks of fixed length leave it to the compiler how wide its vectors are. Only look-ups, blends and
//! interpolated warps need instructions that no loop becomes.

// Counted loops over arrays are what becomes vector instructions most surely.
#![allow(clippy::needless_range_loop)]

pub(super) mod blend;
pub(super) mod box_blur;
pub(super) mod interpolated;
pub(super) mod look_up;
pub(super) mod mixture;
pub(super) mod nearest;
pub(super) mod planes;
pub(super) mod resize;
pub(super) mod sharpness;
pub(super) mod statistics;
mod turn;
