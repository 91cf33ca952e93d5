//! Buffers: created in one place, counted, and kept after use, so that a running training loop creates none.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::counters::Counters;
use crate::error::{Error, Result};

/// The allocator of buffers.
#[derive(Clone, Debug)]
pub(crate) struct Allocator {
    device: wgpu::Device,
    pub counters: Arc<Counters>,
}

/// A buffer of this crate. Clones of its handle must not outlive it.
#[derive(Debug)]
pub(crate) struct PooledBuffer {
    what: &'static str,
    buffer: wgpu::Buffer,
    counters: Arc<Counters>,
}

/// Buffers that are not in use. A submission can still run on the device, because the queue keeps the order.
#[derive(Debug)]
pub(crate) struct Pool {
    allocator: Allocator,
    free: Mutex<Vec<PooledBuffer>>,
}

/// The most buffers that are kept. The longest unused ones are dropped first.
const MOST_FREE: usize = 24;

/// `bytes` and at most a quarter more: one of four sizes between each power of two and the next. So a batch that is a
/// little larger than the one before fits its buffers.
pub(crate) fn size_class(bytes: u64) -> u64 {
    let step = bytes.checked_next_power_of_two().map_or(1, |power| power / 8).max(64);
    bytes.max(1).checked_next_multiple_of(step).unwrap_or(bytes)
}

impl Allocator {
    pub fn new(device: &wgpu::Device) -> Self {
        Allocator { device: device.clone(), counters: Arc::default() }
    }

    /// A new buffer of `bytes`.
    pub fn make(
        &self,
        what: &'static str,
        bytes: u64,
        usage: wgpu::BufferUsages,
        mapped: bool,
    ) -> Result<PooledBuffer> {
        let limit = self.device.limits().max_buffer_size;
        if bytes > limit {
            return Err(Error::DeviceLimit { what, needed: bytes, limit });
        }
        let size = bytes.max(16).next_multiple_of(4);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(what),
            size,
            usage,
            mapped_at_creation: mapped,
        });
        self.counters.buffer();
        Ok(self.hold(what, buffer))
    }

    /// The most bytes of a buffer that can be bound as a whole.
    pub fn bindable(&self) -> u64 {
        let limits = self.device.limits();
        limits.max_storage_buffer_binding_size.min(limits.max_buffer_size) / 4 * 4
    }

    /// Takes ownership of a buffer.
    pub fn hold(&self, what: &'static str, buffer: wgpu::Buffer) -> PooledBuffer {
        self.counters.hold(buffer.size());
        PooledBuffer { what, buffer, counters: self.counters.clone() }
    }
}

impl PooledBuffer {
    /// Gives the buffer to the caller.
    pub fn release(self) -> wgpu::Buffer {
        self.buffer.clone()
    }
}

impl Deref for PooledBuffer {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.buffer
    }
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        self.counters.let_go(self.buffer.size());
    }
}

impl Pool {
    pub fn new(allocator: Allocator) -> Self {
        Pool { allocator, free: Mutex::default() }
    }

    /// A kept buffer of at least `bytes` with the same usage. Its contents are arbitrary.
    pub fn again(&self, what: &'static str, bytes: u64, usage: wgpu::BufferUsages) -> Option<PooledBuffer> {
        // Twice the size asked for is close enough; more would keep large buffers busy with small work.
        let fits = |b: &PooledBuffer| {
            b.what == what && b.usage() == usage && b.size() >= bytes && b.size() <= 2 * size_class(bytes)
        };
        let mut free = self.free();
        let fitting = free.iter().enumerate().filter(|(_, b)| fits(b));
        let best = fitting.min_by_key(|(_, b)| b.size()).map(|(i, _)| i)?;
        Some(free.remove(best))
    }

    /// Such a buffer, or a new one. It can be bound as a whole if `bytes` can.
    pub fn take(&self, what: &'static str, bytes: u64, usage: wgpu::BufferUsages) -> Result<PooledBuffer> {
        match self.again(what, bytes, usage) {
            Some(buffer) => Ok(buffer),
            None => {
                let size = size_class(bytes).min(self.allocator.bindable()).max(bytes);
                self.allocator.make(what, size, usage, false)
            }
        }
    }

    /// Takes a buffer back.
    pub fn give(&self, buffer: PooledBuffer) {
        let mut free = self.free();
        free.push(buffer);
        let surplus = free.len().saturating_sub(MOST_FREE);
        free.drain(..surplus);
    }

    /// Drops all of them. Submitted work keeps its own.
    pub fn forget(&self) {
        self.free().clear();
    }

    fn free(&self) -> MutexGuard<'_, Vec<PooledBuffer>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_few_and_at_most_a_quarter_more() {
        let mut sizes: Vec<u64> = (1..100_000).map(size_class).collect();
        assert!(sizes.iter().zip(1..).all(|(&size, bytes)| size >= bytes && size % 8 == 0));
        assert!(sizes.iter().zip(1..).all(|(&size, bytes)| size <= (bytes + bytes / 4 + 1).max(bytes + 64)));
        sizes.dedup();
        assert!(sizes.len() < 50, "{sizes:?}");
        assert_eq!(size_class(u64::MAX), u64::MAX);
    }
}
