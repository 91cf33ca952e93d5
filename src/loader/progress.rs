//! Progress: the finished part of an epoch, for a progress bar or a log.

use std::sync::Arc;

/// The finished part of an epoch. A [`Loader`](super::Loader) reports it to
/// [`LoaderBuilder::on_progress`](super::LoaderBuilder::on_progress).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The epoch.
    pub epoch: u64,
    /// Batches that are done. They include those before the position from which the epoch was resumed.
    pub batches_done: usize,
    /// Batches of the whole epoch on this rank.
    pub batches: usize,
}

/// The callback for progress.
pub(super) type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;
