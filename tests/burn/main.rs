//! burn: tensors that our kernels wrote, on a device that both use.
#![cfg(feature = "burn")]

mod batcher;
mod devices;
mod flex;
mod gradients;
mod loader;
mod memory;
mod mixing;
mod order;
mod shared;
#[path = "../support/mod.rs"]
mod support;
mod values;
