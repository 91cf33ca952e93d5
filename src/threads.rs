//! Threads: where work runs, and that a forked process never waits for threads that it does not have.

use std::cell::Cell;
use std::num::NonZero;

use crate::error::Result;

/// The threads that samplers, executors and mixers use during a call.
///
/// Without this, they use the rayon pool that the calling thread belongs to, or else rayon's shared threads.
/// Either way a fork is safe: a process that was forked after its parent used threads gets threads of its own, because
/// a fork copies none. (On a GPU it is not: no driver supports a fork after the device was opened.)
///
/// ```
/// use std::num::NonZero;
/// use autoaugment::{Augmenter, Batch, Device, Layout, Policy, Shape, Threads};
/// let augmenter = Augmenter::builder(Policy::cifar10()).device(Device::Cpu).build()?;
/// let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
/// let batch = Batch::new(vec![128; shape.values()], shape, Layout::Nhwc)?;
/// let two = Threads::Own(NonZero::<usize>::MIN.saturating_add(1));
/// let first = two.run(|| augmenter.augment(&batch, 0, &[0, 1]))??;
/// let second = Threads::Caller.run(|| augmenter.augment(&batch, 0, &[0, 1]))??;
/// assert_eq!(first.tensor, second.tensor);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Threads {
    /// The pool of the calling thread, or else rayon's shared threads.
    #[default]
    Shared,
    /// So many threads of this library's. They are started at the first use, stay until the process ends, and are
    /// shared by all calls for the same number.
    Own(NonZero<usize>),
    /// The calling thread alone. No other thread is started or woken, which suits one small image. The host's part of
    /// work on a GPU may still use others.
    Caller,
}

impl Threads {
    /// Runs `work` here. Calls of this library inside it use these threads.
    ///
    /// # Errors
    /// [`Error::NoThreads`](crate::Error::NoThreads) if the system starts none.
    pub fn run<T: Send>(self, work: impl FnOnce() -> T + Send) -> Result<T> {
        match self {
            Threads::Shared => shared(work),
            Threads::Own(count) => processes::run_on(count, work),
            Threads::Caller => Ok(alone(work)),
        }
    }
}

thread_local! {
    /// Whether this thread works without others.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` without other threads.
fn alone<T>(work: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            ALONE.set(self.0);
        }
    }
    let _before = Before(ALONE.replace(true));
    work()
}

/// How many threads share the work of this one. Unlike rayon's count, it starts no thread where one works alone.
pub(crate) fn count() -> usize {
    if ALONE.get() { 1 } else { rayon::current_num_threads() }
}

/// Whether this thread must do all work by itself. Then no iterator may be parallel: rayon would start its threads.
pub(crate) fn are_none() -> bool {
    ALONE.get()
}

/// The number of this process, which changes with a fork. Browsers have none.
pub(crate) fn process() -> u32 {
    if cfg!(target_arch = "wasm32") { 0 } else { std::process::id() }
}

/// Runs `work` where this thread's work is shared: alone, in its own pool, or in rayon's shared one. If that belongs to
/// the process that this one was forked from, it runs in a pool of this process.
///
/// # Errors
/// [`Error::NoThreads`](crate::Error::NoThreads) if the system starts none. rayon itself would panic.
pub(crate) fn shared<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    if ALONE.get() || rayon::current_thread_index().is_some() {
        return Ok(work());
    }
    processes::run_shared(work)
}

#[cfg(not(target_arch = "wasm32"))]
mod processes {
    //! The pools of this process, and of those that it was forked from.

    use std::error::Error as _;
    use std::num::NonZero;
    use std::sync::{Arc, Mutex, OnceLock, PoisonError};
    use std::thread;

    use rayon::{ThreadPool, ThreadPoolBuilder};

    use crate::error::{Error, Result};

    /// The pools that one process started.
    #[derive(Default)]
    struct Process {
        /// The process; 0 stands for none.
        id: u32,
        /// Why rayon's shared threads could not be started, once that was tried.
        refused: OnceLock<Option<String>>,
        /// By number of threads.
        pools: Mutex<Vec<(NonZero<usize>, Arc<ThreadPool>)>>,
        /// A process that was forked from this one. It inherits this list. It uses no lock of its parent, because a
        /// thread that does not exist any more may hold it, and it drops no pool, because that would wake its threads.
        forked: OnceLock<Box<Process>>,
    }

