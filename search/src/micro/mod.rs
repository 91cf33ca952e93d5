//! Micro: a child that takes less than a CPU-second, a small convolutional network on the CPU.
//!
//! The network has three 3 x 3 convolutions of stride 2 with 8, 16 and 32 channels, and ReLU. Then it takes the mean
//! over the image, and one linear layer follows. AdamW trains it with a rate that falls as a cosine. Augmentation is
//! this library's, drawn for each image and epoch.

mod convolution;
mod density;
mod fine_tuning;
mod network;

use autoaugment::{Device, Executor, Transform};
use serde::{Deserialize, Serialize};

use crate::augmented::Augmented;
use crate::child::{Child, Score, cosine};
use crate::controller::Adam;
use crate::data::Images;
use crate::error::{Error, Result};
use crate::random::Order;
use crate::threads::Threads;
use convolution::LANES;
pub use density::Density;
pub use fine_tuning::{FineTuned, FineTuning};
use network::{Judgment, Network};

/// How a micro child is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Micro {
    /// Channels of the three convolutions, multiples of 4.
    pub widths: [usize; 3],
    /// Epochs with the policy.
    pub epochs: usize,
    /// Epochs without a policy before, which all children share. 0 for children of their own from the start.
    pub warm_epochs: usize,
    /// Images of a step, a multiple of 16.
    pub batch: usize,
    /// AdamW's rate at first.
    pub rate: f32,
    /// AdamW's decay.
    pub decay: f32,
}

impl Micro {
    /// 60 epochs in steps of 32 images. A high rate is what makes augmentation pay within so few.
    pub const FRESH: Micro =
        Micro { widths: [8, 16, 32], epochs: 60, warm_epochs: 0, batch: 32, rate: 1e-2, decay: 1e-2 };

    /// 30 epochs from a network that was trained for 60 without a policy: half the time, and less noise. But what they
    /// reward says less of a long training.
    pub const WARM: Micro = Micro { epochs: 30, warm_epochs: 60, ..Micro::FRESH };
}

/// Micro children of one set of images.
pub struct MicroChild {
    settings: Micro,
    training: Images,
    validation: Images,
    form: Vec<(f32, f32)>,
    /// The parameters that all children start from.
    start: Option<Vec<f32>>,
    executor: Executor,
    threads: Threads,
}

impl MicroChild {
    /// Children that are trained and judged with these images. `seed` belongs to the shared epochs.
    ///
    /// # Errors
    /// [`Error::Data`] if the sets differ in their form, or there are fewer images than a step has. [`Error::Child`] if
    /// a setting cannot be used.
    pub fn new(settings: Micro, training: Images, validation: Images, seed: u64) -> Result<Self> {
        let mut child = MicroChild::untrained(settings, training, validation)?;
        if settings.warm_epochs > 0 {
            let (network, _) = child.trained(&Transform::new(), settings.warm_epochs, seed)?;
            child.start = Some(network.parameters);
        }
        Ok(child)
    }

    /// The same with the result of the shared epochs, which [`MicroChild::start`] gave.
    ///
    /// # Errors
    /// Those of [`MicroChild::new`], and [`Error::Child`] if the start is of another network.
    pub fn with_start(settings: Micro, training: Images, validation: Images, start: Vec<f32>) -> Result<Self> {
        let mut child = MicroChild::untrained(settings, training, validation)?;
        let network = child.network(Some(&start), 0)?;
        if settings.warm_epochs == 0 {
            return Err(of_another(start.len(), network.parameters.len()));
        }
        child.start = Some(start);
        Ok(child)
    }

    /// The parameters that all children start from, if they share epochs.
    pub fn start(&self) -> Option<&[f32]> {
        self.start.as_deref()
    }

    fn untrained(settings: Micro, training: Images, validation: Images) -> Result<Self> {
        let Micro { widths, epochs, batch, rate, decay, .. } = settings;
        let refused = |reason: String| Err(Error::Child(reason));
        if widths.iter().any(|width| *width == 0 || !width.is_multiple_of(4) || *width > 1024) {
            return refused(format!("widths {widths:?} must be multiples of 4 from 4 to 1024"));
        }
        if batch == 0 || !batch.is_multiple_of(LANES) || epochs == 0 {
            return refused(format!(
                "a batch of {batch} and {epochs} epochs: expected a multiple of {LANES}, and 1 or more"
            ));
        }
        if !(rate.is_finite() && rate > 0.0 && (0.0..1.0).contains(&decay)) {
            return refused(format!("rate {rate} must be above 0, and decay {decay} from 0 to 1"));
        }
        training.check_beside(&validation, batch)?;
        let (form, executor) = (training.form(), Executor::new(Device::Cpu)?);
        let threads = Threads::default();
        Ok(MicroChild { settings, training, validation, form, start: None, executor, threads })
    }

