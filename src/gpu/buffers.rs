//! Buffers: kept after use, so that a training loop allocates nothing once it runs.

use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// Buffers that nobody uses now. A submission that still runs on the device does not matter: the queue keeps the order.
#[derive(Debug, Default)]
pub(super) struct Pool {
    free: Mutex<Vec<wgpu::Buffer>>,
}

/// The most buffers that are kept; the ones unused for longest go first.
const MOST_FREE: usize = 24;

impl Pool {
    /// A buffer of at least `size` bytes for `usage`; its contents are whatever was there.
    pub fn take(
        &self,
        device: &wgpu::Device,
        what: &'static str,
        size: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer> {
        let size = size.max(16).next_multiple_of(16);
        let limit = device.limits().max_buffer_size;
        if size > limit {
            return Err(Error::DeviceLimit { what, needed: size, limit });
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        // Twice the size asked for is close enough; more would keep large buffers busy with small work.
        let fits = |b: &wgpu::Buffer| b.usage() == usage && b.size() >= size && b.size() <= 2 * size.max(4096);
        if let Some(i) = free.iter().position(fits) {
            return Ok(free.remove(i));
        }
        drop(free);
        Ok(device.create_buffer(&wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: false }))
    }

    /// Drops all of them; work that was submitted keeps its own.
    pub fn forget(&self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Takes buffers back.
    pub fn give(&self, buffers: impl IntoIterator<Item = wgpu::Buffer>) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.extend(buffers);
        let surplus = free.len().saturating_sub(MOST_FREE);
        free.drain(..surplus);
    }
}

/// Writes bytes of any length to the start of a buffer, the last word filled up with zeros.
pub(super) fn write(queue: &wgpu::Queue, buffer: &wgpu::Buffer, at: u64, bytes: &[u8]) {
    let whole = bytes.len() / 4 * 4;
    if whole > 0 {
        queue.write_buffer(buffer, at, &bytes[..whole]);
    }
    if whole < bytes.len() {
        let mut last = [0; 4];
        last[..bytes.len() - whole].copy_from_slice(&bytes[whole..]);
        queue.write_buffer(buffer, at + whole as u64, &last);
    }
}
