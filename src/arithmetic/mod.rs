//! Arithmetic of several operations: blend, luma, boxes and the weights of a resize. `shaders/arithmetic` has the same
//! in WGSL.

pub(crate) mod blend;
pub(crate) mod box_blur;
pub(crate) mod histogram;
pub(crate) mod luma;
pub(crate) mod mixture;
pub(crate) mod resample;
