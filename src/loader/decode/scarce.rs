//! Scarce: memory for decoders of other crates. Where an allocation of theirs fails, it ends the process.

use std::sync::{Mutex, PoisonError};

use super::allocate;
use crate::error::Result;

/// Decoders that need as many bytes run one at a time, so that none takes what another one was promised.
const LARGE: usize = 64 << 20;

/// Decodes if `bytes` bytes can be had, which are asked for first and given back.
pub(super) fn with_memory<T>(bytes: usize, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A decoder that panicked has left nothing here.
    let _alone = (bytes >= LARGE).then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
    allocate(bytes).map(drop)?;
    decode()
}
