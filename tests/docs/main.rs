//! The README and docs: tables are current, claims hold, links lead somewhere, and sentences are short.

mod blocks;
mod claims;
mod files;
mod gpus;
mod links;
mod markdown;
mod operations;
mod peers;
mod prose;
mod python;
mod spine;
mod tables;
mod unsafe_code;
