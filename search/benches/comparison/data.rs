//! Data: Fashion-MNIST, or patches of photographs, as images in memory.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use autoaugment::loader::decode::{self, DecodedImage};
use autoaugment::loader::{ColorMode, Dataset, Idx};
use autoaugment_search::Images;

/// Three sets without a common pixel.
pub struct Data {
    pub training: Images,
    /// What searches judge children with.
    pub validation: Images,
    /// What only the final networks see.
    pub test: Images,
}

impl Data {
    /// Some training images, drawn by `seed`, with the classes in equal parts.
    pub fn drawn(&self, count: usize, seed: u64) -> Result<Images> {
        Ok(self.training.divided(count, 1, seed)?.0)
    }
}

/// Fashion-MNIST: images of 28 x 28. Of its 60,000 training images, 5,000 are for validation. A command that searches
/// with 512 and 5,000 images and seed 0 draws the same ones.
pub fn fashion_mnist(folder: &Path) -> Result<Data> {
    let half = |name: &str| -> Result<Images> {
        let file = |what: &str| folder.join(format!("{name}-{what}-ubyte.gz"));
        let idx = Idx::open(file("images-idx3"), file("labels-idx1"))?;
        let side = idx.size().width;
        let (mut pixels, mut labels) = (vec![0; idx.len() * side * side], Vec::new());
        for (index, image) in pixels.chunks_exact_mut(side * side).enumerate() {
            let sample = idx.read(index)?;
            sample.decode_into(ColorMode::GrayOnly, image)?;
            labels.push(sample.label());
        }
        Ok(Images::new(pixels, labels, side, 1, 10)?)
    };
    let training = half("train")?;
    let (_, validation) = training.divided(512, 5000, 0)?;
    Ok(Data { training, validation, test: half("t10k")? })
}

/// The longest side of a photograph, before patches are cut.
const LONGEST: usize = 640;
/// The side of a cell, and of the patches in it.
const CELL: usize = 64;
const SIDE: usize = 32;
/// Patches start at every so many pixels of a cell.
const STEP: usize = 8;

/// Patches of photographs, 32 x 32. The class is the photograph. Each one is divided into cells of 64 x 64. A third of
/// them, in diagonals, is for training, a third for validation and a third for testing.
pub fn patches(folder: &Path) -> Result<Data> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    // Two of Debian's wallpapers are drawings.
    let is_drawn =
        |file: &PathBuf| ["analogpattern", "umang"].iter().any(|name| file.display().to_string().contains(name));
    files.retain(|file| file.is_file() && decode::has_image_extension(file) && !is_drawn(file));
    files.sort();
    ensure!(files.len() > 1, "{}: expected two photographs or more", folder.display());
    let mut parts: [(Vec<u8>, Vec<u32>); 3] = Default::default();
    for (class, file) in files.iter().enumerate() {
        let (image, wide) = shrunk(file)?;
        let high = image.len() / 3 / wide;
        let (rows, columns, places) = (high / CELL, wide / CELL, (CELL - SIDE) / STEP + 1);
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let (pixels, labels) = &mut parts[(row + column) % 3];
            for place in 0..places.pow(2) {
                let (top, left) = (row * CELL + place / places * STEP, column * CELL + place % places * STEP);
                for line in top..top + SIDE {
                    pixels.extend_from_slice(&image[3 * (line * wide + left)..][..3 * SIDE]);
                }
                labels.push(class as u32);
            }
        }
    }
    let images = parts.map(|(pixels, labels)| Images::new(pixels, labels, SIDE, 3, files.len()));
    let [training, validation, test] = images;
    Ok(Data { training: training?, validation: validation?, test: test? })
}

/// A photograph in RGB whose longer side is `LONGEST` or a little more, by means over squares; and its width.
fn shrunk(file: &Path) -> Result<(Vec<u8>, usize)> {
    let (image, _) = decode::decode(&fs::read(file)?).with_context(|| file.display().to_string())?;
    let DecodedImage { height, width, channels, data } = image;
    ensure!(channels == 3, "{}: expected RGB, got {channels} channels", file.display());
    let factor = (width.max(height) / LONGEST).max(1);
    let (wide, high) = (width / factor, height / factor);
    let mut pixels = Vec::with_capacity(3 * wide * high);
    for (y, x, channel) in (0..high).flat_map(|y| (0..wide).flat_map(move |x| (0..3).map(move |c| (y, x, c)))) {
        let value = |dy: usize, dx: usize| u32::from(data[3 * ((y * factor + dy) * width + x * factor + dx) + channel]);
        let sum: u32 =
            (0..factor).flat_map(|dy| (0..factor).map(move |dx| (dy, dx))).map(|(dy, dx)| value(dy, dx)).sum();
        pixels.push((sum / (factor * factor) as u32) as u8);
    }
    Ok((pixels, wide))
}
