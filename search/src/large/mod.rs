//! Large: a child of any size on a device of burn, the paper's Wide-ResNet among them.
//!
//! The image bytes, their augmentation and the order of training are those of all children. The network runs where
//! [`Device`] says: on the CPU with `Device::flex()`, or on a GPU.

mod network;
mod wide_resnet;

use std::panic::{AssertUnwindSafe, catch_unwind};

use autoaugment::transform::RandomCrop;
use autoaugment::{Executor, Transform};
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, ElementConversion, Int, TensorData};
use serde::{Deserialize, Serialize};

use crate::augmented::Augmented;
use crate::child::{Child, Score, cosine};
use crate::data::Images;
use crate::error::{Error, Result};
use crate::random::Order;
use crate::threads::Threads;
pub use network::Architecture;
use network::Network;

/// How a large child is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Large {
    /// The network.
    pub architecture: Architecture,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images of a step.
    pub batch: usize,
    /// The rate at first. It falls to 0 as a cosine, step by step.
    pub rate: f64,
    /// The decay of the weights.
    pub decay: f64,
    /// How a step goes down the gradient.
    pub descent: Descent,
    /// What follows the policy, with every policy and without one.
    pub after: Transform,
}

/// An optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Descent {
    /// Stochastic gradient descent with Nesterov's momentum of 0.9.
    Nesterov,
    /// AdamW.
    AdamW,
}

impl Large {
    /// The paper's child on reduced CIFAR-10: a WRN-40-2 for 120 epochs of 4,000 images at a rate of 0.01, with a
    /// decay of 1e-4. Crops, flips and Cutout follow the policy, as in the released code. That code has batches of 128
    /// and Nesterov's momentum. For images of another `side` than 32, the crop and the square of Cutout are scaled.
    pub fn reduced_cifar10(side: usize) -> Self {
        let crop = RandomCrop::padded(side, side, side / 8);
        let cutout = (side / 2) as u32;
        Large {
            architecture: Architecture::WideResNet { depth: 40, width: 2 },
            epochs: 120,
            batch: 128,
            rate: 0.01,
            decay: 1e-4,
            descent: Descent::Nesterov,
            after: Transform::new().random_crop(crop).random_horizontal_flip(0.5).cutout(cutout),
        }
    }

    /// The child of reduced SVHN, with 1,000 images: the same network for 160 epochs, as Population Based
    /// Augmentation's code has it (arXiv 1905.05393). Digits are neither cropped nor flipped.
    pub fn reduced_svhn(side: usize) -> Self {
        let after = Transform::new().cutout((side / 2) as u32);
        Large { epochs: 160, after, ..Large::reduced_cifar10(side) }
    }

    /// A network of three convolutions of `width` and twice `width` channels, for 60 epochs with AdamW.
    pub fn small(width: usize) -> Self {
        Large {
            architecture: Architecture::Small { width },
            epochs: 60,
            batch: 32,
            rate: 1e-2,
            decay: 1e-2,
            descent: Descent::AdamW,
            after: Transform::new(),
        }
    }

    fn check(&self) -> Result<()> {
        let refused = |reason: String| Err(Error::Child(reason));
        let Large { epochs, batch, rate, decay, .. } = *self;
        self.architecture.check()?;
        if epochs == 0 || batch == 0 {
            return refused(format!("{epochs} epochs in steps of {batch} images; both must be at least 1"));
        }
        if !(rate > 0.0 && rate <= 10.0 && (0.0..=1.0).contains(&decay)) {
            return refused(format!("the rate {rate} must be above 0 and at most 10, and the decay {decay} in 0..=1"));
        }
        Ok(self.after.check()?)
    }

    fn optimizer(&self) -> ModuleOptimizer {
        match self.descent {
            Descent::Nesterov => SgdConfig::new()
                .with_weight_decay(Some(WeightDecayConfig::new(self.decay as f32)))
                .with_momentum(Some(MomentumConfig { momentum: 0.9, dampening: 0.0, nesterov: true }))
                .init(),
            Descent::AdamW => AdamWConfig::new().with_weight_decay(self.decay as f32).init(),
        }
    }
}

/// A child with its images and its device. A child has one thread of the CPU. The same policy and seed give the same
/// score on the same device, if the device adds in the same order each time; `flex` does.
pub struct LargeChild {
    settings: Large,
    training: Images,
    validation: Images,
    /// The mean and deviation of the training images, per channel.
    form: Vec<(f32, f32)>,
    executor: Executor,
    device: Device,
    threads: Threads,
}

