//! Recent: a few opened things that threads share, of which the longest unused one is dropped first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;

/// A value that is there once it was made. Threads that want it meanwhile wait for the one that makes it.
type Slot<T> = Arc<Mutex<Option<Arc<T>>>>;

/// At most `most` values by number. A value lives on while a thread uses it.
pub(super) struct Recent<T> {
    most: usize,
    /// From the longest unused to the newest.
    slots: Mutex<Vec<(usize, Slot<T>)>>,
}

impl<T> Recent<T> {
    pub fn new(most: usize) -> Self {
        Recent { most, slots: Mutex::new(Vec::new()) }
    }

    /// The value with this number, made if it is not there. An error is not kept: the next call tries again.
    ///
    /// `make` must not start work on a pool of threads and wait for it. Another task could then run in this thread, ask
    /// for the same value and wait for itself.
    pub fn get(&self, number: usize, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let slot = self.slot(number);
        let mut value = lock(&slot);
        if let Some(value) = &*value {
            return Ok(value.clone());
        }
        let made = Arc::new(make()?);
        *value = Some(made.clone());
        Ok(made)
    }

    fn slot(&self, number: usize) -> Slot<T> {
        let mut slots = lock(&self.slots);
        let slot = match slots.iter().position(|(n, _)| *n == number) {
            Some(place) => slots.remove(place).1,
            None => Slot::default(),
        };
        slots.push((number, slot.clone()));
        if slots.len() > self.most {
            slots.remove(0);
        }
        slot
    }
}

/// A panic leaves nothing half done in a slot, so its mark is ignored.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn the_longest_unused_value_is_dropped() {
        let recent = Recent::new(2);
        let mut made = Vec::new();
        for number in [1, 2, 1, 3, 1, 2] {
            let value = recent.get(number, || {
                made.push(number);
                Ok(10 * number)
            });
            assert_eq!(value.map(|value| *value), Ok(10 * number));
        }
        assert_eq!(made, [1, 2, 3, 2]);
        assert_eq!(recent.get(4, || Err(Error::EmptyPolicy)), Err(Error::EmptyPolicy));
        assert_eq!(recent.get(4, || Ok(7)).map(|value| *value), Ok(7));
    }
}
