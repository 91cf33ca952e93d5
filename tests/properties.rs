//! Properties: what holds for any text, any bytes, any shape and any chain of operations.

mod arbitrary;

#[path = "properties/executors.rs"]
mod executors;
#[path = "properties/parsers.rs"]
mod parsers;
