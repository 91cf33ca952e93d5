//! Training: one network, one policy, one seed.

use std::f64::consts::PI;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use autoaugment::burn::ImageBatch;
use autoaugment::loader::{Dataset, Loader, Position};
use autoaugment::{Augmenter, Layout, Output, Transform};
use burn::module::Module;
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::loss::cross_entropy_with_logits;
use burn::tensor::{Device, ElementConversion};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::device::Opened;
use crate::model::Network;
use crate::transforms::Transforms;

/// What a run is made of, besides its policy, its data and its device.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// The first seed; it decides the training images, their order, the network's start and the draws
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Passes over the training images
    #[arg(long, default_value_t = 60)]
    pub epochs: u64,
    /// Images of a step
    #[arg(long, default_value_t = 32)]
    batch: usize,
    /// Channels after the first convolution; 8 makes 6,218 parameters for gray images of ten classes
    #[arg(long, default_value_t = 8)]
    width: usize,
    /// AdamW's rate at first; it falls to nothing as a cosine, step by step
    #[arg(long, default_value_t = 1e-2)]
    learning_rate: f64,
    /// How often the test accuracy is measured
    #[arg(long, default_value_t = 6)]
    measurements: u64,
    /// Test images of all measurements but the last, which takes all
    #[arg(long, default_value_t = 1000)]
    test_images: usize,
    /// Threads of a run that decode and augment; the cores divided among the runs side by side unless set
    #[arg(long)]
    pub threads: Option<usize>,
    #[command(flatten)]
    transforms: Transforms,
}

/// One measurement.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Point {
    /// Passes over the training set until then.
    pub epoch: u64,
    /// Mean loss of the last pass, on augmented images.
    pub loss: f64,
    /// Part of the test images that were classified rightly.
    pub accuracy: f64,
}

/// How far a run has come. With network and optimizer it is all that going on needs.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    /// The batch that comes next.
    position: Position,
    /// The loss of every step.
    losses: Vec<f64>,
    history: Vec<Point>,
}

/// A run while it lasts.
pub struct Training {
    settings: Settings,
    train: Loader,
    some_tests: Loader,
    all_tests: Loader,
    device: Device,
    network: Network,
    optimizer: ModuleOptimizer,
    loss: CrossEntropyLoss,
    progress: Progress,
}

impl Training {
    /// Starts anew.
    pub fn new(policy: Transform, settings: &Settings, data: &Data, on: &Opened) -> Result<Self> {
        ensure!(!data.train.is_empty(), "there are no training images");
        let seed = settings.seed;
        let output = Output::f32(Layout::Nchw, data.normalize()?);
        let training = settings.transforms.training(data.train.read(0)?.size(), policy);
        let augment = on.augmenter(training, seed, output)?;
        let plain = on.augmenter(settings.transforms.evaluation(), seed, output)?;
        let loader = |images: Arc<dyn Dataset>, augmenter: &Arc<Augmenter>| {
            let builder = Loader::builder(images, augmenter.clone()).color(data.color);
            match settings.threads {
                Some(threads) => builder.threads(threads),
                None => builder,
            }
        };
        // Without gradients there is memory for more images at once.
        let test = |images| loader(images, &plain).batch_size(4 * settings.batch).build();
        let train = loader(data.train.clone(), &augment).batch_size(settings.batch).shuffle(true).seed(seed);
        let train = match settings.transforms.mixer(data.classes)? {
            Some(mixer) => train.mixing(mixer),
            None => train,
        };
        let device = on.burn.clone().autodiff();
        // What the network starts with; nothing else draws from burn.
        device.seed(seed);
        Ok(Training {
            train: train.build()?,
            some_tests: test(data.some_tests(settings.test_images)?)?,
            all_tests: test(data.test.clone())?,
            network: Network::new(data.color.channels(), settings.width, data.classes, &device),
            optimizer: AdamWConfig::new().with_weight_decay(1e-2).init(),
            loss: CrossEntropyLossConfig::new().init(&device),
            progress: Progress { position: Position { epoch: 0, batch: 0 }, losses: Vec::new(), history: Vec::new() },
            settings: settings.clone(),
            device,
        })
    }

