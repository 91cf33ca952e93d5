//! Repository: the order of the source's modules, and the programs beside the library, run as a user runs them.

mod layers;
mod peers;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "burn")]
mod train;
