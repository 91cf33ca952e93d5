//! Stop: what a signal leaves behind, which is whole files only.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The files under construction. Whoever makes, names or removes one holds the lock meanwhile.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

pub fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on SIGINT, SIGTERM, SIGHUP and SIGABRT remove the files under construction and end the program with exit
/// code 1. A file that grows beyond the user's limit is an error of its writer.
#[cfg(unix)]
pub fn watch() -> std::io::Result<()> {
    use std::time::Duration;

    use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;

    signal_hook::flag::register(SIGXFSZ, Default::default())?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGABRT])?;
    if !ignores_hangup() {
        signals.handle().add_signal(SIGHUP)?;
    }
    let end = move || {
        let Some(signal) = signals.forever().next() else { return };
        let words = match signal {
            SIGINT => "stopped by SIGINT",
            SIGTERM => "stopped by SIGTERM",
            SIGHUP => "stopped by SIGHUP, as its terminal was closed",
            _ => "the run broke off, most likely for lack of memory",
        };
        end(words);
    };
    std::thread::Builder::new().name("signals".to_string()).spawn(end)?;
    // The library's memory, or a C library's, ran out. The thread above has to come to its turn before this one dies.
    // SAFETY: the action only sleeps, which a signal handler may.
    unsafe { signal_hook::low_level::register(SIGABRT, || std::thread::sleep(Duration::from_secs(5)))? };
    Ok(())
}

/// Whether SIGHUP is ignored, as `nohup` arranges it. Where the system does not say so, it counts as ignored.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The first bit is the first signal's.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 != 0)
}

/// Elsewhere the system ends the program.
#[cfg(not(unix))]
pub fn watch() -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn end(words: &str) -> ! {
    use std::io::Write;

    // A thread that ran out of memory may hold the lock for ever.
    let unfinished = (0..100).find_map(|_| {
        let lock = UNFINISHED.try_lock();
        if lock.is_err() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        lock.ok()
    });
    for path in unfinished.iter().flat_map(|paths| paths.iter()) {
        let _ = std::fs::remove_file(path);
    }
    autoaugment_search::end_commands();
    let _ = writeln!(std::io::stderr(), "error: {words}; files that are there are whole");
    signal_hook::low_level::exit(1)
}
