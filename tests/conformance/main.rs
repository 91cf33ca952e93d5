//! Conformance: the bytes of Pillow, torchvision and timm, from fixtures and from installed ones.

mod frameworks;
mod pillow;
mod pillow_live;
#[path = "../support/mod.rs"]
mod support;
