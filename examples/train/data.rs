//! Data: a training set and a test set, opened by the crate's loader, and parts of them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use autoaugment::Normalize;
use autoaugment::loader::{ColorMode, Dataset, Idx, ImageFolder, Subset};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// What is trained on and what is tested on.
pub struct Data {
    pub train: Arc<dyn Dataset>,
    pub test: Arc<dyn Dataset>,
    pub classes: usize,
    /// The channels of all images.
    pub color: ColorMode,
}

impl Data {
    /// Opens what `folder` holds: IDX files, or `train` and `test` with a folder for each class, or only folders for
    /// classes, of which every fifth image then becomes the test set.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = |half: &str, what: &str, end: &str| folder.join(format!("{half}-{what}-ubyte{end}"));
        if let Some(end) = ["", ".gz"].into_iter().find(|end| file("train", "images-idx3", end).is_file()) {
            let half = |name: &str| Idx::open(file(name, "images-idx3", end), file(name, "labels-idx1", end));
            let (train, test) = (Arc::new(half("train")?), Arc::new(half("t10k")?));
            let mut classes = 0;
            for index in 0..train.len() {
                classes = classes.max(train.read(index)?.label() as usize + 1);
            }
            return Ok(Data { train, test, classes, color: ColorMode::GrayOnly });
        }
        let halves = ["train", "test"].map(|half| folder.join(half));
        let (train, test): (Arc<dyn Dataset>, Arc<dyn Dataset>) = if halves.iter().all(|half| half.is_dir()) {
            let [train, test] = halves.map(ImageFolder::open);
            (Arc::new(train?), Arc::new(test?))
        } else {
            without_every_fifth(Arc::new(ImageFolder::open(folder)?))?
        };
        ensure!(train.classes() == test.classes(), "the training set and the test set have different classes");
        Ok(Data { classes: train.classes().len(), train, test, color: ColorMode::Rgb })
    }

    /// Puts every fifth training image in the test set's place, for choosing settings without looking at the test set.
    pub fn hold_out(&mut self) -> Result<()> {
        (self.train, self.test) = without_every_fifth(self.train.clone())?;
        Ok(())
    }

    /// Keeps `count` training images, drawn by `seed`.
    pub fn subset(&mut self, count: usize, seed: u64) -> Result<()> {
        let mut indices: Vec<usize> = (0..self.train.len()).collect();
        indices.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        indices.truncate(count);
        self.train = Arc::new(Subset::new(self.train.clone(), indices)?);
        Ok(())
    }

    /// So many test images, evenly from all of them, since folders come class by class.
    pub fn some_tests(&self, count: usize) -> Result<Arc<dyn Dataset>> {
        let (all, count) = (self.test.len(), count.clamp(1, self.test.len().max(1)));
        Ok(Arc::new(Subset::new(self.test.clone(), (0..count).map(|i| i * all / count).collect())?))
    }

    /// Mean and standard deviation of the training images' channels; a thousand of them will do.
    pub fn normalize(&self) -> Result<Normalize> {
        let channels = self.color.channels();
        let (mut n, mut sums, mut squares) = (0.0, [0.0; 3], [0.0; 3]);
        for index in 0..self.train.len().min(1000) {
            let sample = self.train.read(index)?;
            let mut pixels = vec![0; sample.size().pixels() * channels];
            sample.decode_into(self.color, &mut pixels)?;
            for (i, v) in pixels.iter().map(|&v| f64::from(v) / 255.0).enumerate() {
                sums[i % channels] += v;
                squares[i % channels] += v * v;
            }
            n += sample.size().pixels() as f64;
        }
        let mean = sums.map(|sum| sum / n);
        let std = [0, 1, 2].map(|c: usize| (squares[c] / n - mean[c] * mean[c]).sqrt().max(1e-3) as f32);
        Ok(Normalize { mean: mean.map(|mean| mean as f32), std })
    }
}

/// All but every fifth sample, and every fifth.
fn without_every_fifth(all: Arc<dyn Dataset>) -> Result<(Arc<dyn Dataset>, Arc<dyn Dataset>)> {
    let (test, train) = (0..all.len()).partition(|i| i % 5 == 4);
    Ok((Arc::new(Subset::new(all.clone(), train)?), Arc::new(Subset::new(all, test)?)))
}
