//! Targets: masks, boxes and keypoints go where the pixels of their image go.

#[path = "transform/chains.rs"]
mod chains;
#[cfg(feature = "gpu")]
mod gpu_support;

#[path = "targets/boxes.rs"]
mod boxes;
#[path = "targets/keypoints.rs"]
mod keypoints;
#[path = "targets/masks.rs"]
mod masks;
#[path = "targets/painted.rs"]
mod painted;
