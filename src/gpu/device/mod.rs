//! Device: the objects of a wgpu device: buffers, mapped memory, pipelines, bind groups and tables.

pub(crate) mod adapter;
pub(crate) mod buffers;
pub(crate) mod context;
pub(crate) mod counters;
pub(crate) mod device_tables;
pub(crate) mod errors;
pub(crate) mod mapped;
pub(crate) mod pipelines;
pub(crate) mod readback;
pub(crate) mod staging;
pub(crate) mod waiting;
pub(crate) mod workspace;
