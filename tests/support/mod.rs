//! Support: what the test programs share. A program takes it in with `#[path = "../support/mod.rs"] mod support;`.

// Each program has its own copy and uses part of it.
#![allow(dead_code, unused_imports)]

pub mod arbitrary;
pub mod batches;
pub mod chains;
pub mod conformance;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod statistics;
pub mod views;
