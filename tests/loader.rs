//! The loader: every format of data set, what an epoch consists of, and what happens when something breaks.

#![cfg(feature = "loader")]

#[path = "loader/cifar.rs"]
mod cifar;
#[path = "loader/decoding.rs"]
mod decoding;
#[cfg(feature = "gpu")]
#[path = "loader/device.rs"]
mod device;
#[cfg(feature = "gpu")]
mod gpu_support;
#[path = "loader/idx.rs"]
mod idx;
#[path = "loader/image_folder.rs"]
mod image_folder;
#[path = "loader/images.rs"]
mod images;
#[path = "loader/misbehavior.rs"]
mod misbehavior;
#[path = "loader/mixing.rs"]
mod mixing;
#[path = "loader/options.rs"]
mod options;
#[path = "loader/tar_shards.rs"]
mod tar_shards;
#[path = "loader/ten_thousand.rs"]
mod ten_thousand;
