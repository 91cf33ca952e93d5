//! Loader: makes epochs from a data set and an augmenter.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::color_mode::ColorMode;
use super::dataset::Dataset;
use super::decode::{DecodeOptions, Orientation};
use super::epoch::{Epoch, Position};
use super::failed::OnError;
use super::mask_mover::MaskMover;
use super::order::{Cut, Order};
use super::produce::Producer;
use super::progress::{OnProgress, Progress};
use super::recycled::Recycled;
use crate::augmenter::Augmenter;
use crate::batch::Size;
use crate::error::{Error, Result};
#[cfg(feature = "gpu")]
use crate::gpu::Staging;
use crate::mixing::Mixer;
use crate::output::Tensor;
use crate::targets::Masks;
use crate::threads;

/// Makes augmented batches of a data set, epoch by epoch; see the [module](super).
pub struct Loader {
    producer: Arc<Producer>,
    pool: Arc<ThreadPool>,
    /// The process that has its threads.
    process: u32,
    options: Options,
    on_progress: Option<OnProgress>,
}

/// The options of a loader.
#[derive(Clone, Copy, Debug)]
struct Options {
    batch_size: usize,
    threads: usize,
    prefetch: usize,
    shuffle: bool,
    seed: u64,
    drop_last: bool,
    rank: usize,
    world_size: usize,
    on_error: OnError,
    color: ColorMode,
    scaled: Option<Size>,
    masks: Option<Masks<u8>>,
    decoding: DecodeOptions,
}

/// Collects the options of a [`Loader`].
#[must_use]
pub struct LoaderBuilder {
    dataset: Box<dyn Dataset>,
    augmenter: Arc<Augmenter>,
    mixer: Option<Mixer>,
    options: Options,
    on_progress: Option<OnProgress>,
}

impl LoaderBuilder {
    /// Samples of a batch; 64 unless set.
    pub fn batch_size(mut self, samples: usize) -> Self {
        self.options.batch_size = samples;
        self
    }

