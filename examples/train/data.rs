//! Data: labelled images from IDX files (MNIST's format) or from a folder with a folder for each class.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use autoaugment::Size;
use autoaugment::burn::ImageItem;
use flate2::read::GzDecoder;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// A training set and a test set of images of one size.
pub struct Data {
    pub train: Vec<ImageItem>,
    pub test: Vec<ImageItem>,
    pub classes: usize,
    pub channels: usize,
}

impl Data {
    /// Reads what `folder` holds: IDX files, or `train` and `test` with a folder for each class, or only folders for classes,
    /// of which every fifth image then becomes the test set.
    pub fn read(folder: &Path) -> Result<Self> {
        let (train, test) = if folder.join("train-images-idx3-ubyte.gz").is_file() {
            (idx(folder, "train")?, idx(folder, "t10k")?)
        } else if folder.join("train").is_dir() && folder.join("test").is_dir() {
            (class_folders(&folder.join("train"))?, class_folders(&folder.join("test"))?)
        } else {
            let (test, train): (Vec<_>, Vec<_>) =
                class_folders(folder)?.into_iter().enumerate().partition(|(i, _)| i % 5 == 4);
            let images = |numbered: Vec<(usize, ImageItem)>| numbered.into_iter().map(|(_, item)| item).collect();
            (images(train), images(test))
        };
        let first = train.first().with_context(|| format!("no images in {}", folder.display()))?;
        let (size, channels) = (first.size, first.channels);
        for item in train.iter().chain(&test) {
            ensure!((item.size, item.channels) == (size, channels), "the images must all have one size");
        }
        let classes = train.iter().map(|item| item.label + 1).max().unwrap_or(0) as usize;
        Ok(Data { classes, channels, train, test })
    }

    /// Puts the last 10,000 training images (at most a fifth) in the test set's place, for choosing settings without looking
    /// at the test set.
    pub fn hold_out(&mut self) {
        let held = (self.train.len() / 5).min(10_000);
        self.test = self.train.split_off(self.train.len() - held);
    }

    /// Keeps `count` training images, drawn by `seed`.
    pub fn subset(&mut self, count: usize, seed: u64) {
        self.train.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        self.train.truncate(count);
    }

    /// Mean and standard deviation of the training images' values, of 0 to 1.
    pub fn statistics(&self) -> (f32, f32) {
        let values = || self.train.iter().flat_map(|item| item.pixels.iter()).map(|&v| f64::from(v) / 255.0);
        let n = values().count().max(1) as f64;
        let mean = values().sum::<f64>() / n;
        let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        (mean as f32, variance.sqrt().max(1e-3) as f32)
    }
}

/// The images and labels of one half of an MNIST-like data set.
fn idx(folder: &Path, half: &str) -> Result<Vec<ImageItem>> {
    let (dims, pixels) = idx_file(&folder.join(format!("{half}-images-idx3-ubyte.gz")))?;
    let (label_dims, labels) = idx_file(&folder.join(format!("{half}-labels-idx1-ubyte.gz")))?;
    let &[images, height, width] = &dims[..] else { bail!("the images have {} axes instead of 3", dims.len()) };
    ensure!(label_dims == [images], "{images} images and {label_dims:?} labels");
    let item = |(index, (pixels, &label)): (usize, (&[u8], &u8))| ImageItem {
        pixels: Arc::from(pixels),
        size: Size { width, height },
        channels: 1,
        label: i32::from(label),
        index: index as u64,
    };
    Ok(pixels.chunks_exact(height * width).zip(&labels).enumerate().map(item).collect())
}

/// An IDX file of bytes: 0, 0, 8, the number of axes, their lengths (big-endian), the values.
fn idx_file(path: &Path) -> Result<(Vec<usize>, Vec<u8>)> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| path.display().to_string())?;
    GzDecoder::new(file).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    let axes = match bytes.first_chunk() {
        Some(&[0, 0, 8, axes]) => usize::from(axes),
        _ => bail!("{}: not an IDX file of bytes", path.display()),
    };
    let header = 4 + 4 * axes;
    ensure!(bytes.len() >= header, "{}: cut off", path.display());
    let values = bytes.split_off(header);
    let dims: Vec<usize> =
        bytes[4..].chunks_exact(4).map(|b| b.iter().fold(0, |length, &byte| length << 8 | usize::from(byte))).collect();
    ensure!(values.len() == dims.iter().product::<usize>(), "{}: {dims:?} and {} values", path.display(), values.len());
    Ok((dims, values))
}

/// The images of a folder whose folders are the classes, in the order of their names.
fn class_folders(folder: &Path) -> Result<Vec<ImageItem>> {
    let mut classes: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.is_dir()))
        .collect();
    classes.sort();
    let mut items = Vec::new();
    for (label, class) in classes.iter().enumerate() {
        let mut files: Vec<PathBuf> = std::fs::read_dir(class)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        for file in files.iter().filter(|file| image::ImageFormat::from_path(file).is_ok()) {
            let picture = image::open(file).with_context(|| file.display().to_string())?.to_rgb8();
            items.push(ImageItem {
                size: Size { width: picture.width() as usize, height: picture.height() as usize },
                pixels: Arc::from(picture.into_raw()),
                channels: 3,
                label: label as i32,
                index: items.len() as u64,
            });
        }
    }
    Ok(items)
}
