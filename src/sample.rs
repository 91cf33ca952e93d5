//! Sampling: the streams of random numbers that everything is drawn from, and plans drawn from them.
//!
//! Every draw comes from a stream that `(seed, epoch, sample index, purpose)` picks: the four numbers are the key of a
//! ChaCha8 generator; a stage that a transform has twice takes another stream of it the second time. So an image's draws depend on nothing else: not on the batch it is in, its place there, the
//! number of threads, or the device. Within a stream the k-th draw belongs to the k-th step, whether or not earlier
//! steps were applied, so that no draw depends on another.

mod numbers;

pub(crate) use numbers::Numbers;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::batch::Size;
use crate::convention::Convention;
use crate::error::Result;
use crate::images::Sizes;
use crate::ops::{Interpolation, Op, OpKind};
use crate::plan::{Plan, PlannedImage};
use crate::transform::{Context, Transform};

/// What a stream's numbers are for. The numbers are part of every user's results and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Purpose {
    /// Which sub-policy.
    SubPolicy = 1,
    /// Whether a step is applied.
    Gate = 2,
    /// Whether a magnitude is negative.
    Sign = 3,
    /// Where something is placed.
    Position = 4,
    /// Which other image takes part.
    Partner = 5,
    /// Which part RandomResizedCrop takes.
    ResizedCrop = 6,
    /// Which part RandomCrop takes.
    Crop = 7,
    /// Whether left and right change places.
    HorizontalFlip = 8,
    /// Whether top and bottom change places.
    VerticalFlip = 9,
    /// Where the stage Cutout puts its square.
    Cutout = 10,
    /// Whether and where something is erased.
    Erasing = 11,
    /// Which operation a scheme takes.
    Operation = 12,
    /// Which magnitude a scheme takes, or how far from the one it was given.
    Magnitude = 13,
    /// Which interpolation, where a convention has it drawn.
    Interpolation = 14,
    /// How much of an image MixUp leaves.
    MixUp = 15,
    /// How much of an image CutMix leaves, and where.
    CutMix = 16,
    /// How much a blur blurs, where a convention has it drawn.
    Blur = 17,
    /// How many operations a branch of AugMix has.
    Depth = 18,
    /// How much there is of the image and of each branch of AugMix.
    Weights = 19,
    /// In which of several ways a batch is mixed.
    Mixing = 20,
}

/// Turns a policy, another scheme, or a transform, into plans.
///
/// ```
/// use autoaugment::{Policy, Sampler, Shape};
/// let sampler = Sampler::new(Policy::cifar10(), 42)?;
/// let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
/// let plan = sampler.plan(shape, 0, &[7, 8])?;
/// assert_eq!(plan, sampler.plan(shape, 0, &[7, 8])?);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler {
    transform: Transform,
    /// What the transform may draw, which every plan says.
    operations: Vec<OpKind>,
    seed: u64,
    interpolation: Option<Interpolation>,
    fill: Option<[u8; 3]>,
}

/// What an operation is made from: its parameter's value, and streams for whatever else it has to draw.
pub(crate) struct Draw<'a> {
    pub value: f64,
    pub interpolation: Interpolation,
    pub fill: [u8; 3],
    pub context: Context<'a>,
    pub step: usize,
}

/// The streams of one image in one epoch.
pub(crate) struct Streams {
    pub seed: u64,
    pub epoch: u64,
    pub index: u64,
}

impl Streams {
    /// The stream for a purpose; `occurrence` counts the stages of one kind, from 0.
    pub fn of(&self, purpose: Purpose, occurrence: u64) -> ChaCha8Rng {
        let mut key = [0; 32];
        for (bytes, number) in key.chunks_exact_mut(8).zip([self.seed, self.epoch, self.index, purpose as u64]) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(occurrence);
        stream
    }
}

