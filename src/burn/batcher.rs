//! Batcher: augmented batches for burn's data loaders.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::burn::data::dataloader::batcher::Batcher;
use ::burn::tensor::{Device, Int, Tensor};

use super::augment::bytes_refused;
use super::mix::soft_labels_on;
use crate::augmenter::Augmenter;
use crate::batch::{RaggedBatch, Size};
use crate::error::{Error, Result};
use crate::loader::{Drawn, Samples, Work};
use crate::mixing::{Mixed, Mixer, class_refused};
use crate::output::Dtype;
use crate::plan::Plan;
use crate::report::Report;

/// One decoded image of a data set with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageItem {
    /// H x W x C bytes. Clones share them.
    pub pixels: Arc<[u8]>,
    /// Width and height.
    pub size: Size,
    /// 1 (gray) or 3 (RGB), the same for all images of a batch.
    pub channels: usize,
    /// The class.
    pub label: i32,
    /// The sample index. It decides the image's draws, in every shuffled order.
    pub index: u64,
}

/// Augmented images with their labels.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImageBatch {
    /// N x C x H x W, or N x H x W x C if that is the output's layout. Mixed if the loader or the batcher mixes.
    pub images: Tensor<4>,
    /// N labels: each image's own class, mixed or not.
    pub labels: Tensor<1, Int>,
    /// The mixing plan and the soft labels, N x classes in `f32`, for a loss like burn's `cross_entropy_with_logits`.
    /// `None` unless the loader or the batcher mixes.
    pub mixed: Option<Mixed<Tensor<2>>>,
    /// The labels of each pixel, N x H x W, in the image's geometry. `None` unless the loader has
    /// [`LoaderBuilder::masks`](crate::loader::LoaderBuilder::masks).
    pub masks: Option<Tensor<3, Int>>,
    /// The sample index of each image.
    pub indices: Vec<u64>,
    /// The operations of each image.
    pub plan: Plan,
    /// The cost of the run.
    pub report: Report,
}

/// The number of the current pass over the data set, shared by all clones.
///
/// An image's draws depend on seed, epoch and sample index. Data loaders do not tell their batchers the epoch, so the
/// training loop has to. Call [`EpochNumber::set`] before `DataLoader::iter`. By then, drop the iterator of the earlier
/// pass, because its threads could still make batches. Without the call, every pass draws the same.
#[derive(Clone, Debug, Default)]
pub struct EpochNumber(Arc<AtomicU64>);

impl EpochNumber {
    /// Sets the epoch of the batches that are made from now on.
    pub fn set(&self, epoch: u64) {
        self.0.store(epoch, Ordering::Release);
    }

    /// The current epoch, 0 at first.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Makes augmented batches in burn's `DataLoaderBuilder`.
///
/// With an augmenter on the same wgpu device, each batch is uploaded once, as bytes, and augmented into its tensor.
/// With an augmenter on the CPU, it is augmented there, for every device. Batches are `Result`s, because a batcher has
/// no other way to report an error.
///
/// ```
/// use std::sync::Arc;
/// use autoaugment::burn::{AugmentBatcher, ImageBatch, ImageItem};
/// use autoaugment::{Augmenter, Device, Layout, Normalize, Output, Policy, Size};
/// use burn::data::{dataloader::DataLoaderBuilder, dataset::InMemDataset};
///
/// let augmenter = Augmenter::builder(Policy::cifar10())
///     .device(Device::Cpu)
///     .output(Output::f32(Layout::Nchw, Normalize::UNIT))
///     .build()?;
/// let batcher = AugmentBatcher::new(augmenter)?;
/// let epoch = batcher.epoch();
/// let item = |index| ImageItem {
///     pixels: Arc::from(vec![100; 8 * 8 * 3]),
///     size: Size { width: 8, height: 8 },
///     channels: 3,
///     label: 4,
///     index,
/// };
/// let loader = DataLoaderBuilder::<ImageItem, autoaugment::Result<ImageBatch>>::new(batcher)
///     .batch_size(4)
///     .shuffle(1)
///     .num_workers(1)
///     .set_device(burn::tensor::Device::flex())
///     .build(InMemDataset::new((0..10).map(item).collect()));
/// for number in 0..2 {
///     epoch.set(number);
///     for batch in loader.iter() {
///         let batch = batch??;
///         assert_eq!(batch.images.dims()[1..], [3, 8, 8]);
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct AugmentBatcher {
    augmenter: Arc<Augmenter>,
    mixer: Option<Mixer>,
    epoch: EpochNumber,
}

impl AugmentBatcher {
    /// A batcher for this augmenter.
    ///
    /// # Errors
    /// [`Error::Output`] if the augmenter's output is bytes.
    pub fn new(augmenter: impl Into<Arc<Augmenter>>) -> Result<Self> {
        let augmenter = augmenter.into();
        match augmenter.output().dtype() {
            Dtype::U8 => Err(bytes_refused()),
            Dtype::F16 | Dtype::F32 => Ok(AugmentBatcher { augmenter, mixer: None, epoch: EpochNumber::default() }),
        }
    }

