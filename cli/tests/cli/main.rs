//! The command line, end to end on the CPU: what it writes, what it says, and how it ends.

mod annotations;
mod apply;
mod arrays;
mod bad_input;
mod bench;
#[cfg(all(feature = "cuda", target_os = "linux"))]
mod cuda;
mod damaged_files;
mod folder;
mod other_commands;
mod plans;
mod policies;
mod preview;
mod search;
mod search_engine;
mod search_filter;
mod search_harm;
mod search_ray;
mod search_report;
mod searches;
