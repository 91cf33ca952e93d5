//! Training: one network, one policy, one seed.

use std::f64::consts::PI;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use autoaugment::burn::{AugmentBatcher, ImageBatch, ImageItem, join};
use autoaugment::{Augmenter, Convention, Gpu, Layout, Normalize, OpKind, Output, Policy, Step, SubPolicy};
use burn::data::dataloader::{DataLoader, DataLoaderBuilder};
use burn::data::dataset::{Dataset, DatasetError};
use burn::module::Module;
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, ElementConversion};
use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::model::Network;

/// The policy that leaves images alone.
pub fn none() -> Policy {
    let step = Step { op: OpKind::Identity, probability: 1.0, magnitude: 0.0 };
    Policy { convention: Convention::Torchvision, sub_policies: vec![SubPolicy { steps: vec![step] }] }
}

/// What a run is made of, besides its data and its device.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it is called: the policy's name.
    pub name: String,
    pub policy: Policy,
    pub seed: u64,
    pub epochs: u64,
    /// Stops after so many, as if it was interrupted.
    pub stop_after: Option<u64>,
    pub batch: usize,
    pub width: usize,
    pub learning_rate: f64,
    /// How many times the test accuracy is measured, the last time at the end.
    pub measurements: u64,
    /// Test images of all measurements but the last, which takes all.
    pub test_images: usize,
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

/// A run while it lasts.
pub struct Training<'a> {
    settings: Settings,
    data: &'a Data,
    train: Shared,
    device: Device,
    batcher: AugmentBatcher,
    plain: AugmentBatcher,
    network: Network,
    optimizer: ModuleOptimizer,
    loss: CrossEntropyLoss,
    epoch: u64,
    history: Vec<Point>,
}

/// Images that every epoch's loader shares.
#[derive(Clone)]
struct Shared(Arc<Vec<ImageItem>>);

