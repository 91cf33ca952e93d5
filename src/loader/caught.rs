//! Caught: panics of other crates on broken files, as errors.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads by a crate that may panic on a broken file. For a data set, that is an error like any other.
pub(super) fn caught<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    caught_as(read, |panic| format!("the reader panicked: {panic}"))
}

/// The same with another error, which is made of the panic's message.
pub(super) fn caught_as<T, E>(read: impl FnOnce() -> Result<T, E>, panicked: impl FnOnce(String) -> E) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| Err(panicked(message(&*panic))))
}

/// The message of a panic.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_string())
}
