//! Searches with rewards that cost nothing: what strategies learn, and what a journal keeps.

mod bars;
mod children;
mod cluster;
mod commands;
mod comparison;
mod diagnosis;
mod journal;
#[cfg(feature = "burn")]
mod large;
mod learning;
mod running;
mod synthetic;
