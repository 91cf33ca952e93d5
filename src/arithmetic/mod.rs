//! Arithmetic that several operations share, each file with its WGSL twin in `shaders/arithmetic`.

pub(crate) mod blend;
pub(crate) mod histogram;
pub(crate) mod luma;
