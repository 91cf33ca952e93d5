//! Properties: what holds for any text, any bytes, any shape and any chain of operations.

mod executors;
mod parsers;
