//! Random: the streams of random numbers for all draws, and the distributions made of them.
//!
//! Every draw has a stream, and `(seed, epoch, sample index, purpose)` is its key: the key of a ChaCha8 generator. If a
//! stage occurs twice in a transform, each occurrence has its own stream. An image's draws depend on nothing else: not
//! on the batch, the place in it, the number of threads, or the device. Within a stream, the k-th draw belongs to the
//! k-th step, even if earlier steps were not applied. So no draw depends on another.

pub(crate) mod beta;
pub(crate) mod dirichlet;
mod first_blocks;
pub(crate) mod gauss;
mod stream;

pub(crate) use first_blocks::{FirstBlocks, LANES};
pub(crate) use stream::Stream;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The purpose of a stream. Its number is part of every user's results and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Purpose {
    /// The sub-policy.
    SubPolicy = 1,
    /// Whether a step is applied.
    Apply = 2,
    /// Whether a magnitude is negative.
    Sign = 3,
    /// The position of an operation's area.
    Position = 4,
    /// The partner of an image.
    Partner = 5,
    /// The part that RandomResizedCrop takes.
    ResizedCrop = 6,
    /// The part that RandomCrop takes.
    Crop = 7,
    /// Whether an image is flipped horizontally.
    HorizontalFlip = 8,
    /// Whether an image is flipped vertically.
    VerticalFlip = 9,
    /// The position of the square of the stage Cutout.
    Cutout = 10,
    /// Whether a rectangle is erased, and which one.
    Erasing = 11,
    /// The operation that a scheme takes.
    Operation = 12,
    /// The magnitude that a scheme takes, or its noise.
    Magnitude = 13,
    /// The interpolation, if a convention draws it.
    Interpolation = 14,
    /// The lambda of MixUp.
    MixUp = 15,
    /// The lambda and the rectangle of CutMix.
    CutMix = 16,
    /// The radius of a blur, if a convention draws it.
    Blur = 17,
    /// The number of operations of a branch of AugMix.
    Depth = 18,
    /// The weights of the image and of each branch of AugMix.
    Weights = 19,
    /// The method by which a batch is mixed.
    Mixing = 20,
    /// The order of the samples of an epoch. It is far from the others, which count up from 1.
    #[cfg_attr(not(feature = "loader"), allow(dead_code))]
    Order = 0x4F52_4445_5200,
    /// The samples of a class that are kept apart for testing.
    #[cfg_attr(not(feature = "loader"), allow(dead_code))]
    Split = 0x5350_4C49_5400,
    /// The policies that a search tries.
    Search = 0x5345_4152_4348,
}

/// The streams of one image in one epoch.
#[derive(Clone, Copy)]
pub(crate) struct Streams<'a> {
    pub seed: u64,
    pub epoch: u64,
    pub index: u64,
    /// The first numbers of the streams of some images with this one among them, and its place there.
    ahead: Option<(&'a FirstBlocks, usize)>,
}

impl Streams<'_> {
    pub fn new(seed: u64, epoch: u64, index: u64) -> Self {
        Streams { seed, epoch, index, ahead: None }
    }

    /// The stream for a purpose. `occurrence` counts the stages of one kind, from 0.
    pub fn of(&self, purpose: Purpose, occurrence: u64) -> Stream {
        let key = [self.seed, self.epoch, self.index, purpose as u64];
        let ahead = self.ahead.filter(|_| occurrence == 0);
        match ahead.and_then(|(blocks, lane)| blocks.of(purpose, lane)) {
            Some(first) => Stream::with_first_block(key, first),
            None => Stream::new(key, occurrence),
        }
    }
}

/// The whole stream of this key.
fn chacha(key: [u64; 4], occurrence: u64) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    for (bytes, number) in bytes.chunks_exact_mut(8).zip(key) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    let mut stream = ChaCha8Rng::from_seed(bytes);
    stream.set_stream(occurrence);
    stream
}
