//! burn: tensors that our kernels wrote, on a device that both use.
#![cfg(feature = "burn")]

mod gpu_support;

#[path = "burn/batcher.rs"]
mod batcher;
#[path = "burn/devices.rs"]
mod devices;
#[path = "burn/flex.rs"]
mod flex;
#[path = "burn/gradients.rs"]
mod gradients;
#[path = "burn/loader.rs"]
mod loader;
#[path = "burn/memory.rs"]
mod memory;
#[path = "burn/mixing.rs"]
mod mixing;
#[path = "burn/order.rs"]
mod order;
#[path = "burn/shared.rs"]
mod shared;
#[path = "burn/values.rs"]
mod values;
