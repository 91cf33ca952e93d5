//! Fenced: this program's allocator. Within a fence, each block has pages of its own between unreadable ones.
//!
//! The pages come from one reserved range of addresses. Freed pages become unreadable and are never used again.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The end of a block that lies at an unreadable page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fence {
    Behind,
    InFront,
}

const PAGE: usize = 4096;
/// Addresses reserved: 1 TiB.
const RESERVED: usize = 1 << 40;

thread_local! {
    static FENCE: Cell<Option<Fence>> = const { Cell::new(None) };
}

/// Runs something whose blocks have a fence, as far as this thread allocates them.
pub fn within<T>(fence: Fence, run: impl FnOnce() -> T) -> T {
    FENCE.set(Some(fence));
    let result = run();
    FENCE.set(None);
    result
}

struct Fenced;

#[global_allocator]
static ALLOCATOR: Fenced = Fenced;

static USED: AtomicUsize = AtomicUsize::new(0);

/// The first reserved address.
fn reserved() -> usize {
    static START: OnceLock<usize> = OnceLock::new();
    *START.get_or_init(|| {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: the system chooses addresses that nothing uses.
        let start = unsafe { libc::mmap(null_mut(), RESERVED, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED { 0 } else { start as usize }
    })
}

// SAFETY: fenced blocks are pages that only their owner has; everything else is done by the system's.
unsafe impl GlobalAlloc for Fenced {
    unsafe fn alloc(&self, block: Layout) -> *mut u8 {
        let Some(fence) = FENCE.get() else {
            // SAFETY: as for this function.
            return unsafe { System.alloc(block) };
        };
        let (start, bytes) = (reserved(), block.size().next_multiple_of(PAGE));
        let offset = PAGE + USED.fetch_add(bytes + PAGE, Relaxed);
        if start == 0 || block.align() > PAGE || offset + bytes + PAGE > RESERVED {
            return null_mut();
        }
        let pages = start + offset;
        // SAFETY: these pages are within the reserved ones, and no other call gets them.
        if unsafe { libc::mprotect(pages as *mut _, bytes, libc::PROT_READ | libc::PROT_WRITE) } != 0 {
            return null_mut();
        }
        match fence {
            Fence::InFront => pages as *mut u8,
            Fence::Behind => ((pages + bytes - block.size()) & !(block.align() - 1)) as *mut u8,
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, block: Layout) {
        let pages = at as usize & !(PAGE - 1);
        if !(reserved()..reserved() + RESERVED).contains(&pages) {
            // SAFETY: as for this function.
            return unsafe { System.dealloc(at, block) };
        }
        let bytes = block.size().next_multiple_of(PAGE);
        // SAFETY: the pages of a block that nothing uses any more.
        unsafe {
            libc::mprotect(pages as *mut _, bytes, libc::PROT_NONE);
            libc::madvise(pages as *mut _, bytes, libc::MADV_DONTNEED);
        }
    }
}
