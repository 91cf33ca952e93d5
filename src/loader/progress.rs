//! Progress: how far an epoch is, for whoever shows it.

use std::sync::Arc;

/// How far an epoch is. A [`Loader`](super::Loader) reports it to
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

/// Where progress is reported.
pub(super) type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;
