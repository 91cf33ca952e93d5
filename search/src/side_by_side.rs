//! Side by side: some work for each of many things, on threads of its own.

use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::Result;

/// Does the work for each thing on so many threads, and hands each result to `take` on this thread, as they come. No
/// work begins after `is_late` or after `take` failed.
pub(crate) fn side_by_side<T: Sync, R: Send>(
    things: &[T],
    workers: usize,
    is_late: impl Fn() -> bool + Sync,
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(&T, R) -> Result<()>,
) -> Result<()> {
    let next = Mutex::new(things.iter());
    thread::scope(|scope| {
        let (sender, receiver) = channel();
        for _ in 0..workers.clamp(1, things.len().max(1)) {
            let (sender, next, work, is_late) = (sender.clone(), &next, &work, &is_late);
            scope.spawn(move || {
                while !is_late() {
                    let thing = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                    // Nobody listens any more where a result could not be taken.
                    if thing.is_none_or(|thing| sender.send((thing, work(thing))).is_err()) {
                        return;
                    }
                }
            });
        }
        drop(sender);
        receiver.into_iter().try_for_each(|(thing, result)| take(thing, result))
    })
}
