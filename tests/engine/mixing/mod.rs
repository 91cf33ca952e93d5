//! Mixing: torchvision's bits, the GPU against the host, what is drawn, and what is refused.

mod draws;
#[cfg(feature = "gpu")]
mod gpu;
mod refused;
mod torchvision;
