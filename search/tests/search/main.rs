//! Searches with rewards that cost nothing: what strategies learn, and what a journal keeps.

mod journal;
mod learning;
mod synthetic;
