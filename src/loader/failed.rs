//! OnError: what a loader does with samples that cannot be read or decoded.

use crate::error::Error;

/// What a loader does with a sample that cannot be read or decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnError {
    /// The epoch ends with an error that names the sample. The default: nothing is left out that nobody agreed to.
    #[default]
    Stop,
    /// The batch is shorter by it; nothing moves up, so that the other batches stay what they are and ranks stay in step. It
    /// is counted in [`Epoch::failed`](super::Epoch::failed) and a warning goes to `tracing`. A batch that has no other
    /// samples is skipped, and counted too.
    Skip,
}

/// A sample that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedSample {
    /// Its number in the data set.
    pub index: u64,
    /// Its name: mostly the file.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What an epoch left out so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedSamples {
    /// How many samples.
    pub samples: u64,
    /// How many batches were skipped because all their samples are broken.
    pub batches: u64,
    /// The samples in the order of their batches: the first 1,000 of them.
    pub named: Vec<FailedSample>,
}

const MOST_NAMED: usize = 1000;

impl FailedSample {
    pub(super) fn into_error(self) -> Error {
        Error::Sample { index: self.index, name: self.name, reason: self.reason }
    }
}

impl FailedSamples {
    /// Counts the broken samples of a batch, and says so.
    pub(super) fn add(&mut self, failed: Vec<FailedSample>) {
        for sample in failed {
            tracing::warn!("sample {} was left out: {}: {}", sample.index, sample.name, sample.reason);
            self.samples += 1;
            if self.named.len() < MOST_NAMED {
                self.named.push(sample);
            }
        }
    }
}
