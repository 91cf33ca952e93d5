//! Compile: turns plans into dispatches, as data. This code never names wgpu. So another implementation of WebGPU can
//! run the same dispatches, as the browser's does in the tests.

pub(crate) mod chunks;
pub(crate) mod commands;
pub(crate) mod grouping;
pub(crate) mod host;
pub(crate) mod mixing;
mod planner;
pub(crate) mod program;
pub(crate) mod schedule;
pub(crate) mod seen;
pub(crate) mod served;
pub(crate) mod shader;
pub(crate) mod tables;
pub(crate) mod upload;
pub(crate) mod view;
mod warp_params;
mod write_programs;
pub(crate) mod written;

pub use planner::Planner;

/// Bytes of workgroup memory that every device has: WebGPU's default.
pub(crate) const WORKGROUP_MEMORY: usize = 16384;

/// Images and programs begin at multiples of this many bytes, because WebGPU maps ranges from such bytes on.
pub(crate) const ALIGNMENT: usize = 8;
