//! Mixing: torchvision's bits, the GPU against the host, what is drawn, and what is refused.

#[path = "mixing/draws.rs"]
mod draws;
#[cfg(feature = "gpu")]
#[path = "mixing/gpu.rs"]
mod gpu;
#[cfg(feature = "gpu")]
mod gpu_support;
#[path = "mixing/refused.rs"]
mod refused;
#[path = "sampling/statistics.rs"]
mod statistics;
#[path = "mixing/torchvision.rs"]
mod torchvision;
