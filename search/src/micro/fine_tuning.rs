//! Fine-tuning: a network that knows some images learns others, by a schedule that follows its accuracy.

use autoaugment::Transform;

use super::{MicroChild, Training};
use crate::child::Score;
use crate::data::Images;
use crate::error::{Error, Result};

/// A schedule of fine-tuning: the rate is halved, and training stops, when the accuracy on the validation images does
/// not grow any more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FineTuning {
    /// AdamW's rate at first.
    pub rate: f32,
    /// Epochs without a gain after which the rate is halved.
    pub halved_after: usize,
    /// Epochs without a gain after which training stops.
    pub stopped_after: usize,
    /// Epochs at most.
    pub most: usize,
}

impl FineTuning {
    /// That of "How to improve your image classifier with Google's AutoAugment": halved after 5 epochs, stopped after
    /// 15.
    pub fn of(rate: f32) -> Self {
        FineTuning { rate, halved_after: 5, stopped_after: 15, most: 1000 }
    }
}

/// A network that was fine-tuned, as it was in its best epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct FineTuned {
    /// What it says of the validation images. The schedule has chosen it by them.
    pub validation: Score,
    /// Epochs of training.
    pub epochs: usize,
    /// The parameters of the network.
    pub parameters: Vec<f32>,
}

impl MicroChild {
    /// Trains with a transform from `start` on, or from weights drawn by the seed, by another schedule.
    ///
    /// # Errors
    /// [`Error::Child`] if the start is of another network or the schedule has no epochs, and those of the transform.
    pub fn fine_tuned(
        &self,
        transform: &Transform,
        start: Option<&[f32]>,
        schedule: FineTuning,
        seed: u64,
    ) -> Result<FineTuned> {
        self.threads.alone(|| {
            let mut training = Training::new(self, transform, start, seed)?;
            let (mut rate, mut since, mut best) = (schedule.rate, 0, None::<FineTuned>);
            for epochs in 1..=schedule.most {
                let training_loss = training.epoch(|_| rate)?;
                let (accuracy, loss) = self.judged(&mut training.network, &self.validation);
                if best.as_ref().is_none_or(|best| accuracy > best.validation.accuracy) {
                    let parameters = training.network.parameters.clone();
                    best = Some(FineTuned { validation: Score { accuracy, loss, training_loss }, epochs, parameters });
                    since = 0;
                    continue;
                }
                since += 1;
                if since >= schedule.stopped_after {
                    break;
                }
                if schedule.halved_after > 0 && since.is_multiple_of(schedule.halved_after) {
                    rate /= 2.0;
                }
            }
            best.ok_or_else(|| Error::Child("fine-tuning has no epochs".to_string()))
        })?
    }

    /// What a network of this child says of other images, and of their classes: accuracy, and mean loss in nats.
    ///
    /// # Errors
    /// [`Error::Child`] if the parameters are of another network, [`Error::Data`] if the images have another form.
    pub fn judge(&self, parameters: &[f32], images: &Images) -> Result<(f64, f64)> {
        images.check_beside(&self.validation, 1)?;
        self.threads.alone(|| {
            let mut network = self.network(Some(parameters), 0)?;
            Ok(self.judged(&mut network, images))
        })?
    }
}
