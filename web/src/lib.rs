//! The page to play with policies: what it asks for becomes plans and pixels here, and `page` shows them.
//!
//! The page sends a [`Request`](request::Request) as JSON. A [`Sheet`](sheet::Sheet) has its plans and captions, and
//! runs them on an executor of the library. Only `browser` knows JavaScript; all else runs and is tested everywhere.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

#[cfg(target_arch = "wasm32")]
mod browser;
pub mod columns;
pub mod copies;
pub mod difference;
pub mod failure;
pub mod listing;
pub mod request;
pub mod sheet;
