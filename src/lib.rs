#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

// The tests inside share helpers with those outside, which know this crate by its name.
#[cfg(test)]
extern crate self as autoaugment;

mod arithmetic;
mod augmenter;
mod batch;
#[cfg(feature = "burn")]
pub mod burn;
mod call;
mod convention;
mod cpu;
mod error;
mod executor;
#[cfg(feature = "gpu")]
pub mod gpu;
mod image;
mod images;
mod json;
#[cfg(feature = "loader")]
pub mod loader;
pub mod mixing;
pub mod ops;
mod output;
mod plan;
pub mod policy;
mod ragged;
mod report;
mod sample;
pub mod targets;
pub mod transform;
mod wide;

pub use augmenter::{Augmented, Augmenter, Builder};
pub use batch::{Batch, Layout, Shape, Size};
pub use convention::Convention;
#[doc(hidden)]
pub use cpu::reference;
pub use error::{Error, Result};
pub use executor::{Device, Executor};
#[cfg(feature = "gpu")]
pub use gpu::{Gpu, GpuBatch, GpuImages, GpuRaggedBatch};
pub use images::{Images, Sizes};
pub use ops::{Border, Interpolation, Op, OpKind};
pub use output::{Dtype, Normalize, Output, Tensor, TensorData};
pub use plan::{Plan, PlannedImage};
pub use policy::{Policy, Step, SubPolicy};
pub use ragged::{Place, RaggedBatch};
pub use report::Report;
pub use sample::Sampler;
pub use transform::{Scheme, Stage, Transform};
