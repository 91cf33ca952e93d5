//! Error: what can go wrong in a search.

use std::io;
use std::path::PathBuf;

/// What can go wrong in a search. A message names the thing, the rule and the value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A journal that cannot be used.
    #[error("journal {}: {reason}", path.display())]
    Journal {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },

    /// A journal that cannot be written to, such as on a full disk.
    #[error("journal {}: {error}", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },

    /// An outcome that fits no job, or has numbers that are none.
    #[error("outcome: {0}")]
    Outcome(String),

    /// Images that cannot be used.
    #[error("data: {0}")]
    Data(String),

    /// A child that cannot be trained.
    #[error("child: {0}")]
    Child(String),

    /// A policy that cannot be made or applied.
    #[error(transparent)]
    Policy(#[from] autoaugment::Error),
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;
