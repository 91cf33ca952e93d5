//! Targets: masks, boxes and keypoints go where the pixels of their image go.

mod boxes;
mod keypoints;
mod masks;
mod painted;
