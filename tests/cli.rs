//! The command line, end to end on the CPU: what it writes, what it says, and how it ends.

#![cfg(feature = "cli")]

#[path = "cli/apply.rs"]
mod apply;
#[path = "cli/arrays.rs"]
mod arrays;
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/folder.rs"]
mod folder;
#[path = "cli/other_commands.rs"]
mod other_commands;
#[path = "cli/plans.rs"]
mod plans;