    /// The measurements so far.
    pub fn history(&self) -> &[Point] {
        &self.progress.history
    }

    /// The loss of every step so far.
    pub fn losses(&self) -> &[f64] {
        &self.progress.losses
    }

    /// Trains to the last epoch or to that many steps, whichever comes first, and saves to `checkpoint` after each
    /// epoch and in the end. Calls `report` after each epoch with the number of epochs so far.
    pub fn run(&mut self, steps: usize, checkpoint: Option<&Path>, mut report: impl FnMut(u64)) -> Result<()> {
        let epochs = self.settings.epochs;
        let every = (epochs / self.settings.measurements.max(1)).max(1);
        while self.progress.position.epoch < epochs && self.losses().len() < steps {
            let mut batches = self.train.resume(self.progress.position)?;
            while self.losses().len() < steps
                && let Some(batch) = batches.next_batch(&self.device)
            {
                self.step(batch?)?;
                self.progress.position = batches.position();
            }
            if self.progress.position.batch == self.train.batches() as u64 {
                let epoch = self.progress.position.epoch + 1;
                self.progress.position = Position { epoch, batch: 0 };
                self.after(epoch, epoch == epochs, epoch.is_multiple_of(every))?;
                report(epoch);
            }
            if let Some(folder) = checkpoint {
                self.save(folder)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, batch: ImageBatch) -> Result<()> {
        let said = self.network.forward(batch.images);
        let loss = match batch.mixed {
            Some(mixed) => cross_entropy_with_logits(said, mixed.labels),
            None => self.loss.forward(said, batch.labels),
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        // Half a cosine, from the learning rate to nothing.
        let steps = self.settings.epochs * self.train.batches() as u64;
        let part = self.losses().len() as f64 / steps as f64;
        let rate = self.settings.learning_rate * (1.0 + (PI * part).cos()) / 2.0;
        self.network = self.optimizer.step(rate, self.network.clone(), gradients);
        let loss = loss.into_scalar::<f32>().elem::<f64>();
        ensure!(loss.is_finite(), "the loss is {loss}");
        self.progress.losses.push(loss);
        Ok(())
    }

    /// Measures if it is time or the last epoch.
    fn after(&mut self, epoch: u64, last: bool, measure: bool) -> Result<()> {
        if last || measure {
            let losses = self.losses();
            let of_epoch = &losses[losses.len() - self.train.batches()..];
            let loss = of_epoch.iter().sum::<f64>() / of_epoch.len() as f64;
            let accuracy = self.accuracy(if last { &self.all_tests } else { &self.some_tests })?;
            self.progress.history.push(Point { epoch, loss, accuracy });
        }
        Ok(())
    }

    fn accuracy(&self, images: &Loader) -> Result<f64> {
        let network = self.network.valid();
        let device = self.device.clone().inner();
        let mut batches = images.epoch(0);
        let mut right = 0;
        while let Some(batch) = batches.next_batch(&device) {
            let batch = batch?;
            let said = network.forward(batch.images).argmax(1).into_data();
            let labels = batch.labels.into_data();
            right += said.iter::<i32>().zip(labels.iter::<i32>()).filter(|(said, label)| said == label).count();
        }
        Ok(right as f64 / images.dataset().len() as f64)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        self.network.clone().save_file(folder.join("network.bpk"))?;
        self.optimizer.save(folder.join("optimizer.bpk"))?;
        // Last, so that what it speaks of is there.
        fs::write(folder.join("progress.json"), serde_json::to_string(&self.progress)?)?;
        Ok(())
    }

    /// Goes on where [`Training::run`] last saved, if it did, with the batches and the numbers that it would have had.
    pub fn resume(mut self, folder: &Path) -> Result<Self> {
        let Ok(progress) = fs::read_to_string(folder.join("progress.json")) else { return Ok(self) };
        self.progress = serde_json::from_str(&progress).with_context(|| folder.display().to_string())?;
        self.network = self.network.try_load_file(folder.join("network.bpk"))?;
        self.optimizer = self.optimizer.load(folder.join("optimizer.bpk"))?;
        Ok(self)
    }
}
