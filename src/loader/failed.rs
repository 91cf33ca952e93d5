//! OnError: a loader's reaction to samples that cannot be read or decoded.

use crate::error::Error;
use crate::text::{serde_as_text, text_is_name};

/// A loader's reaction to a sample that cannot be read or decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnError {
    /// The epoch ends with an error that names the sample. This is the default: no sample is left out without your
    /// consent.
    #[default]
    Stop,
    /// The batch is shorter by this sample. No other sample moves up, so the other batches do not change and ranks stay
    /// in step. The sample is counted in [`Epoch::failed`](super::Epoch::failed), and a warning goes to `tracing`. A
    /// batch without other samples is skipped and counted too.
    Skip,
}

impl OnError {
    /// Both.
    pub const ALL: [OnError; 2] = [OnError::Stop, OnError::Skip];

    /// The name: `stop` or `skip`.
    pub const fn name(self) -> &'static str {
        match self {
            OnError::Stop => "stop",
            OnError::Skip => "skip",
        }
    }
}

text_is_name!("reaction to an error": OnError);
serde_as_text!(OnError);

/// A skipped sample.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedSample {
    /// Its sample index.
    pub index: u64,
    /// Its name, usually its file.
    pub name: String,
    /// The reason.
    pub reason: String,
}

/// The samples that an epoch has skipped so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedSamples {
    /// The number of samples.
    pub samples: u64,
    /// The number of batches that were skipped because all their samples failed.
    pub batches: u64,
    /// The first 1,000 of these samples, in the order of their batches.
    pub named: Vec<FailedSample>,
}

const MOST_NAMED: usize = 1000;

impl FailedSample {
    pub(super) fn into_error(self) -> Error {
        Error::Sample { index: self.index, name: self.name, reason: self.reason }
    }
}

impl FailedSamples {
    /// Counts and logs the failed samples of a batch.
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
