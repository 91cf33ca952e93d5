//! Properties: what holds for any text, any bytes, any shape and any chain of operations.

mod arbitrary;

#[cfg(feature = "cli")]
#[path = "properties/damaged_files.rs"]
mod damaged_files;
#[path = "properties/executors.rs"]
mod executors;
#[path = "properties/parsers.rs"]
mod parsers;
