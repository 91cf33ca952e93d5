//! Counters: how many objects were created on the device and are held. A steady state creates none.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// The objects that a [`Gpu`](crate::Gpu) has created on its device so far, and the bytes that it still holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AllocationStats {
    /// Buffers that were created, mapped ones included.
    pub buffers: u64,
    /// Bind groups that were created.
    pub bind_groups: u64,
    /// Pipelines that were compiled.
    pub pipelines: u64,
    /// Bytes of the buffers that are held now. Buffers that callers were given are theirs and do not count.
    pub bytes_held: u64,
}

/// The numbers while they are counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    buffers: AtomicU64,
    bind_groups: AtomicU64,
    pipelines: AtomicU64,
    bytes_held: AtomicU64,
}

impl Counters {
    pub fn buffer(&self) {
        self.buffers.fetch_add(1, Ordering::Relaxed);
    }

    pub fn bind_group(&self) {
        self.bind_groups.fetch_add(1, Ordering::Relaxed);
    }

    pub fn pipeline(&self) {
        self.pipelines.fetch_add(1, Ordering::Relaxed);
    }

    pub fn hold(&self, bytes: u64) {
        self.bytes_held.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn let_go(&self, bytes: u64) {
        self.bytes_held.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub fn allocation_stats(&self) -> AllocationStats {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        AllocationStats {
            buffers: read(&self.buffers),
            bind_groups: read(&self.bind_groups),
            pipelines: read(&self.pipelines),
            bytes_held: read(&self.bytes_held),
        }
    }
}