impl LargeChild {
    /// A child that trains on one set and is judged on the other.
    ///
    /// # Errors
    /// [`Error::Child`] for settings outside their ranges, [`Error::Data`] if the two sets do not fit each other.
    pub fn new(settings: Large, training: Images, validation: Images, device: Device) -> Result<Self> {
        settings.check()?;
        training.check_beside(&validation, settings.batch)?;
        let executor = Executor::new(autoaugment::Device::Cpu)?;
        Ok(LargeChild {
            form: training.form(),
            settings,
            training,
            validation,
            executor,
            device,
            threads: Threads::default(),
        })
    }

    /// Images of a batch as N x C x H x W floats. `bytes` are interleaved.
    fn load(&self, bytes: &[u8], images: impl ExactSizeIterator<Item = usize>, device: &Device) -> burn::Tensor<4> {
        let Images { side, channels, .. } = self.training;
        let (count, pixels) = (images.len(), side * side);
        let mut values = Vec::with_capacity(count * channels * pixels);
        for image in images {
            let own = &bytes[image * pixels * channels..][..pixels * channels];
            for (channel, (scale, shift)) in self.form.iter().enumerate() {
                let bytes = own.iter().skip(channel).step_by(channels);
                values.extend(bytes.map(|&byte| f32::from(byte) * scale + shift));
            }
        }
        burn::Tensor::from_data(TensorData::new(values, [count, channels, side, side]), device)
    }

    /// A network after its epochs, and the mean loss in the last one.
    fn trained(&self, transform: &Transform, seed: u64) -> Result<(Network, f64)> {
        let Large { architecture, epochs, batch, rate, .. } = self.settings;
        let Images { labels, channels, classes, .. } = &self.training;
        let device = self.device.clone().autodiff();
        let mut network = Network::new(architecture, *channels, *classes, seed, &device);
        let mut optimizer = self.settings.optimizer();
        let cross_entropy = CrossEntropyLossConfig::new().init(&device);
        let stages = transform.stages.iter().chain(&self.settings.after.stages).cloned();
        let transform = Transform { stages: stages.collect() };
        let mut augmented = Augmented::new(&self.training, &self.executor, transform, seed)?;
        let mut order = Order::new(labels.len(), seed);
        let steps = labels.len() / batch;
        let mut loss = 0.0;
        for epoch in 0..epochs {
            let bytes = augmented.epoch(epoch as u64)?;
            loss = 0.0;
            for (step, chosen) in order.next_epoch().chunks_exact(batch).enumerate() {
                let said = network.forward(self.load(bytes, chosen.iter().copied(), &device));
                let labels: Vec<i32> = chosen.iter().map(|&image| labels[image] as i32).collect();
                let labels = burn::Tensor::<1, Int>::from_data(TensorData::new(labels, [batch]), &device);
                let lost = cross_entropy.forward(said, labels);
                let gradients = GradientsParams::from_grads(lost.backward(), &network);
                let rate = cosine(rate, epoch * steps + step, epochs * steps);
                network = optimizer.step(rate, network, gradients);
                loss += lost.into_scalar::<f32>().elem::<f64>();
            }
            if !loss.is_finite() {
                return Err(Error::Child(format!("the loss is {loss} in epoch {epoch}; lower the rate")));
            }
        }
        Ok((network, loss / steps as f64))
    }

    /// Rightly classified images and the mean loss.
    fn judged(&self, network: &Network) -> (usize, f64) {
        let (network, device) = (network.valid(), self.device.clone().inner());
        let Images { pixels, labels, .. } = &self.validation;
        let (mut right, mut loss) = (0, 0.0);
        // Without gradients there is memory for more images at once.
        let batch = 4 * self.settings.batch;
        for first in (0..labels.len()).step_by(batch) {
            let images = first..labels.len().min(first + batch);
            let said = network.forward(self.load(pixels, images.clone(), &device));
            let said = burn::tensor::activation::log_softmax(said, 1).into_data();
            let said: Vec<f32> = said.iter::<f32>().collect();
            for (logs, &label) in said.chunks_exact(self.training.classes).zip(&labels[images]) {
                let best = logs.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(class, _)| class);
                right += usize::from(best == Some(label as usize));
                loss -= f64::from(logs[label as usize]);
            }
        }
        (right, loss / labels.len() as f64)
    }
}

impl Child for LargeChild {
    fn train(&self, transform: &Transform, seed: u64) -> Result<Score> {
        // burn panics where a device or its memory fails.
        let run = AssertUnwindSafe(|| {
            self.threads.alone(|| {
                let (network, training_loss) = self.trained(transform, seed)?;
                let (right, loss) = self.judged(&network);
                Ok(Score { accuracy: right as f64 / self.validation.len() as f64, loss, training_loss })
            })?
        });
        catch_unwind(run).unwrap_or_else(|cause| {
            let cause = cause.downcast_ref::<String>().map(String::as_str).or(cause.downcast_ref::<&str>().copied());
            Err(Error::Child(format!("the device failed: {}", cause.unwrap_or("it does not say why"))))
        })
    }
}
