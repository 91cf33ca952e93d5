//! Child: trains a small network with a policy, and says how well it does.

use autoaugment::Transform;

use crate::error::{Error, Result};

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

impl Score {
    /// The same, if it can be a reward.
    ///
    /// # Errors
    /// [`Error::Child`] if the accuracy is outside 0 to 1, or the loss is no number.
    pub fn checked(self) -> Result<Self> {
        check_numbers(self.accuracy, self.loss).map(|()| self).map_err(Error::Child)
    }
}

/// The largest loss either way, so that the mean of some is a number too.
const LARGEST_LOSS: f64 = 1e9;

pub(crate) fn check_numbers(accuracy: f64, loss: f64) -> Result<(), String> {
    if !(0.0..=1.0).contains(&accuracy) {
        return Err(format!("the accuracy {accuracy} is outside 0..=1"));
    }
    match loss.abs() <= LARGEST_LOSS {
        true => Ok(()),
        false => Err(format!("the loss {loss} is no number, or above {LARGEST_LOSS:e}")),
    }
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
