//! Arithmetic that several operations share, blend and luma with their WGSL twins in `shaders/arithmetic`.

pub(crate) mod blend;
pub(crate) mod histogram;
pub(crate) mod luma;
