//! The loader: every format of data set, what an epoch consists of, and what happens when something breaks.

#![cfg(feature = "loader")]

mod cases;
mod cifar;
mod decoding;
#[cfg(feature = "gpu")]
mod device;
mod hostile;
mod idx;
mod image_folder;
mod images;
mod misbehavior;
mod mixing;
mod open;
mod options;
#[cfg(feature = "parquet")]
mod parquet;
mod pillow_files;
mod recycled;
mod regions;
#[path = "../support/mod.rs"]
mod support;
mod tar_shards;
mod ten_thousand;
