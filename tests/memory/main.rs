//! Memory: what the CPU executor allocates, and what the loader keeps. The counts are those of the whole process, so
//! its tests run one at a time.

mod counting;
mod cpu;
#[cfg(all(feature = "loader", target_os = "linux"))]
mod loader;
#[path = "../support/mod.rs"]
mod support;
mod views;
