//! Programs: those beside the library, run as a user runs them.

mod peers;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "burn")]
mod train;
