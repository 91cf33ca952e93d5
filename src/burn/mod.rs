//! burn: augmented batches as tensors of [burn](https://burn.dev) 0.22, on a wgpu device that both use.
//!
//! On a wgpu device, there is no copy and no readback. burn allocates an empty tensor, and the augmenting dispatch
//! writes the normalized values into its memory. On burn's CPU backend `flex`, the CPU executor's values become the
//! tensor's values.
//!
//! | what | with what |
//! |--|--|
//! | one wgpu device for both | [`open`], or [`share`] with a device of the caller's, or [`join`] with one that burn has already |
//! | a batch on the device to a tensor | [`Augmenter::augment_resident_tensor`](crate::Augmenter::augment_resident_tensor) |
//! | a batch in host memory to a tensor | [`Augmenter::augment_tensor`](crate::Augmenter::augment_tensor) |
//! | files to tensors | [`loader::Epoch::next_batch`](crate::loader::Epoch::next_batch) |
//! | augmented bytes on the device, mixed, to a tensor | [`Gpu::mix_tensor`](crate::Gpu::mix_tensor) |
//! | burn's `DataLoaderBuilder` | [`AugmentBatcher`] |
//! | a tensor's memory, for kernels of one's own | [`TensorMemory`] |
//!
//! ```no_run
//! use autoaugment::{Augmenter, Batch, Layout, Normalize, Output, Policy, Shape};
//!
//! let (device, gpu) = autoaugment::burn::open()?; // before burn has made any tensor
//! let augmenter = Augmenter::builder(Policy::cifar10())
//!     .gpu(gpu)
//!     .output(Output::f32(Layout::Nchw, Normalize::IMAGENET))
//!     .build()?;
//! let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
//! let batch = Batch::new(vec![128; shape.values()], shape, Layout::Nhwc)?;
//! let augmented = augmenter.augment_tensor(&batch, 0, &[0, 1], &device)?;
//! assert_eq!(augmented.tensor.dims(), [2, 3, 32, 32]);
//! # Ok::<(), autoaugment::Error>(())
//! ```
//!
//! # What can be handed over
//!
//! `f32` works everywhere, and `f16` on devices that support it. `Layout::Nchw` gives a tensor N x C x H x W, the form
//! of burn's convolutions. `Layout::Nhwc` gives N x H x W x C. Bytes are refused, because burn's kernels for wgpu have
//! no bytes. A tensor is at most as large as one storage binding of the device.
//!
//! # Order
//!
//! burn queues operations and submits them later, on the shared queue. This crate asks for a tensor's place anew for
//! every batch, which also submits burn's queued work on that memory. Our work is submitted right after that, before
//! burn can use the tensor again. burn's later work on it is submitted later.
//!
//! # Panics
//!
//! This crate returns errors. burn's own calls can panic, for example after its device is lost.

mod augment;
mod batcher;
mod device;
mod load;
mod memory;
mod mix;

pub use batcher::{AugmentBatcher, EpochNumber, ImageBatch, ImageItem};
pub use device::{device_descriptor, join, open, open_with, share};
pub use memory::TensorMemory;
