//! Context: a device with its queue, its loss, its allocator and its pool, for every part of this wing.

use std::sync::Arc;

use super::buffers::{Allocator, Pool};
use super::errors::{Guarded, Loss};
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
        self.guard(f)?.settle(&self.device, &self.loss).await
    }

    /// Runs `f` now. [`Guarded::settle`] has the result, which can be waited for later.
    pub fn guard<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<Guarded<T>> {
        Guarded::run(&self.device, &self.loss, f)
    }

    /// Why a buffer is not mapped: the loss of the device where that is the reason.
    pub async fn not_mapped(&self, reason: &str) -> Error {
        refused(&self.device, &self.loss, reason).await
    }
}
