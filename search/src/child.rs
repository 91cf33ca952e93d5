//! Child: trains a small network with a policy, and says how well it does.

use autoaugment::Transform;

use crate::error::Result;

/// What a child says after its training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The part of the validation images that it gets right, 0 to 1.
    pub accuracy: f64,
    /// The mean loss on the validation images, in nats.
    pub loss: f64,
    /// The mean loss on the training images in the last epoch, in nats.
    pub training_loss: f64,
}

/// Trains a network with a policy and judges it.
///
/// The same policy and seed give the same score, so that a child can be trained anywhere and again.
pub trait Child: Send + Sync {
    /// Trains with a transform of the images, and a seed for weights, order and draws. A transform without stages is
    /// training without augmentation.
    ///
    /// # Errors
    /// Those of the transform, and those of the child's own.
    fn train(&self, transform: &Transform, seed: u64) -> Result<Score>;
}

/// A rate that falls from `rate` to 0 as half a cosine, at a step of all steps.
pub(crate) fn cosine(rate: f64, step: usize, steps: usize) -> f64 {
    let part = step as f64 / steps as f64;
    rate * (1.0 + (std::f64::consts::PI * part).cos()) / 2.0
}
