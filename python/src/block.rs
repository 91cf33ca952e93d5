//! Block: the bytes of a result, which become those of a later one.
//!
//! The system maps a large allocation page by page, each time anew, which costs more than most policies. So the bytes
//! of a large result wait for the next one of about its size. Very large ones are mapped in huge pages where the system
//! has them. These are 512 times fewer entries to fill and to look up.

use std::mem::{self, size_of};
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytemuck::{Pod, Zeroable};
use memmap2::MmapMut;
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

/// Bytes of a result from which on recycling pays.
pub const LARGE: usize = 1 << 16;
/// Bytes from which on it is mapped by itself: two huge pages. Less would cost more calls of the system than it saves.
const VERY_LARGE: usize = 1 << 22;
/// The most blocks that wait for their next use.
const MOST: usize = 4;

/// As much as a cache line and JAX want for an alignment.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

enum Memory {
    Allocated(Vec<Line>),
    Mapped(MmapMut),
}

impl Memory {
    fn new(bytes: usize) -> Option<Self> {
        if bytes >= VERY_LARGE {
            let map = MmapMut::map_anon(bytes).ok()?;
            // A system without huge pages gives the usual ones.
            #[cfg(target_os = "linux")]
            let _ = map.advise(memmap2::Advice::HugePage);
            return Some(Memory::Mapped(map));
        }
        let (mut lines, count) = (Vec::new(), bytes.div_ceil(size_of::<Line>()));
        lines.try_reserve_exact(count).ok()?;
        lines.resize(count, Line([0; 64]));
        Some(Memory::Allocated(lines))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Memory::Allocated(lines) => bytemuck::cast_slice(lines),
            Memory::Mapped(map) => map,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Memory::Allocated(lines) => bytemuck::cast_slice_mut(lines),
            Memory::Mapped(map) => map,
        }
    }
}

static FREE: Mutex<Vec<Memory>> = Mutex::new(Vec::new());

/// Only held for a moment, and never without the GIL, which a fork needs too. So a fork never finds it locked.
fn free() -> MutexGuard<'static, Vec<Memory>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that were a result before, or new ones. Made and dropped with the GIL.
pub struct Block {
    memory: Memory,
    bytes: usize,
    /// The process that made it. Another one does not give it back.
    process: u32,
}

impl Block {
    pub fn new(bytes: usize, _: Python<'_>) -> PyResult<Self> {
        let mut free = free();
        // Not one that is far too large: a small result would hold it for a long time.
        let fits = |memory: &Memory| (bytes..=2 * bytes.max(size_of::<Line>())).contains(&memory.bytes().len());
        let place = free.iter().position(fits);
        let kept = place.map(|place| free.swap_remove(place));
        drop(free);
        let memory = kept.or_else(|| Memory::new(bytes)).ok_or_else(|| {
            PyMemoryError::new_err(format!("no memory for the augmented images: {bytes} bytes cannot be had"))
        })?;
        Ok(Block { memory, bytes, process: process::id() })
    }

    pub fn bytes(&self) -> &[u8] {
        self.memory.bytes().get(..self.bytes).unwrap_or_default()
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.memory.bytes_mut().get_mut(..self.bytes).unwrap_or_default()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.process != process::id() || self.bytes < LARGE {
            return;
        }
        let mut free = free();
        // What is dropped is dropped after the lock.
        let oldest = (free.len() >= MOST).then(|| free.remove(0));
        free.push(mem::replace(&mut self.memory, Memory::Allocated(Vec::new())));
        drop(free);
        drop(oldest);
    }
}
