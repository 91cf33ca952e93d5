//! Context: a device with its queue, its loss, its allocator and its pool, for every part of this wing.

use std::sync::Arc;

use super::buffers::{Allocator, Pool};
use super::errors::{self, Loss};
use super::mapped::refused;
use crate::error::{Error, Result};

/// A device, its queue, and the buffers that are made on it.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub loss: Loss,
    pub allocator: Allocator,
    /// Buffers that change owners: whole batches and downloads.
    pub pool: Arc<Pool>,
}

impl Context {
    pub fn new(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let allocator = Allocator::new(&device);
        let pool = Arc::new(Pool::new(allocator.clone()));
        Context { device, queue, loss: Loss::default(), allocator, pool }
    }

    /// Runs `f`, once the future is polled, and returns the first error that the device had meanwhile, if `f` itself
    /// had none.
    pub async fn guarded<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<T> {
        errors::guarded(&self.device, &self.loss, f).await
    }

    /// Why a buffer is not mapped: the loss of the device where that is the reason.
    pub async fn not_mapped(&self, reason: &str) -> Error {
        refused(&self.device, &self.loss, reason).await
    }
}