    /// The number of threads that read, decode and, on the CPU, augment. The default is the system's available
    /// parallelism. The threads belong to the loader and end with it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.options.threads = threads;
        self
    }

    /// The number of batches that are made ahead; 4 unless set.
    pub fn prefetch(mut self, batches: usize) -> Self {
        self.options.prefetch = batches;
        self
    }

    /// Whether each epoch has an order of its own; the data set's order unless set. It takes 4 bytes of memory per
    /// sample while the epoch lasts (8 beyond 4,294,967,295 samples). A data set with a
    /// [locality](Dataset::locality) is shuffled by groups of blocks.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.options.shuffle = shuffle;
        self
    }

    /// The seed of the order; 0 unless set. All ranks need the same seed. The augmenter has its own seed for
    /// augmentation.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }

    /// Whether the last samples are left out if they do not fill a batch on each rank; false unless set.
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.options.drop_last = drop_last;
        self
    }

    /// Makes the batches of one of several processes; of a single process unless set.
    ///
    /// Step k of the epoch takes the next `world_size` x batch size samples of the common order. Rank r has the r-th
    /// batch size of them. The remaining samples are divided evenly, and the first ranks have one sample more if there
    /// is a remainder. So the ranks' samples are disjoint and together make the whole epoch. All ranks have the same
    /// number of batches, with one exception. If fewer than `world_size` samples remain, the first ranks have one batch
    /// more, of one sample. [`LoaderBuilder::drop_last`] leaves the remaining samples out.
    pub fn shard(mut self, rank: usize, world_size: usize) -> Self {
        self.options.rank = rank;
        self.options.world_size = world_size;
        self
    }

    /// The reaction to samples that cannot be read or decoded; [`OnError::Stop`] unless set.
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.options.on_error = on_error;
        self
    }

    /// Mixes each augmented batch by MixUp or CutMix. Its soft labels are in
    /// [`LoadedBatch::mixed`](super::LoadedBatch::mixed), beside its labels. Batches are not mixed unless set.
    ///
    /// Draws come from the augmenter's seed, the epoch and the sample indices. The bits are those of augmenting and
    /// [`MixPlan::apply`](crate::mixing::MixPlan::apply) by hand. A batch is mixed within itself:
    ///
    /// * ranks mix their own samples
    /// * the last batch is mixed even if it is short
    /// * skipped samples are not partners
    /// * a single image is its own partner
    ///
    /// A label that is not below the mixer's classes is an [`Error::Batch`] of its batch. It ends the epoch even with
    /// [`OnError::Skip`], because the number of classes is wrong and not the sample.
    pub fn mixing(mut self, mixer: Mixer) -> Self {
        self.mixer = Some(mixer);
        self
    }

    /// The channels of all batches; [`ColorMode::Rgb`] unless set.
    pub fn color(mut self, color: ColorMode) -> Self {
        self.options.color = color;
        self
    }

    /// Decodes JPEGs at the smallest scale (1/8, 1/4, 1/2, 1) with both sides at least `least`, which is faster. The
    /// bytes differ from those of decoding in full and resizing, and operations see the smaller image. Off unless set.
    pub fn scaled_decoding(mut self, least: Size) -> Self {
        self.options.scaled = Some(least);
        self
    }

    /// Delivers the masks of the samples with each batch, in [`LoadedBatch::masks`](super::LoadedBatch::masks). They
    /// follow the crops, flips and other geometry of their images, by the nearest pixel. Off unless set.
    ///
    /// A sample without a mask is broken then. Masks are moved on the CPU, for a GPU too, with the same bytes. They can
    /// go neither with [`LoaderBuilder::mixing`] nor with [`LoaderBuilder::scaled_decoding`], and not with
    /// [`Orientation::Apply`].
    pub fn masks(mut self, masks: Masks<u8>) -> Self {
        self.options.masks = Some(masks);
        self
    }

    /// How files are decoded: what is done with truncated files, and with the EXIF orientation. As Pillow's
    /// `Image.open` unless set.
    pub fn decoding(mut self, options: DecodeOptions) -> Self {
        self.options.decoding = options;
        self
    }

    /// Calls this with the progress of each epoch, at its beginning and after each of its batches. The thread that
    /// fetches the batch makes the call, so it should return soon.
    ///
    /// ```
    /// # use autoaugment::loader::LoaderBuilder;
    /// # fn with_progress(loader: LoaderBuilder) -> LoaderBuilder {
    /// loader.on_progress(|progress| {
    ///     eprint!("\repoch {}: {} of {} batches", progress.epoch, progress.batches_done, progress.batches);
    /// })
    /// # }
    /// ```
    pub fn on_progress(mut self, report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(report));
        self
    }

    /// Checks everything and starts the threads.
    ///
    /// # Errors
    /// [`Error::Loader`] if an option cannot be used, the data set is empty or has more classes than the mixer, or a
    /// thread cannot be started. The same if masks should go with an option that excludes them. [`Error::Output`] for
    /// MixUp of an augmenter's bytes.
    pub fn build(self) -> Result<Loader> {
        let LoaderBuilder { dataset, augmenter, mixer, options, on_progress } = self;
        let Options { batch_size, threads, prefetch, rank, world_size, .. } = options;
        for (what, value) in [("batch size", batch_size), ("number of threads", threads), ("prefetch", prefetch)] {
            if value == 0 {
                return Err(Error::Loader(format!("the {what} must be at least 1")));
            }
        }
        if rank >= world_size {
            return Err(Error::Loader(format!("rank {rank} is outside 0..{world_size}")));
        }
        if world_size.checked_mul(batch_size).is_none() {
            return Err(Error::Loader(format!("{world_size} ranks x {batch_size} samples per batch are too many")));
        }
        if options.shuffle && isize::try_from(Order::bytes(dataset.len())).is_err() {
            return Err(Error::Loader(format!("{} samples are too many to shuffle", dataset.len())));
        }
        if dataset.is_empty() {
            return Err(Error::Loader("the data set is empty".to_string()));
        }
        if let Some(mixer) = &mixer {
            mixer.check(augmenter.output())?;
            let (mixed, named) = (mixer.classes(), dataset.classes().len());
            if named > mixed {
                return Err(Error::Loader(format!(
                    "the mixer has {mixed} classes, and the data set {named}; give the mixer {named}"
                )));
            }
        }
        let against_masks = [
            (mixer.is_some(), "`mixing`"),
            (options.scaled.is_some(), "`scaled_decoding`"),
            (options.decoding.orientation == Orientation::Apply, "`Orientation::Apply`"),
        ];
        if let Some((_, other)) = against_masks.iter().find(|(is_chosen, _)| options.masks.is_some() && *is_chosen) {
            return Err(Error::Loader(format!("masks cannot follow {other}; leave out `masks` or {other}")));
        }
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("loader {i}")).build();
        let pool = pool.map_err(|e| Error::Loader(format!("cannot start {threads} threads: {e}")))?;
        let producer = Producer {
            dataset,
            augmenter,
            mixer,
            color: options.color,
            scaled: options.scaled,
            decoding: options.decoding,
            on_error: options.on_error,
            masks: options.masks.map(MaskMover::new).transpose()?,
            // As many as are under way; with mixing each batch needs two for a moment.
            recycled: Recycled::new(prefetch.saturating_add(1)),
            // One more than are under way, so that the next batch finds one that is mapped already.
            #[cfg(feature = "gpu")]
            staging: Staging::new(1, prefetch.saturating_add(1)),
        };
        let process = threads::process();
        Ok(Loader { producer: Arc::new(producer), pool: Arc::new(pool), process, options, on_progress })
    }
}

