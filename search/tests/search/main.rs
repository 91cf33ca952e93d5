//! Searches with rewards that cost nothing: what strategies learn, and what a journal keeps.

mod children;
mod cluster;
mod commands;
mod journal;
mod learning;
mod running;
mod synthetic;
