//! Data augmentation for whole batches of images, on any GPU or on the CPU. Each pixel is the byte that Pillow
//! computes.
//!
//! The crate draws an augmentation for each image of a batch and applies all of them in a few compute dispatches. It
//! has the learned policies of AutoAugment and Fast AutoAugment, RandAugment, TrivialAugment, UniformAugment, AugMix,
//! timm's versions of them, crops, resizes, flips, erasing, MixUp and CutMix. The GPU path runs on
//! [wgpu](https://wgpu.rs): Vulkan, Metal and Direct3D 12.
//!
//! # From images to a tensor
//!
//! An [`Augmenter`] takes a batch, draws, applies the draws, and returns the plan with the result.
//!
//! ```
//! use autoaugment::{Augmenter, Batch, Device, Layout, Normalize, Output, Policy, Shape};
//!
//! let augmenter = Augmenter::builder(Policy::imagenet())
//!     .seed(42)
//!     .output(Output::f32(Layout::Nchw, Normalize::IMAGENET))
//!     .device(Device::Cpu) // leave it out to use a GPU if there is one
//!     .build()?;
//! let shape = Shape { images: 2, height: 64, width: 64, channels: 3 };
//! let batch = Batch::new(vec![128; shape.values()], shape, Layout::Nhwc)?;
//! let (epoch, indices) = (0, [7, 8]); // the indices of the samples in the data set
//! let augmented = augmenter.augment(&batch, epoch, &indices)?;
//! assert_eq!(augmented.tensor.data.as_f32().map(<[f32]>::len), Some(shape.values()));
//! println!("{}", augmented.plan); // what was applied to each image
//! # Ok::<(), autoaugment::Error>(())
//! ```
//!
//! # One operation, no random numbers
//!
//! An [`Executor`] applies a [`Plan`] that you write yourself.
//!
//! ```
//! use autoaugment::{Batch, Device, Executor, Layout, Op, Output, Plan, Shape};
//!
//! let shape = Shape { images: 1, height: 32, width: 32, channels: 3 };
//! let batch = Batch::new(vec![128; shape.values()], shape, Layout::Nhwc)?;
//! let rotate: Op = "Rotate(degrees=30, interpolation=bilinear)".parse()?;
//! let plan = Plan::uniform(1, vec![rotate]);
//! let (tensor, _) = Executor::new(Device::Cpu)?.apply(&batch, &plan, &Output::u8())?;
//! assert_eq!(tensor.shape, shape);
//! # Ok::<(), autoaugment::Error>(())
//! ```
//!
//! # Images and results where they are
//!
//! Images of different sizes may lie anywhere in memory, as [`ImageView`]s. [`Augmenter::augment_to`] writes the result
//! into your own slice. Neither side is copied first.
//!
//! # From files to batches
//!
//! With the feature `loader`, a `Loader` reads a data set, decodes it in parallel and yields augmented batches. The
//! module `loader` has examples. With the feature `burn`, batches are tensors of [burn](https://burn.dev); see the
//! module `burn`.
//!
//! # On the GPU
//!
//! A batch that is on the GPU can stay there, and the result can go to a buffer of your own.
//!
#![cfg_attr(feature = "gpu", doc = "```")]
#![cfg_attr(not(feature = "gpu"), doc = "```ignore")]
//! use autoaugment::{Augmenter, Batch, Gpu, Layout, Policy, Shape};
//!
//! # fn main() -> autoaugment::Result<()> {
//! # let Ok(gpu) = Gpu::new() else { return Ok(()) };
//! let augmenter = Augmenter::builder(Policy::cifar10()).gpu(gpu).build()?;
//! # let Some(gpu) = augmenter.gpu() else { return Ok(()) };
//! let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
//! let batch = gpu.upload(&Batch::new(vec![128; shape.values()], shape, Layout::Nhwc)?)?;
//! let augmented = augmenter.augment_resident(&batch, 0, &[0, 1])?;
//! assert_eq!(augmented.tensor.shape(), shape); // its buffer is for the next kernel on the same device
//! # Ok(())
//! # }
//! ```
//!
//! # How a batch passes through the crate
//!
//! | step | what happens | where |
//! |--|--|--|
//! | configure | a transform or a scheme; seed, output, device | [`AugmenterConfig`], [`Transform`], [`Scheme`] |
//! | draw | seed, epoch and sample index decide each image's operations | [`Sampler`] |
//! | record | a plan lists each image's operations with all parameters; it can be saved and applied again | [`Plan`] |
//! | apply | the plan becomes pixels, on the CPU or on a GPU | [`Executor`] |
//! | write | bytes or normalized floats, in either layout | [`Output`], [`Tensor`] |
//!
//! # Modules
//!
//! | module | what it has |
//! |--|--|
//! | [`ops`] | the operations, one type each |
//! | [`policy`] | learned policies, and policies that you write or import |
//! | [`schemes`] | RandAugment, TrivialAugment, AugMix and other ways to draw operations |
//! | [`transform`] | crops, resizes, flips, erasing |
//! | [`mixing`] | MixUp and CutMix of a whole batch, with soft labels |
//! | [`targets`] | masks, boxes and keypoints that follow their image |
//! | `gpu` | devices, batches in device memory, and how plans become dispatches |
//! | `cuda` | NVIDIA's GPUs without Vulkan |
//! | `loader` | data sets, decoding, batches |
//! | `burn` | batches as burn tensors |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |--|--|--|
//! | `gpu` | yes | the GPU path, through wgpu |
//! | `image` | no | views of the `image` crate's `RgbImage` and `GrayImage` |
//! | `loader` | no | data sets, image decoding, the `Loader`; includes `image` |
//! | `cuda` | no | NVIDIA's GPUs through CUDA; includes `gpu`; experimental: not yet run on hardware |
//! | `parquet` | no | data sets in parquet files; includes `loader` |
//! | `burn` | no | burn tensors and one shared device; includes `gpu` and `loader` |
//!
//! # Errors
//!
//! All calls return [`Error`], which names the thing, the rule and the value. [`Error::kind`] says what a caller can
//! do. Library code does not panic.

