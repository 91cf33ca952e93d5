//! Counting: this program's allocator, and one test at a time.

use std::alloc::{GlobalAlloc, Layout as Bytes, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts allocations, and the bytes that are and were allocated.
struct Counting;

pub static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
pub static HELD: AtomicUsize = AtomicUsize::new(0);
pub static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is done by the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, bytes: Bytes) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        let held = HELD.fetch_add(bytes.size(), Relaxed) + bytes.size();
        MOST.fetch_max(held, Relaxed);
        // SAFETY: as for this function.
        unsafe { System.alloc(bytes) }
    }

    unsafe fn dealloc(&self, at: *mut u8, bytes: Bytes) {
        HELD.fetch_sub(bytes.size(), Relaxed);
        // SAFETY: as for this function.
        unsafe { System.dealloc(at, bytes) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The counts are those of the whole process: a test that holds this runs alone.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A test that failed leaves nothing behind that the next one could see.
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
