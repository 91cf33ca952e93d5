//! Loader: a data set, an augmenter, and how epochs are made of them.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::color_mode::ColorMode;
use super::dataset::Dataset;
use super::epoch::{Epoch, Position};
use super::failed::OnError;
use super::order::{Cut, Order};
use super::produce::Producer;
use super::progress::{OnProgress, Progress};
use crate::augmenter::Augmenter;
use crate::batch::Size;
use crate::error::{Error, Result};
#[cfg(feature = "gpu")]
use crate::gpu::Staging;
use crate::mixing::Mixer;

/// Makes augmented batches of a data set, epoch by epoch; see the [module](super).
pub struct Loader {
    producer: Arc<Producer>,
    pool: Arc<ThreadPool>,
    options: Options,
    on_progress: Option<OnProgress>,
}

/// What a loader was told.
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

    /// Threads that read, decode and, on the CPU, augment; as many as the system says are useful unless set. They belong
    /// to the loader and end with it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.options.threads = threads;
        self
    }

    /// How many batches are made ahead; 4 unless set.
    pub fn prefetch(mut self, batches: usize) -> Self {
        self.options.prefetch = batches;
        self
    }

    /// Whether each epoch has an order of its own; the data set's order unless set. Takes 4 bytes of memory a sample while
    /// the epoch lasts (8 beyond 4,294,967,295 samples).
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.options.shuffle = shuffle;
        self
    }

    /// The seed of the order; 0 unless set. Ranks need the same one. That of the augmentation is the augmenter's.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }

    /// Whether samples that do not fill a batch in the end, on each rank, are left out; they are not unless set.
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.options.drop_last = drop_last;
        self
    }

    /// Makes the batches of one process of several; of one of one unless set.
    ///
    /// Step k of the epoch takes the next `world_size` x batch size samples of the common order, and rank r has the r-th batch
    /// size of them. What is left in the end is divided evenly, the first ranks having one more where it does not divide. So
    /// the ranks' samples are disjoint and together the whole epoch, and all have the same number of batches, unless fewer
    /// samples are left in the end than there are world_size: then only the first ones have a batch more, of one sample.
    /// [`LoaderBuilder::drop_last`] leaves the rest out.
    pub fn shard(mut self, rank: usize, world_size: usize) -> Self {
        self.options.rank = rank;
        self.options.world_size = world_size;
        self
    }

    /// What to do with samples that cannot be read or decoded; [`OnError::Stop`] unless set.
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.options.on_error = on_error;
        self
    }

    /// Mixes each batch once it is augmented, by MixUp or CutMix, and gives its soft labels beside its labels, as
    /// [`LoadedBatch::mixed`](super::LoadedBatch::mixed); nothing is mixed unless set.
    ///
    /// Draws come from the augmenter's seed, the epoch and the samples' numbers, and the bits are those of augmenting and
    /// [`MixPlan::apply`](crate::mixing::MixPlan::apply) by hand. A batch is mixed within itself: ranks mix their own samples,
    /// the last batch is mixed however short it is, samples that were left out as broken are nobody's partners, and a single
    /// image is its own partner.
    ///
    /// A label that is not below the mixer's classes is an [`Error::Batch`] of its batch and ends the epoch, whatever
    /// [`LoaderBuilder::on_error`] says: the number of classes is wrong then, and not the sample.
    pub fn mixing(mut self, mixer: Mixer) -> Self {
        self.mixer = Some(mixer);
        self
    }

    /// The channels of all batches; [`ColorMode::Rgb`] unless set.
    pub fn color(mut self, color: ColorMode) -> Self {
        self.options.color = color;
        self
    }

    /// Decodes JPEGs at the smallest scale (1/8, 1/4, 1/2, 1) whose sides are both at least `least`, which is quicker. The
    /// bytes are not those of decoding in full and resizing, and operations see the smaller image; never done unless set.
    pub fn scaled_decoding(mut self, least: Size) -> Self {
        self.options.scaled = Some(least);
        self
    }

    /// Reports how far each epoch is: when it begins, and after each of its batches. The thread that fetches the batch makes
    /// the call, so it should return soon. Nothing is reported unless set.
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
    /// [`Error::Loader`] if an option cannot be used, the data set is empty or names more classes than are mixed, or a thread
    /// cannot be started; [`Error::Output`] for MixUp of an augmenter's bytes.
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
            return Err(Error::Loader(format!("{world_size} ranks x {batch_size} samples are too many for one step")));
        }
        if dataset.is_empty() {
            return Err(Error::Loader("the data set is empty".to_string()));
        }
        if let Some(mixer) = &mixer {
            mixer.check(augmenter.output())?;
            let (mixed, named) = (mixer.classes(), dataset.classes().len());
            if named > mixed {
                return Err(Error::Loader(format!(
                    "labels of {mixed} classes are mixed, and the data set has {named}"
                )));
            }
        }
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("loader {i}")).build();
        let pool = pool.map_err(|e| Error::Loader(format!("{threads} threads cannot be started: {e}")))?;
        let producer = Producer {
            dataset,
            augmenter,
            mixer,
            color: options.color,
            scaled: options.scaled,
            on_error: options.on_error,
            // One more than are under way, so that the next batch finds one that is mapped already.
            #[cfg(feature = "gpu")]
            staging: Staging::new(1, prefetch + 1),
        };
        Ok(Loader { producer: Arc::new(producer), pool: Arc::new(pool), options, on_progress })
    }
}