    /// Mixes each augmented batch; see [`loader::LoaderBuilder::mixing`](crate::loader::LoaderBuilder::mixing).
    #[must_use]
    pub fn mixing(mut self, mixer: Mixer) -> Self {
        self.mixer = Some(mixer);
        self
    }

    /// The epoch of this batcher and its clones. The training loop sets it.
    pub fn epoch(&self) -> EpochNumber {
        self.epoch.clone()
    }

    /// Makes one batch. Images of different sizes need a transform that gives them one size.
    ///
    /// # Errors
    /// [`Error::Batch`] if there are no items, if their channels differ, or if a label to be mixed is outside the
    /// classes. Those of [`Augmenter::augment_tensor`] and [`Gpu::mix_tensor`](crate::Gpu::mix_tensor).
    pub fn collate(&self, items: &[ImageItem], device: &Device) -> Result<ImageBatch> {
        let first = items.first().ok_or_else(|| Error::Batch("no images".to_string()))?;
        if let Some(other) = items.iter().find(|item| item.channels != first.channels) {
            let [own, others] = [first, other].map(|item| format!("image {} has {}", item.index, item.channels));
            return Err(Error::Batch(format!("{own} channels and {others}")));
        }
        for ImageItem { pixels, size: Size { width, height }, channels, index, .. } in items {
            let expected = width.checked_mul(*height).and_then(|n| n.checked_mul(*channels));
            if expected != Some(pixels.len()) {
                let there = pixels.len();
                return Err(Error::Batch(format!(
                    "image {index}: {there} bytes are not {height} x {width} x {channels}"
                )));
            }
        }
        let classes = self.classes(items)?;
        let sizes: Vec<Size> = items.iter().map(|item| item.size).collect();
        let indices: Vec<u64> = items.iter().map(|item| item.index).collect();
        let labels: Vec<i32> = items.iter().map(|item| item.label).collect();
        let Self { augmenter, mixer, epoch } = self;
        let samples =
            Samples { augmenter, mixer: mixer.as_ref(), epoch: epoch.get(), indices: &indices, labels: &classes };
        let drawn = samples.draw(&sizes)?;
        let pixels = items.iter().map(|item| &item.pixels[..]).collect::<Vec<_>>().concat();
        let batch = RaggedBatch::packed(pixels, &sizes, first.channels)?;
        let (images, report) = Work { augmenter, drawn: &drawn }.tensor(batch, device)?;
        let Drawn { plan, mixed, .. } = drawn;
        let mixed = mixed.map(|mixed| soft_labels_on(mixed, device));
        Ok(ImageBatch { images, labels: labels_on(labels, device), mixed, masks: None, indices, plan, report })
    }

    /// The labels as classes, if they are mixed. Without mixing, their meaning is the caller's.
    fn classes(&self, items: &[ImageItem]) -> Result<Vec<u32>> {
        let Some(mixer) = &self.mixer else { return Ok(Vec::new()) };
        let class = |(i, item): (usize, &ImageItem)| {
            u32::try_from(item.label).map_err(|_| class_refused(i, item.label, mixer.classes()))
        };
        items.iter().enumerate().map(class).collect()
    }
}

/// For items of your own, convert them to an [`ImageItem`].
impl<I: Into<ImageItem>> Batcher<I, Result<ImageBatch>> for AugmentBatcher {
    fn batch(&self, items: Vec<I>, device: &Device) -> Result<ImageBatch> {
        let items: Vec<ImageItem> = items.into_iter().map(Into::into).collect();
        self.collate(&items, device)
    }
}

/// The labels as a tensor.
pub(super) fn labels_on(labels: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let images = labels.len();
    Tensor::from_data(::burn::tensor::TensorData::new(labels, [images]), device)
}

/// Masks of u8 as numbers.
pub(super) fn masks_on(masks: &crate::Tensor, device: &Device) -> Tensor<3, Int> {
    let labels = masks.data.as_u8().unwrap_or_default().iter().map(|&label| i32::from(label)).collect::<Vec<_>>();
    let crate::Shape { images, height, width, .. } = masks.shape;
    Tensor::from_data(::burn::tensor::TensorData::new(labels, [images, height, width]), device)
}