    static ANCESTORS: OnceLock<Box<Process>> = OnceLock::new();

    /// This process, and whether it is the first here that used threads.
    fn current() -> (&'static Process, bool) {
        let id = super::process();
        let (mut place, mut is_first) = (&ANCESTORS, true);
        loop {
            let process = place.get_or_init(|| Box::new(Process { id, ..Process::default() }));
            if process.id == id {
                return (process, is_first);
            }
            (place, is_first) = (&process.forked, false);
        }
    }

    pub(super) fn run_on<T: Send>(threads: NonZero<usize>, work: impl FnOnce() -> T + Send) -> Result<T> {
        Ok(pool(current().0, threads)?.install(work))
    }

    pub(super) fn run_shared<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
        let (process, is_first) = current();
        if !is_first {
            return Ok(pool(process, shared_count())?.install(work));
        }
        let start = || {
            let threads = shared_count();
            if let Err(reason) = room_for(threads) {
                return Some(reason);
            }
            // Without a source they were started before, by this program or by the application.
            let error = ThreadPoolBuilder::new().num_threads(threads.get()).build_global().err()?;
            error.source().map(ToString::to_string)
        };
        match process.refused.get_or_init(start) {
            None => Ok(work()),
            Some(reason) => Err(Error::NoThreads(reason.clone())),
        }
    }

    /// The number of the shared threads, by rayon's rule.
    fn shared_count() -> NonZero<usize> {
        let asked = std::env::var("RAYON_NUM_THREADS").ok().and_then(|number| number.parse().ok());
        asked.or(thread::available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN)
    }

    /// Refuses threads that memory cannot hold. One whose stack just fits, but not what it needs besides, would panic
    /// as it starts, and the pool would wait for it.
    fn room_for(threads: NonZero<usize>) -> std::result::Result<(), String> {
        /// Twice the stack of a thread.
        const BYTES: usize = 4 << 20;
        let room = Vec::<u8>::new().try_reserve_exact(threads.get().saturating_mul(BYTES));
        room.map_err(|_| format!("there is no memory for the stacks of {threads}"))
    }

    fn pool(process: &Process, threads: NonZero<usize>) -> Result<Arc<ThreadPool>> {
        let mut pools = process.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = pools.iter().find(|(count, _)| *count == threads) {
            return Ok(pool.clone());
        }
        room_for(threads).map_err(Error::NoThreads)?;
        let name = |i| format!("autoaugment {i}");
        let pool = ThreadPoolBuilder::new().num_threads(threads.get()).thread_name(name).build();
        let pool = Arc::new(pool.map_err(|error| Error::NoThreads(error.to_string()))?);
        pools.push((threads, pool.clone()));
        Ok(pool)
    }
}

/// The same where there are no threads: rayon then uses the one there is.
#[cfg(target_arch = "wasm32")]
mod processes {
    use super::{NonZero, Result};

    pub(super) fn run_on<T>(_: NonZero<usize>, work: impl FnOnce() -> T) -> Result<T> {
        Ok(work())
    }

    pub(super) fn run_shared<T>(work: impl FnOnce() -> T) -> Result<T> {
        Ok(work())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_threads_is_that_of_the_pool() {
        for n in 1..4 {
            let threads = Threads::Own(NonZero::new(n).unwrap());
            assert_eq!(threads.run(count), Ok(n));
            assert_eq!(threads.run(|| Threads::Shared.run(count)), Ok(Ok(n)));
            assert_eq!(Threads::Caller.run(|| threads.run(count)), Ok(Ok(n)));
            assert_eq!(threads.run(|| Threads::Caller.run(count)), Ok(Ok(1)));
        }
    }

    #[test]
    fn the_caller_works_alone_and_only_during_the_call() {
        let own = std::thread::current().id();
        let inside = Threads::Caller.run(|| (std::thread::current().id(), are_none(), Threads::Shared.run(count)));
        assert_eq!(inside, Ok((own, true, Ok(1))));
        assert!(!are_none());
        let caught = std::panic::catch_unwind(|| Threads::Caller.run(|| panic!("a test")));
        assert!(caught.is_err() && !are_none());
    }
}