impl Loader {
    /// Starts with a data set and what augments its images; everything else has a default. A
    /// [`Transform`](crate::Transform) without stages leaves the images alone.
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

    /// What augments the images.
    pub fn augmenter(&self) -> &Augmenter {
        &self.producer.augmenter
    }

    /// What mixes the batches, if something does.
    pub fn mixer(&self) -> Option<&Mixer> {
        self.producer.mixer.as_ref()
    }

    /// Batches of an epoch that this rank has.
    pub fn batches(&self) -> usize {
        self.cut().batches()
    }

    /// An epoch from its beginning. Its first batches are being made when this returns.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        self.from(Position { epoch, batch: 0 })
    }

    /// The rest of an epoch: the same batches that a whole one would have from there on, byte for byte.
    ///
    /// # Errors
    /// [`Error::Loader`] if the epoch has no such batch; its end is allowed, and nothing is left then.
    pub fn resume(&self, position: Position) -> Result<Epoch> {
        let batches = self.batches();
        if position.batch > batches as u64 {
            return Err(Error::Loader(format!("batch {} is outside an epoch of {batches} batches", position.batch)));
        }
        Ok(self.from(position))
    }

    /// The most bytes of memory that the loader holds, if no image has more than `largest` pixels before and `augmented`
    /// pixels after augmentation, and no file more than `file` bytes:
    ///
    /// order + (prefetch + 1) x batch size x (file + pixels + augmented pixels) + threads x 2 x pixels
    ///
    /// where pixels are in bytes, those augmented in the output's type, and twice where batches are mixed. On a GPU the pixels
    /// are in memory that the device can read (and, once more, its own) and the augmented ones in its own. What the decoders
    /// themselves and the CPU's operations need for one image is not in it, nor soft labels, nor what the data set holds;
    /// memory-mapped files count nothing for `file`.
    pub fn memory_bound(&self, largest: Size, augmented: Size, file: usize) -> u64 {
        let Options { batch_size, threads, prefetch, shuffle, color, .. } = self.options;
        let order = if shuffle { Order::bytes(self.dataset().len()) } else { 0 } as u64;
        let pixels = (largest.pixels() * color.channels()) as u64;
        let value = self.augmenter().output().dtype().bytes();
        let forms = 1 + usize::from(self.producer.mixer.is_some());
        let output = (augmented.pixels() * color.channels() * value * forms) as u64;
        let batches = (prefetch as u64 + 1) * batch_size as u64;
        order + batches * (file as u64 + pixels + output) + 2 * threads as u64 * pixels
    }

    fn cut(&self) -> Cut {
        let Options { batch_size, rank, world_size, drop_last, .. } = self.options;
        Cut { samples: self.dataset().len(), batch_size, rank, world_size, drop_last }
    }

    fn from(&self, position: Position) -> Epoch {
        let Options { shuffle, seed, prefetch, .. } = self.options;
        let order = match shuffle {
            true => Order::shuffled(self.dataset().len(), seed, position.epoch),
            false => Order::Natural,
        };
        let shared = (self.producer.clone(), self.pool.clone());
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
