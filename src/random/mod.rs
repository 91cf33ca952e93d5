//! Random: the streams of random numbers that everything is drawn from, and the distributions they are turned into.
//!
//! Every draw comes from a stream that `(seed, epoch, sample index, purpose)` picks: the four numbers are the key of a
//! ChaCha8 generator. If a stage occurs twice in a transform, each occurrence has its own stream. So an image's draws
//! depend on nothing else: not on the batch, the place in it, the number of threads, or the device. Within a stream the
//! k-th draw belongs to the k-th step, whether or not earlier steps were applied, so no draw depends on another.

pub(crate) mod beta;
pub(crate) mod dirichlet;
pub(crate) mod gauss;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

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
    /// In which order an epoch has its samples. Far from the others, which count up from 1.
    #[cfg_attr(not(feature = "loader"), allow(dead_code))]
    Order = 0x4F52_4445_5200,
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