#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]
#![cfg_attr(docsrs, feature(doc_cfg))]
// In a browser nothing may block, so that what only the blocking calls need has no use there.
#![cfg_attr(target_arch = "wasm32", allow(dead_code, unused_imports))]

// The tests inside share helpers with those outside, which know this crate by its name.
#[cfg(test)]
extern crate self as autoaugment;

mod arithmetic;
mod augmenter;
mod batch;
#[cfg(feature = "burn")]
pub mod burn;
mod call_syntax;
mod convention;
mod cpu;
#[cfg(all(feature = "cuda", target_arch = "wasm32"))]
compile_error!("the feature `cuda` needs NVIDIA's driver, which a browser does not have: leave it out for wasm32");
#[cfg(feature = "cuda")]
pub mod cuda;
mod draw;
mod error;
mod executor;
#[cfg(feature = "gpu")]
pub mod gpu;
mod interpolation;
mod json;
#[cfg(feature = "loader")]
pub mod loader;
mod magnitude;
pub mod mixing;
pub mod ops;
mod output;
mod plan;
pub mod policy;
mod random;
mod report;
pub mod rgbx;
mod sample_index;
mod sampler;
pub mod schemes;
mod simd;
pub mod targets;
mod text;
mod threads;
pub mod transform;
mod zeros;

pub use half;
#[cfg(feature = "image")]
pub use image;
#[cfg(feature = "gpu")]
pub use wgpu;

pub use augmenter::{Augmented, Augmenter, AugmenterBuilder, AugmenterConfig};
pub use batch::{Batch, ImageView, Images, Layout, Place, RaggedBatch, Shape, Size, Sizes};
pub use convention::Convention;
#[doc(hidden)]
pub use cpu::reference;
#[cfg(feature = "cuda")]
pub use cuda::Cuda;
pub use error::{Error, ErrorKind, Result};
pub use executor::{Device, Executor};
#[cfg(feature = "gpu")]
pub use gpu::{Gpu, GpuBatch, GpuImages, GpuRaggedBatch};
pub use interpolation::Interpolation;
pub use ops::{Border, Op, OpKind};
pub use output::{Dtype, Normalize, Output, Tensor, TensorData, TensorMut};
pub use plan::{CheckedPlan, Plan, PlannedImage};
pub use policy::{Policy, Step, SubPolicy};
pub use report::Report;
pub use sample_index::sample_index;
pub use sampler::Sampler;
pub use schemes::Scheme;
pub use threads::Threads;
pub use transform::{Stage, Transform};

/// The Rust blocks of the README and of every page of `docs` run as tests.
#[cfg(all(doctest, feature = "gpu", feature = "loader"))]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/guide.md")]
    struct Guide;
    #[doc = include_str!("../docs/conventions.md")]
    struct Conventions;
    #[doc = include_str!("../docs/benchmarks.md")]
    struct Benchmarks;
    #[doc = include_str!("../docs/architecture.md")]
    struct Architecture;
}
