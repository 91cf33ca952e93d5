//! Threads: those that commands share.

use std::env;

use anyhow::bail;
use autoaugment::Threads;

/// What sets their number. Without it, or at 0, there is one for each processor.
const VARIABLE: &str = "RAYON_NUM_THREADS";
const MOST: usize = 4096;

/// Starts the threads. The first use of them would fail later if there were none to be had.
pub fn start() -> anyhow::Result<()> {
    if let Some(given) = env::var_os(VARIABLE).filter(|given| !given.is_empty())
        && !matches!(given.to_str().map(str::parse), Some(Ok(0..=MOST)))
    {
        bail!("{VARIABLE}={}: must be a number of 0..={MOST}", given.display());
    }
    Ok(Threads::Shared.run(|| ())?)
}