impl Draw<'_> {
    /// A pixel of the image, uniformly: column and row.
    pub fn point(&mut self) -> (usize, usize) {
        let Size { width, height } = self.context.size;
        let two_numbers = |stream: &mut ChaCha8Rng| (stream.random::<f64>(), stream.random::<f64>());
        let (x, y) = Numbers::new(Purpose::Position).of(&self.context, self.step, two_numbers);
        ((x * width as f64) as usize, (y * height as f64) as usize)
    }

    /// Another image of the batch, uniformly among those of this one's present size; this one if there is none.
    ///
    /// The number that is drawn does not depend on the batch, which image it stands for does.
    pub fn partner(&mut self) -> usize {
        let Context { sizes, size, position_in_batch, .. } = self.context;
        let fits = |&ahead: &usize| sizes.get((position_in_batch + ahead) % sizes.len()) == size;
        // Nobody has to be looked at where all are the same.
        let all_fit = sizes.are_same() && sizes.get(0) == size;
        let others = if all_fit { sizes.len() - 1 } else { (1..sizes.len()).filter(fits).count() };
        if others == 0 {
            return position_in_batch;
        }
        let number = Numbers::new(Purpose::Partner).unit(&self.context, self.step);
        let chosen = (number * others as f64) as usize;
        let ahead = if all_fit { 1 + chosen } else { (1..sizes.len()).filter(fits).nth(chosen).unwrap_or(0) };
        (position_in_batch + ahead) % sizes.len()
    }
}

impl Sampler {
    /// A sampler of a policy with its own convention, of another scheme, or of a transform.
    ///
    /// # Errors
    /// Those of [`Transform::check`].
    pub fn new(transform: impl Into<Transform>, seed: u64) -> Result<Self> {
        let transform = transform.into();
        transform.check()?;
        let operations = transform.operations();
        Ok(Sampler { transform, operations, seed, interpolation: None, fill: None })
    }

    /// The same with another interpolation for every warp of a policy or scheme than the convention's.
    #[must_use]
    pub fn interpolation(self, interpolation: Interpolation) -> Self {
        Sampler { interpolation: Some(interpolation), ..self }
    }

    /// The same with another fill (red, green, blue) of a policy's or scheme's operations than the convention's.
    #[must_use]
    pub fn fill(self, fill: [u8; 3]) -> Self {
        Sampler { fill: Some(fill), ..self }
    }

    /// What is drawn from.
    pub fn transform(&self) -> &Transform {
        &self.transform
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Draws what will be done to a batch of images of these sizes: of a policy one sub-policy an image, a gate and a sign
    /// a step.
    ///
    /// `indices` are the images' numbers in the data set, one an image in the batch's order. The number of a sample is
    /// what its draws depend on, so each image of an epoch needs its own.
    ///
    /// # Errors
    /// [`Error::Batch`](crate::Error::Batch) if a size is unusable or there is not one index an image;
    /// [`Error::At`](crate::Error::At) with the image if a stage cannot be applied to it.
    pub fn plan<'a>(&self, sizes: impl Into<Sizes<'a>>, epoch: u64, indices: &[u64]) -> Result<Plan> {
        let sizes = sizes.into();
        sizes.check()?;
        if indices.len() != sizes.len() {
            return Err(crate::Error::Batch(format!("{} images and {} sample indices", sizes.len(), indices.len())));
        }
        let images: Result<Vec<_>> = indices
            .iter()
            .enumerate()
            .map(|(position, &index)| {
                self.image(sizes, epoch, index, position).map_err(|e| e.at(format!("image {position}")))
            })
            .collect();
        Ok(Plan::drawn(images?, self.operations.clone()))
    }

    fn image(&self, sizes: Sizes<'_>, epoch: u64, index: u64, position_in_batch: usize) -> Result<PlannedImage> {
        let streams = Streams { seed: self.seed, epoch, index };
        let (ops, sub_policy) = self.transform.draw(Context {
            streams: &streams,
            occurrence: 0,
            size: sizes.get(position_in_batch),
            sizes,
            position_in_batch,
            interpolation: self.interpolation,
            fill: self.fill,
        })?;
        Ok(PlannedImage { file: None, index, sub_policy, ops })
    }

    /// The one operation that `op` at `magnitude` is for an image of `size`, without any draw but a fixed sign.
    /// Where a convention has a value drawn from a span, it is the end of the magnitude.
    ///
    /// # Errors
    /// Those of [`Convention::check`].
    pub fn resolve(convention: Convention, op: OpKind, magnitude: f64, negative: bool, size: Size) -> Result<Op> {
        let streams = Streams { seed: 0, epoch: 0, index: 0 };
        Ok(op.drawn(&mut Draw {
            value: convention.value(op, magnitude, negative, size)?,
            interpolation: convention.interpolation(op),
            fill: convention.fill_of(op),
            context: Context {
                streams: &streams,
                occurrence: 0,
                size,
                sizes: Sizes::from(&[size][..]),
                position_in_batch: 0,
                interpolation: None,
                fill: None,
            },
            step: 0,
        }))
    }
}
