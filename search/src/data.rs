//! Data: images of one size in memory, with their labels, and how they are divided.

use autoaugment::Shape;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::error::{Error, Result};
use crate::random::shuffle;

/// Images of one size with their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// N x side x side x channels bytes.
    pub pixels: Vec<u8>,
    /// The class of each.
    pub labels: Vec<u32>,
    /// Rows, and columns.
    pub side: usize,
    /// 1 (gray) or 3 (RGB).
    pub channels: usize,
    /// The number of classes.
    pub classes: usize,
}

impl Images {
    /// Checked images.
    ///
    /// # Errors
    /// [`Error::Data`] if there are none or sides, channels, labels or lengths do not fit.
    pub fn new(pixels: Vec<u8>, labels: Vec<u32>, side: usize, channels: usize, classes: usize) -> Result<Self> {
        let refused = |reason: String| Err(Error::Data(reason));
        if labels.is_empty() {
            return refused("there are no images".to_string());
        }
        if !(16..=64).contains(&side) {
            return refused(format!("the side of an image is {side} and must be 16 to 64"));
        }
        if channels != 1 && channels != 3 {
            return refused(format!("the images have {channels} channels and must have 1 or 3"));
        }
        let (expected, there) = (labels.len().saturating_mul(side * side * channels), pixels.len());
        if there != expected {
            return refused(format!("expected {expected} bytes for {} images, got {there}", labels.len()));
        }
        if let Some(label) = labels.iter().find(|label| **label as usize >= classes) {
            return refused(format!("the class {label} is outside 0..{classes}"));
        }
        Ok(Images { pixels, labels, side, channels, classes })
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Never: images are checked.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    pub(crate) fn shape(&self) -> Shape {
        Shape { images: self.len(), height: self.side, width: self.side, channels: self.channels }
    }

    /// Two sets without a common image, drawn by `seed`: for training and for validation. See [`divided`].
    ///
    /// # Errors
    /// Those of [`divided`].
    pub fn divided(&self, training: usize, validation: usize, seed: u64) -> Result<(Images, Images)> {
        let (first, rest) = divided(&self.labels, self.classes, training, validation, seed)?;
        Ok((self.taken(&first), self.taken(&rest)))
    }

    /// The first images, `count` at most. Those of [`Images::divided`] have the classes in turns.
    #[must_use]
    pub fn first(&self, count: usize) -> Images {
        self.taken(&(0..count.min(self.len())).collect::<Vec<_>>())
    }

    fn taken(&self, images: &[usize]) -> Images {
        let bytes = self.side * self.side * self.channels;
        let pixels = images.iter().flat_map(|&image| &self.pixels[image * bytes..][..bytes]).copied().collect();
        let labels = images.iter().map(|&image| self.labels[image]).collect();
        Images { pixels, labels, ..*self }
    }

    /// Refuses fewer images than a step of training takes, and a set for validation of another form.
    pub(crate) fn check_beside(&self, validation: &Images, batch: usize) -> Result<()> {
        if self.len() < batch {
            let there = self.len();
            return Err(Error::Data(format!("{there} images for training are fewer than a step of {batch}")));
        }
        let form = |images: &Images| (images.side, images.channels, images.classes);
        if form(self) != form(validation) {
            let reason = "the images for training and validation have another side, other channels or classes";
            return Err(Error::Data(reason.to_string()));
        }
        Ok(())
    }

    /// For each channel, the numbers that bring bytes to a mean of 0 and a deviation of 1: `scale * byte + shift`.
    pub(crate) fn form(&self) -> Vec<(f32, f32)> {
        let of_channel = |channel: usize| {
            let values = self.pixels.iter().skip(channel).step_by(self.channels).map(|&byte| f64::from(byte));
            let count = (self.pixels.len() / self.channels) as f64;
            let mean = values.clone().sum::<f64>() / count;
            let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            // A channel of one value stays at 0.
            let deviation = variance.sqrt().max(1e-3);
            ((1.0 / deviation) as f32, (-mean / deviation) as f32)
        };
        (0..self.channels).map(of_channel).collect()
    }
}

/// Draws images for training and others for validation, by `seed`; returns their indices. Each set has the classes in
/// equal parts, as far as they can be. `labels` has the class of each image.
///
/// # Errors
/// [`Error::Data`] if a set would be empty, if there are fewer images than both need, if there is one class only, if a
/// class has no images, or if there are fewer images for training than classes.
pub fn divided(
    labels: &[u32],
    classes: usize,
    training: usize,
    validation: usize,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let refused = |reason: String| Err(Error::Data(reason));
    let wanted = training.saturating_add(validation);
    if training == 0 || validation == 0 || wanted > labels.len() {
        let there = labels.len();
        return refused(format!(
            "{training} images for training and {validation} for validation cannot be taken from {there}"
        ));
    }
    // Before memory is taken for so many classes, which a label may claim.
    if classes > labels.len() {
        return refused(format!("{} images cannot have {classes} classes; some class has no images", labels.len()));
    }
    let mut by_class: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (image, label) in labels.iter().enumerate() {
        match by_class.get_mut(*label as usize) {
            Some(images) => images.push(image),
            None => return refused(format!("the class {label} is outside 0..{classes}")),
        }
    }
    if let Some(class) = by_class.iter().position(Vec::is_empty) {
        return refused(format!("class {class} has no images; leave it out or add some"));
    }
    if classes < 2 {
        return refused("there is one class, and a child learns to tell classes apart".to_string());
    }
    if training < classes {
        return refused(format!("{training} images for training are fewer than the {classes} classes"));
    }
    let mut stream = ChaCha8Rng::seed_from_u64(seed);
    by_class.iter_mut().for_each(|images| shuffle(images, &mut stream));
    // In turns, one of each class that has some left.
    let longest = by_class.iter().map(Vec::len).max().unwrap_or(0);
    let mut turns = (0..longest).flat_map(|turn| by_class.iter().filter_map(move |images| images.get(turn)).copied());
    let first = turns.by_ref().take(training).collect();
    Ok((first, turns.take(validation).collect()))
}
