//! Threads: how many a call uses.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use autoaugment::Threads;
use pyo3::prelude::*;

/// Bytes of a batch that are not worth a second thread.
const SMALL_BATCH: usize = 1 << 18;
/// Bytes of one image that are not worth a second thread.
const SMALL_IMAGE: usize = 1 << 19;

/// Threads of a call that does not say how many; 0 stands for all cores.
static DEFAULT: AtomicUsize = AtomicUsize::new(0);

/// Sets the threads of calls that do not say how many; 0 stands for all cores.
#[pyfunction]
pub fn set_default_threads(count: usize) {
    DEFAULT.store(count, Ordering::Relaxed);
}

/// The threads for so many images of so many bytes together. `asked`: 0 for the default.
///
/// rayon's shared threads are never used. A call that needs no second thread does not wake one.
pub fn of_call(asked: usize, images: usize, bytes: usize) -> Threads {
    let is_small = bytes < if images == 1 { SMALL_IMAGE } else { SMALL_BATCH };
    if is_small { Threads::Caller } else { of_work(asked) }
}

/// The threads for work whose amount is not known.
pub fn of_work(asked: usize) -> Threads {
    match count(asked) {
        NonZero::<usize>::MIN => Threads::Caller,
        count => Threads::Own(count),
    }
}

/// How many threads there are for work. `asked`: 0 for the default.
pub fn count(asked: usize) -> NonZero<usize> {
    let count = if asked == 0 { DEFAULT.load(Ordering::Relaxed) } else { asked };
    NonZero::new(count).or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN)
}