    /// The images for validation.
    pub fn validation(&self) -> &Images {
        &self.validation
    }

    /// A network with these parameters, or with weights drawn by the seed.
    fn network(&self, start: Option<&[f32]>, seed: u64) -> Result<Network> {
        let Images { side, channels, classes, .. } = self.training;
        let mut network = Network::new(channels, side, self.settings.widths, classes, seed);
        if let Some(start) = start {
            let (there, expected) = (start.len(), network.parameters.len());
            if there != expected {
                return Err(of_another(there, expected));
            }
            network.parameters.copy_from_slice(start);
        }
        Ok(network)
    }

    /// A network after its epochs, and the mean loss in the last one.
    fn trained(&self, transform: &Transform, epochs: usize, seed: u64) -> Result<(Network, f64)> {
        let mut training = Training::new(self, transform, self.start.as_deref(), seed)?;
        let steps = epochs * training.steps();
        let mut loss = 0.0;
        for epoch in 0..epochs {
            let before = epoch * training.steps();
            loss = training.epoch(|step| cosine(f64::from(self.settings.rate), before + step, steps) as f32)?;
        }
        Ok((training.network, loss))
    }

    fn judged(&self, network: &mut Network, images: &Images) -> (f64, f64) {
        let Images { pixels, labels, .. } = images;
        let mut all = Judgment::default();
        for first in (0..labels.len()).step_by(LANES) {
            let lanes = LANES.min(labels.len() - first);
            // Lanes behind the end repeat an image and are not judged.
            let image = |lane: usize| first + lane.min(lanes - 1);
            network.load(pixels, image, &self.form);
            let Judgment { loss, right } = network.judge(|lane| labels[image(lane)] as usize, lanes);
            (all.loss, all.right) = (all.loss + loss, all.right + right);
        }
        let count = images.len() as f64;
        (all.right as f64 / count, all.loss / count)
    }
}

fn of_another(there: usize, expected: usize) -> Error {
    Error::Child(format!("a start of {there} parameters is of another network: it has {expected}"))
}

/// A network while it is trained.
struct Training<'a> {
    child: &'a MicroChild,
    network: Network,
    adam: Adam,
    augmented: Augmented<'a>,
    order: Order,
    epoch: u64,
}

impl<'a> Training<'a> {
    fn new(child: &'a MicroChild, transform: &Transform, start: Option<&[f32]>, seed: u64) -> Result<Self> {
        let network = child.network(start, seed)?;
        Ok(Training {
            child,
            adam: Adam::new(network.parameters.len()),
            network,
            augmented: Augmented::new(&child.training, &child.executor, transform.clone(), seed)?,
            order: Order::new(child.training.len(), seed),
            epoch: 0,
        })
    }

    /// The steps of an epoch.
    fn steps(&self) -> usize {
        self.child.training.len() / self.child.settings.batch
    }

    /// Trains for an epoch, with AdamW's rate of each step. Returns the mean loss.
    fn epoch(&mut self, rate: impl Fn(usize) -> f32) -> Result<f64> {
        let Micro { batch, decay, .. } = self.child.settings;
        let labels = &self.child.training.labels;
        let bytes = self.augmented.epoch(self.epoch)?;
        self.epoch += 1;
        let network = &mut self.network;
        let mut loss = 0.0;
        for (step, chosen) in self.order.next_epoch().chunks_exact(batch).enumerate() {
            network.gradient.fill(0.0);
            for block in chosen.chunks_exact(LANES) {
                network.load(bytes, |lane| block[lane], &self.child.form);
                loss += network.add_gradient(|lane| labels[block[lane]] as usize, batch).loss;
            }
            self.adam.step(rate(step), decay, &mut network.parameters, &network.gradient);
        }
        Ok(loss / (self.steps() * batch) as f64)
    }
}

impl Child for MicroChild {
    fn train(&self, transform: &Transform, seed: u64) -> Result<Score> {
        self.threads.alone(|| {
            let (mut network, training_loss) = self.trained(transform, self.settings.epochs, seed)?;
            let (accuracy, loss) = self.judged(&mut network, &self.validation);
            Ok(Score { accuracy, loss, training_loss })
        })?
    }
}