impl Loader {
    /// Starts with a data set and an augmenter. All other options have defaults. A [`Transform`](crate::Transform)
    /// without stages keeps the images unchanged.
    pub fn builder(dataset: impl Dataset + 'static, augmenter: impl Into<Arc<Augmenter>>) -> LoaderBuilder {
        let options = Options {
            batch_size: 64,
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            prefetch: 4,
            shuffle: false,
            seed: 0,
            drop_last: false,
            rank: 0,
            world_size: 1,
            on_error: OnError::default(),
            color: ColorMode::default(),
            scaled: None,
            masks: None,
            decoding: DecodeOptions::default(),
        };
        LoaderBuilder {
            dataset: Box::new(dataset),
            augmenter: augmenter.into(),
            mixer: None,
            options,
            on_progress: None,
        }
    }

    /// The data set.
    pub fn dataset(&self) -> &dyn Dataset {
        &*self.producer.dataset
    }

    /// The augmenter of the images.
    pub fn augmenter(&self) -> &Augmenter {
        &self.producer.augmenter
    }

    /// The mixer of the batches, if there is one.
    pub fn mixer(&self) -> Option<&Mixer> {
        self.producer.mixer.as_ref()
    }

    /// The number of batches of an epoch on this rank.
    pub fn batches(&self) -> usize {
        self.cut().batches()
    }

