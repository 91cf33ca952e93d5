//! Pictures: the images that are augmented, photographs or ones made from the seed.

use std::f32::consts::TAU;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use image::RgbImage;
use image::imageops::{self, FilterType};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::outcome::RunFailed;
use crate::terminal::{self, Terminal, counted, in_one_line};
use crate::write::Kept;
use crate::{decode, inputs, read};

/// The most bytes of all photographs.
const MOST: usize = 512 << 20;

pub enum Pictures {
    /// As they were decoded.
    Photographs(Vec<RgbImage>),
    /// Made from this seed.
    Generated(u64),
}

impl Pictures {
    pub fn generated(seed: u64) -> Self {
        Pictures::Generated(seed)
    }

    /// Decodes all files; one that cannot be is an error, since without it other things would be measured.
    pub fn read(paths: &[PathBuf], plot: Option<&Path>, terminal: Terminal) -> anyhow::Result<Self> {
        let found = inputs::find(paths, None)?;
        if let Some(plot) = plot {
            Kept::new(found.inputs.iter().map(|input| input.path.as_path())).check(plot)?;
        }
        if let Some((place, reason)) = found.unreadable.first() {
            return Err(RunFailed(format!("{place}: {reason}")).into());
        }
        let (mut photographs, mut bytes) = (Vec::new(), 0);
        for input in found.inputs {
            let name = terminal::name(&input.path);
            let (picture, reductions) = decode::read(&input.path, decode::DecodeOptions::default())
                .map_err(|error| RunFailed(format!("{name}: {}", in_one_line(&error))))?;
            for reduction in reductions {
                terminal.note(&format!("notice: {name} is an image {}", reduction.description()));
            }
            let photograph = decode::rgb(picture)?;
            bytes += photograph.as_raw().len();
            if bytes > MOST {
                bail!("{name}: the photographs have more than {MOST} bytes of pixels; name fewer");
            }
            photographs.push(photograph);
        }
        Ok(Pictures::Photographs(photographs))
    }

    /// Where they come from.
    pub fn source(&self) -> String {
        match self {
            Pictures::Photographs(photographs) => counted(photographs.len(), "photograph", "photographs"),
            Pictures::Generated(seed) => format!("pictures made from seed {seed}"),
        }
    }

    /// The interleaved bytes of a batch of squares; photographs repeat where there are too few.
    pub fn batch(&self, images: usize, side: usize) -> anyhow::Result<Vec<u8>> {
        let bytes = side.checked_mul(side).and_then(|n| n.checked_mul(3 * images)).context("the batch is too large")?;
        let mut data = read::zeros(bytes)?;
        let places = data.par_chunks_mut(side * side * 3).enumerate();
        match self {
            Pictures::Generated(seed) => places.for_each(|(i, place)| generate(*seed, i as u64, side, place)),
            Pictures::Photographs(photographs) => {
                let scale = |image: &RgbImage| square(image, side as u32);
                let scaled: Vec<_> = photographs.par_iter().take(images).map(scale).collect();
                places.for_each(|(i, place)| place.copy_from_slice(&scaled[i % scaled.len()]));
            }
        }
        Ok(data)
    }
}

/// The largest square of an image, scaled. Of high images most is cut off below: heads are up.
fn square(image: &RgbImage, side: u32) -> Vec<u8> {
    let (width, height) = image.dimensions();
    let shorter = width.min(height);
    let part = imageops::crop_imm(image, (width - shorter) / 2, (height - shorter) / 8, shorter, shorter).to_image();
    imageops::resize(&part, side, side, FilterType::Lanczos3).into_raw()
}

/// What photographs have: a slow change of light, a few shapes with edges, waves of fine structure, and noise.
fn generate(seed: u64, number: u64, side: usize, place: &mut [u8]) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let mut between = |low: f32, high: f32| low + (high - low) * rng.random::<f32>();
    let mut color = |low, high| [(); 3].map(|()| between(low, high));
    let (corner, across, down) = (color(30.0, 180.0), color(-60.0, 90.0), color(-60.0, 90.0));
    let shapes: [_; 5] = std::array::from_fn(|_| (color(0.0, 1.0), color(-80.0, 80.0)));
    let [fx, fy, phase] = color(2.0, 20.0);
    let mut noise = ChaCha8Rng::seed_from_u64(!seed);
    noise.set_stream(number);
    for (p, pixel) in place.chunks_exact_mut(3).enumerate() {
        let (x, y) = ((p % side) as f32 / side as f32, (p / side) as f32 / side as f32);
        let wave = 12.0 * (TAU * (fx * x + fy * y) + phase).sin();
        let grain: u32 = noise.random();
        for (c, value) in pixel.iter_mut().enumerate() {
            let mut light = corner[c] + across[c] * x + down[c] * y + wave;
            for ([cx, cy, radius], shade) in &shapes {
                if (x - cx).powi(2) + (y - cy).powi(2) < (0.3 * radius).powi(2) {
                    light += shade[c];
                }
            }
            *value = (light + (grain >> (8 * c) & 15) as f32 - 7.5) as u8;
        }
    }
}
