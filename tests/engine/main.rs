//! Engine: the CPU executor against the reference, the GPU against the CPU, and what goes around policies: transforms,
//! mixing and targets.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "gpu")]
mod gpu_async;
#[cfg(feature = "gpu")]
mod gpu_blends;
#[cfg(feature = "gpu")]
mod gpu_limits;
#[cfg(all(feature = "gpu", feature = "loader"))]
mod gpu_shared;
#[cfg(all(feature = "gpu", feature = "loader"))]
mod gpu_steady;
mod mixing;
mod rgbx;
#[path = "../support/mod.rs"]
mod support;
mod targets;
mod transform;
mod views;
