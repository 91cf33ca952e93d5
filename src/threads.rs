//! Threads: starts rayon's shared threads, so that a lack of threads is an error and not a panic.

use crate::error::Result;

/// Starts the shared threads, if this thread belongs to no pool. Starting them again costs a look.
///
/// # Errors
/// [`Error::NoThreads`](crate::Error::NoThreads) if the system starts none.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn ready() -> Result<()> {
    use std::error::Error as _;
    use std::sync::OnceLock;

    static REFUSED: OnceLock<Option<String>> = OnceLock::new();
    if rayon::current_thread_index().is_some() {
        return Ok(());
    }
    let start = || {
        // Without a source they were started before, by this program or by the application.
        let error = rayon::ThreadPoolBuilder::new().build_global().err()?;
        error.source().map(ToString::to_string)
    };
    match REFUSED.get_or_init(start) {
        None => Ok(()),
        Some(reason) => Err(crate::error::Error::NoThreads(reason.clone())),
    }
}

/// The same where there are no threads: rayon then uses the one there is.
#[cfg(target_arch = "wasm32")]
pub(crate) fn ready() -> Result<()> {
    Ok(())
}
