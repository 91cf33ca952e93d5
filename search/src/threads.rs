//! Threads: each child on one of its own, so that children run side by side and none asks for more.

use std::sync::{Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// Pools of one thread that are not in use.
#[derive(Default)]
pub(crate) struct Threads(Mutex<Vec<ThreadPool>>);

impl Threads {
    /// Does the work, and all that it divides, on one thread.
    pub fn alone<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let free = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = free().pop();
        let pool = match kept {
            Some(pool) => pool,
            None => ThreadPoolBuilder::new()
                .num_threads(1)
                .build()
                .map_err(|error| Error::Child(format!("no thread can be started: {error}")))?,
        };
        let result = pool.install(work);
        free().push(pool);
        Ok(result)
    }
}
