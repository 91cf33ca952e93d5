//! Recycled: the memory of batches that nobody needs any more, for the next ones.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::output::Tensor;

/// Tensors whose memory is free, up to a number.
pub(crate) struct Recycled {
    free: Mutex<Vec<Tensor>>,
    most: usize,
}

impl Recycled {
    /// Keeps at most so many.
    pub fn new(most: usize) -> Self {
        Recycled { free: Mutex::default(), most }
    }

    /// Memory for a batch; none if nothing was given back.
    pub fn take(&self) -> Tensor {
        self.free().pop().unwrap_or_default()
    }

    /// Keeps the memory of a batch.
    pub fn give(&self, tensor: Tensor) {
        let mut free = self.free();
        if free.len() < self.most {
            free.push(tensor);
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Tensor>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