    /// An epoch from its beginning. The threads already make its first batches when this returns.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        self.from(Position { epoch, batch: 0 })
    }

    /// The rest of an epoch, with the same batches as the whole epoch has from there on, byte for byte.
    ///
    /// # Errors
    /// [`Error::Loader`] if the epoch has no such batch. The end of the epoch is allowed, and then no batch is left.
    pub fn resume(&self, position: Position) -> Result<Epoch> {
        let batches = self.batches();
        if position.batch > batches as u64 {
            return Err(Error::Loader(format!("batch {} is outside an epoch of {batches} batches", position.batch)));
        }
        Ok(self.from(position))
    }

    /// Takes back the images of a batch that you are done with, so that a later batch uses their memory. The values of
    /// later batches are the same; without this each batch has new memory, which costs the system page by page. The
    /// loader keeps up to `prefetch` + 1 of them.
    ///
    /// ```
    /// # use autoaugment::loader::{InMemory, Loader, LoadedImages};
    /// # use autoaugment::{Augmenter, Device, Policy, RaggedBatch, Size};
    /// # let images = RaggedBatch::packed(vec![128; 20 * 32 * 32 * 3], &[Size { width: 32, height: 32 }; 20], 3)?;
    /// # let dataset = InMemory::new(images, vec![0; 20])?;
    /// # let augmenter = Augmenter::builder(Policy::cifar10()).device(Device::Cpu).build()?;
    /// let loader = Loader::builder(dataset, augmenter).batch_size(8).build()?;
    /// for batch in loader.epoch(0) {
    ///     if let LoadedImages::Host(tensor) = batch?.images {
    ///         // ... train ...
    ///         loader.recycle(tensor);
    ///     }
    /// }
    /// # Ok::<(), autoaugment::Error>(())
    /// ```
    pub fn recycle(&self, images: Tensor) {
        self.producer.recycled.give(images);
    }

    /// The most bytes of memory that the loader holds. It assumes at most `largest` pixels per image before
    /// augmentation and `augmented` pixels after it, and at most `file` bytes per file:
    ///
    /// order + (prefetch + 1) x batch size x (file + pixels + augmented pixels) + threads x 2 x pixels
    ///
    /// Batches that were [recycled](Loader::recycle) and wait for their next use are not counted.
    ///
    /// Here pixels are in bytes, and augmented pixels in the output's type, twice if batches are mixed. On a GPU, the
    /// pixels are in memory that the device can read, and once more in its own memory. The augmented pixels are in its
    /// own memory. With masks, each image has two more bytes per pixel and one per augmented pixel. The bound leaves
    /// out soft labels, the data set's own memory, and the memory of decoders and CPU operations for one image. A
    /// memory-mapped file counts as 0 for `file`.
    pub fn memory_bound(&self, largest: Size, augmented: Size, file: usize) -> u64 {
        let Options { batch_size, threads, prefetch, shuffle, color, masks, .. } = self.options;
        let order = if shuffle { Order::bytes(self.dataset().len()) } else { 0 } as u64;
        let pixels = (largest.pixels() * color.channels()) as u64;
        let value = self.augmenter().output().dtype().bytes();
        let forms = 1 + usize::from(self.producer.mixer.is_some());
        let output = (augmented.pixels() * color.channels() * value * forms) as u64;
        // The masks of a batch are copied once.
        let masks = if masks.is_some() { 2 * largest.pixels() + augmented.pixels() } else { 0 } as u64;
        let batches = (prefetch as u64 + 1) * batch_size as u64;
        order + batches * (file as u64 + pixels + output + masks) + 2 * threads as u64 * pixels
    }

    fn cut(&self) -> Cut {
        let Options { batch_size, rank, world_size, drop_last, .. } = self.options;
        Cut { samples: self.dataset().len(), batch_size, rank, world_size, drop_last }
    }

    fn from(&self, position: Position) -> Epoch {
        let Options { shuffle, seed, prefetch, .. } = self.options;
        let (len, epoch) = (self.dataset().len(), position.epoch);
        let order = match self.dataset().locality() {
            _ if !shuffle => Order::Natural,
            Some(locality) => Order::shuffled_by_blocks(len, &locality, seed, epoch),
            None => Order::shuffled(len, seed, epoch),
        };
        let shared = (self.producer.clone(), self.pool.clone(), self.process);
        Epoch::new(shared, order, self.cut(), prefetch, position, self.on_progress.clone())
    }
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").field("samples", &self.dataset().len()).field("options", &self.options).finish()
    }
}

impl fmt::Debug for LoaderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoaderBuilder").field("samples", &self.dataset.len()).field("options", &self.options).finish()
    }
}