impl Dataset<ImageItem> for Shared {
    fn get(&self, index: usize) -> Result<ImageItem, DatasetError> {
        Ok(self.0[index].clone())
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> Training<'a> {
    /// Starts anew on `device`, which is `gpu`'s if images are to be augmented there.
    pub fn new(settings: Settings, data: &'a Data, device: &Device, gpu: Option<&Gpu>) -> Result<Self> {
        let (mean, std) = data.statistics();
        let output = Output::f32(Layout::Nchw, Normalize { mean: [mean; 3], std: [std; 3] });
        let batcher = |policy: Policy| -> Result<AugmentBatcher> {
            let builder = Augmenter::builder(policy).seed(settings.seed).output(output);
            let builder = match gpu {
                Some(gpu) => builder.gpu(join(device, gpu.device().clone(), gpu.queue().clone())?),
                None => builder.device(autoaugment::Device::Cpu),
            };
            Ok(AugmentBatcher::new(builder.build()?)?)
        };
        let device = device.clone().autodiff();
        // What the network starts with; nothing else draws from burn.
        device.seed(settings.seed);
        Ok(Training {
            batcher: batcher(settings.policy.clone())?,
            plain: batcher(none())?,
            train: Shared(Arc::new(data.train.clone())),
            network: Network::new(data.channels, settings.width, data.classes, &device),
            optimizer: AdamWConfig::new().with_weight_decay(1e-2).init(),
            loss: CrossEntropyLossConfig::new().init(&device),
            epoch: 0,
            history: Vec::new(),
            settings,
            data,
            device,
        })
    }

    /// How many parameters the network has.
    pub fn parameters(&self) -> usize {
        self.network.num_params()
    }

    /// The measurements so far.
    pub fn history(&self) -> &[Point] {
        &self.history
    }

    /// Trains to the last epoch, saving to `checkpoint` after each measurement.
    pub fn run(&mut self, checkpoint: Option<&Path>) -> Result<()> {
        let every = (self.settings.epochs / self.settings.measurements.max(1)).max(1);
        let end = self.settings.stop_after.unwrap_or(self.settings.epochs).min(self.settings.epochs);
        while self.epoch < end {
            let loss = self.one_epoch()?;
            let line = format!("{} seed {} epoch {}", self.settings.name, self.settings.seed, self.epoch);
            let last = self.epoch == self.settings.epochs;
            if !last && !self.epoch.is_multiple_of(every) {
                eprintln!("{line} loss {loss:.4}");
                continue;
            }
            let accuracy = self.accuracy(if last { usize::MAX } else { self.settings.test_images })?;
            self.history.push(Point { epoch: self.epoch, loss, accuracy });
            eprintln!("{line} loss {loss:.4} test accuracy {:.2} %", 100.0 * accuracy);
            if let Some(folder) = checkpoint {
                self.save(folder)?;
            }
        }
        Ok(())
    }

    /// Trains for some steps of one epoch after the other and returns the loss of each.
    pub fn steps(&mut self, steps: usize) -> Result<Vec<f64>> {
        let mut losses = Vec::new();
        while losses.len() < steps {
            for batch in self.batches().iter() {
                losses.push(self.step(batch.map_err(|e| anyhow!("{e}"))??)?);
                eprintln!("step {} loss {:.4}", losses.len(), losses[losses.len() - 1]);
                if losses.len() == steps {
                    break;
                }
            }
            self.epoch += 1;
        }
        Ok(losses)
    }

    fn one_epoch(&mut self) -> Result<f64> {
        let (mut sum, mut batches) = (0.0, 0);
        for batch in self.batches().iter() {
            sum += self.step(batch.map_err(|e| anyhow!("{e}"))??)?;
            batches += 1;
        }
        self.epoch += 1;
        Ok(sum / f64::from(batches.max(1)))
    }

    /// The current epoch's batches. Their order depends on seed and epoch alone, so that a run that is resumed goes on as it
    /// would have.
    fn batches(&self) -> Arc<dyn DataLoader<autoaugment::Result<ImageBatch>>> {
        self.batcher.epoch().set(self.epoch);
        DataLoaderBuilder::new(self.batcher.clone())
            .batch_size(self.settings.batch)
            .shuffle(self.settings.seed << 32 | self.epoch)
            .set_device(self.device.clone())
            .build(self.train.clone())
    }

    fn step(&mut self, batch: ImageBatch) -> Result<f64> {
        let loss = self.loss.forward(self.network.forward(batch.images), batch.labels);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        // Half a cosine, from the learning rate to nothing.
        let part = self.epoch as f64 / self.settings.epochs.max(1) as f64;
        let rate = self.settings.learning_rate * (1.0 + (PI * part.min(1.0)).cos()) / 2.0;
        self.network = self.optimizer.step(rate, self.network.clone(), gradients);
        let loss = loss.into_scalar::<f32>().elem::<f64>();
        ensure!(loss.is_finite(), "the loss is {loss}");
        Ok(loss)
    }

    fn accuracy(&self, at_most: usize) -> Result<f64> {
        let network = self.network.valid();
        let device = self.device.clone().inner();
        let images = &self.data.test[..self.data.test.len().min(at_most)];
        let mut right = 0;
        for chunk in images.chunks(250) {
            let batch = self.plain.collate(chunk, &device)?;
            let said = network.forward(batch.images).argmax(1).into_data();
            right += said.iter::<i32>().zip(chunk).filter(|(said, item)| *said == item.label).count();
        }
        Ok(right as f64 / images.len().max(1) as f64)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        self.network.clone().save_file(folder.join("network.bpk"))?;
        self.optimizer.save(folder.join("optimizer.bpk"))?;
        // Last, so that what it speaks of is there.
        fs::write(folder.join("history.json"), serde_json::to_string(&self.history)?)?;
        Ok(())
    }

    /// Goes on where [`Training::run`] last saved, if it did.
    pub fn resume(mut self, folder: &Path) -> Result<Self> {
        let Ok(history) = fs::read_to_string(folder.join("history.json")) else { return Ok(self) };
        self.history = serde_json::from_str(&history).with_context(|| folder.display().to_string())?;
        self.epoch = self.history.last().map_or(0, |point| point.epoch);
        self.network = self.network.try_load_file(folder.join("network.bpk"))?;
        self.optimizer = self.optimizer.load(folder.join("optimizer.bpk"))?;
        Ok(self)
    }
}
