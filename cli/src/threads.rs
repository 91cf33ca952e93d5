//! Threads: those that commands share.

use std::env;

use anyhow::bail;
use rayon::ThreadPoolBuilder;

use crate::outcome::RunFailed;

/// What sets their number. Without it, or at 0, there is one for each processor.
const VARIABLE: &str = "RAYON_NUM_THREADS";
const MOST: usize = 4096;

/// Starts the threads. The first use of them would panic if there were none to be had.
pub fn start() -> anyhow::Result<()> {
    let threads = match env::var_os(VARIABLE) {
        Some(given) if !given.is_empty() => match given.to_str().map(str::parse) {
            Some(Ok(threads @ 0..=MOST)) => threads,
            _ => bail!("{VARIABLE}={}: must be a number of 0..={MOST}", given.display()),
        },
        _ => 0,
    };
    let started = ThreadPoolBuilder::new().num_threads(threads).build_global();
    started.map_err(|error| RunFailed(format!("threads cannot be started: {error}; set {VARIABLE} to fewer")).into())
}
