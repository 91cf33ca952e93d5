//! Loader: makes augmented batches for a training loop from files, ahead of the training.
//!
//! A [`Dataset`] gives samples by index: [`ImageFolder`], [`TarShards`], [`Idx`], [`Cifar`], [`InMemory`], a [`Subset`]
//! of one, or your own type. The feature `parquet` adds `ParquetShards`. [`open`] opens any kind by its paths. A
//! [`Loader`] reads a data set epoch by epoch. Its threads read and decode the next batches while you train on the
//! current one. On the CPU, the threads augment too. For a GPU, they decode into mapped memory, which is copied to the
//! device. The batch is augmented there when you fetch it.
//!
//! For MixUp and CutMix, a loader takes a [`Mixer`](crate::mixing::Mixer). Batches are then mixed and have soft labels:
//!
//! ```
//! # use std::sync::Arc;
//! # use autoaugment::loader::{InMemory, Loader};
//! # use autoaugment::{Augmenter, Device, Layout, Normalize, Output, Policy, RaggedBatch, Size};
//! use autoaugment::mixing::{CutMix, MixUp, Mixer, Mixing};
//! # let images = RaggedBatch::packed(vec![128; 20 * 32 * 32 * 3], &[Size { width: 32, height: 32 }; 20], 3)?;
//! # let dataset = InMemory::new(images, (0..20).map(|i| i % 10).collect())?;
//! # let output = Output::f32(Layout::Nchw, Normalize::CIFAR10);
//! # let augmenter = Arc::new(Augmenter::builder(Policy::cifar10()).device(Device::Cpu).output(output).build()?);
//! let methods = [Mixing::from(MixUp { alpha: 0.2, ..MixUp::default() }), CutMix::default().into()];
//! let loader = Loader::builder(dataset, augmenter).batch_size(16).mixing(Mixer::new(methods, 10)?).build()?;
//! for batch in loader.epoch(0) {
//!     let batch = batch?; // `images` are mixed, `labels` are what the images were before
//!     let Some(mixed) = batch.mixed else { continue };
//!     println!("{}", mixed.plan); // partners, lambdas, rectangles
//!     assert_eq!(mixed.labels.len(), batch.labels.len() * 10); // N x 10, for the loss
//! }
//! # Ok::<(), autoaugment::Error>(())
//! ```
//!
//! A batch depends only on the seed, the epoch, its number and the rank. It does not depend on the number of threads,
//! the prefetch or the device. So a stopped training run continues from an [`Epoch::position`] with the same bytes.
//!
//! ```
//! use std::sync::Arc;
//! use autoaugment::loader::{InMemory, Loader};
//! use autoaugment::{Augmenter, Device, Policy, RaggedBatch, Size};
//!
//! let images = RaggedBatch::packed(vec![128; 100 * 32 * 32 * 3], &[Size { width: 32, height: 32 }; 100], 3)?;
//! let dataset = InMemory::new(images, (0..100).map(|i| i % 10).collect())?;
//! let augmenter = Augmenter::builder(Policy::cifar10()).device(Device::Cpu).build()?;
//! let loader = Loader::builder(dataset, Arc::new(augmenter)).batch_size(32).shuffle(true).seed(7).build()?;
//! for epoch in 0..2 {
//!     for batch in loader.epoch(epoch) {
//!         let batch = batch?;
//!         assert_eq!(batch.labels.len(), batch.plan.images().len());
//!     }
//! }
//! # Ok::<(), autoaugment::Error>(())
//! ```

mod augment;
mod brace_expansion;
mod builder;
mod caught;
mod cifar;
mod color_mode;
mod contents;
mod dataset;
pub mod decode;
mod epoch;
mod failed;
mod idx;
mod image_folder;
mod in_memory;
mod mask;
mod mask_mover;
mod open;
mod order;
#[cfg(feature = "parquet")]
mod parquet;
mod placed;
mod produce;
mod progress;
mod read_at;
mod recent;
mod recycled;
mod region;
mod regular_file;
mod scaled;
mod subset;
mod tar_shards;

#[cfg(feature = "burn")]
pub(crate) use augment::{Drawn, Samples, Work};
pub use brace_expansion::expand_braces;
pub use builder::{Loader, LoaderBuilder};
pub use cifar::{Cifar, Cifar100Label};
pub use color_mode::ColorMode;
pub use dataset::{Dataset, Locality, Sample};
#[cfg(feature = "burn")]
pub(crate) use epoch::Ready;
pub use epoch::{Epoch, LoadedBatch, LoadedImages, Position};
pub use failed::{FailedSample, FailedSamples, OnError};
pub use idx::Idx;
pub use image_folder::{ImageFolder, ImageFolderBuilder, LeftOut};
pub use in_memory::InMemory;
pub use open::open;
#[cfg(feature = "parquet")]
pub use parquet::{ParquetShards, ParquetShardsBuilder};
pub use progress::Progress;
pub use region::Region;
pub use subset::Subset;
pub use tar_shards::{Labels, TarShards, TarShardsBuilder};
