//! API: policies, plans and other values of this crate: their formats, what is refused, what is drawn, what is listed.

mod bad_input;
mod formats;
mod listing;
mod properties;
mod sampling;
#[path = "../support/mod.rs"]
mod support;
