//! Data: the images that children are trained and judged with, drawn from a data set and scaled.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use autoaugment::loader::{self, ColorMode, Dataset, Sample};
use autoaugment::transform::ResizeStage;
use autoaugment::{Batch, Device, Executor, Layout, Output, Sampler, Shape, Size, Transform};
use autoaugment_search::{Images, divided};
use clap::Args;
use rayon::prelude::*;

use crate::terminal::{self, Terminal, counted};
use crate::write::{self, Kept};

/// The data set, and what is taken of it.
#[derive(Args)]
#[command(next_help_heading = "Data")]
pub struct DataOptions {
    /// Folder of class folders, tar shards, parquet files, IDX files, or CIFAR's .bin files
    ///
    /// A folder with such files and no folders is one of their data sets. Files for testing, whose names begin with
    /// t10k, test or val, are left out of it. Parquet needs a build with the feature `parquet`.
    #[arg(value_name = "DATA", required_unless_present = "child", conflicts_with = "child")]
    data: Vec<PathBuf>,
    /// Images for training, at least 32 [default: 512, or two a class if there are more than 256 classes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(32..=1_000_000))]
    #[arg(conflicts_with = "child")]
    train: Option<u32>,
    /// Images for validation, which are others [default: 5000, or what is left]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    #[arg(conflicts_with = "child")]
    validation: Option<u32>,
    /// Side of the images in pixels, 16 to 64 [default: their own if all are squares of one such size, else 32]
    ///
    /// The largest square in the middle of an image is taken and scaled.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=64))]
    #[arg(conflicts_with = "child")]
    size: Option<u32>,
    /// Make the images gray; without it they are RGB, unless all of them are gray
    #[arg(long, conflicts_with = "child")]
    gray: bool,
}

/// Images for training, and others for validation.
pub struct Data {
    pub training: Images,
    pub validation: Images,
    /// Images that no child sees, if some were wanted.
    pub test: Option<Images>,
}

/// The most images for testing, and the fewest.
const MOST_TESTED: usize = 10_000;
const LEAST_TESTED: usize = 100;

/// The side of images that have none in common.
const SIDE: usize = 32;

/// Images that are in memory at once before they are scaled, at most, and a step of the bar.
const TOGETHER: usize = 64;

impl DataOptions {
    /// Refuses an output that is one of the data's files. In a folder of the data only policies, proxies and journals
    /// are replaced, all of which are JSON.
    pub fn check_output(&self, output: &Path) -> anyhow::Result<()> {
        Kept::new(self.data.iter().map(PathBuf::as_path)).check(output)?;
        let mut first = *b"{";
        if let Some(data) = self.folder_around(output)
            && File::open(output).and_then(|mut file| file.read_exact(&mut first)).is_ok()
            && first != *b"{"
        {
            let (output, data) = (terminal::name(output), terminal::name(data));
            bail!("{output} would be overwritten, and is a file of the data {data}; write to another folder or name");
        }
        Ok(())
    }

    /// Refuses a folder for outputs in the data, where it would be one more class.
    pub fn check_folder(&self, output: &Path) -> anyhow::Result<()> {
        match self.folder_around(output) {
            None => Ok(()),
            Some(data) => {
                bail!(
                    "the folder {} lies in the data {}; give it another place",
                    terminal::name(output),
                    terminal::name(data)
                )
            }
        }
    }

    fn folder_around(&self, output: &Path) -> Option<&Path> {
        let output = write::resolved(output);
        let is_around = |data: &&PathBuf| data.is_dir() && output.starts_with(write::resolved(data));
        self.data.iter().find(is_around).map(PathBuf::as_path)
    }

    /// Draws the images by a seed, in equal parts of each class as far as they can be, and reads them. Of the data set,
    /// only the drawn images are decoded. Images for testing are others; they change nothing about the rest.
    pub fn read(&self, seed: u64, with_test: bool, terminal: Terminal) -> anyhow::Result<Data> {
        let dataset = loader::open(&self.data).map_err(wrong_input)?;
        let labels = labels(&*dataset)?;
        let classes = labels.iter().max().map_or(0, |largest| *largest as usize + 1);
        let classes = classes.max(dataset.classes().len());
        let (training, validation) = self.counts(labels.len(), classes, terminal);
        let tested = (labels.len() - (training + validation).min(labels.len())).min(MOST_TESTED);
        let tested = if with_test { tested } else { 0 };
        if with_test && tested < LEAST_TESTED {
            bail!(
                "--controls: {} are left for testing, and {LEAST_TESTED} are needed; give fewer to --train or \
                 --validation",
                counted(tested, "image", "images")
            );
        }
        let (training, mut validation) = divided(&labels, classes, training, validation + tested, seed)?;
        // In this order, since more images at the end do not change those before.
        let test = validation.split_off(validation.len() - tested);
        let all = [&training[..], &validation[..], &test[..]].concat();
        let side = match self.size {
            Some(side) => side as usize,
            None => common_side(&*dataset, &all)?.unwrap_or(SIDE),
        };
        let mut pixels = self.pixels(&*dataset, &all, side, terminal)?;
        let channels = pixels.len() / (all.len() * side * side);
        let bytes = side * side * channels;
        let mut rest = pixels.split_off(training.len() * bytes);
        let last = rest.split_off(validation.len() * bytes);
        let images = |pixels: Vec<u8>, indices: &[usize]| {
            let labels = indices.iter().map(|&index| labels[index]).collect();
            Images::new(pixels, labels, side, channels, classes)
        };
        let test = if test.is_empty() { None } else { Some(images(last, &test)?) };
        Ok(Data { training: images(pixels, &training)?, validation: images(rest, &validation)?, test })
    }

    /// The numbers of images for training and for validation. A small data set is divided in halves.
    fn counts(&self, there: usize, classes: usize, terminal: Terminal) -> (usize, usize) {
        let usual = 512.max(2 * classes);
        let training = self.train.map_or(usual.min(there / 2), |given| given as usize);
        let left = there.saturating_sub(training);
        let validation = self.validation.map_or(left.min(5000), |given| given as usize);
        if (self.train.is_none() && training < usual) || (self.validation.is_none() && validation < 1000) {
            let there = counted(there, "image", "images");
            let parts = format!("{training} are for training, and {validation} for validation");
            terminal.note(&format!("notice: with {there} in all, {parts}; more would tell policies apart better"));
        }
        (training, validation)
    }

    /// The pixels of some images, one after the other.
    fn pixels(
        &self,
        dataset: &dyn Dataset,
        indices: &[usize],
        side: usize,
        terminal: Terminal,
    ) -> anyhow::Result<Vec<u8>> {
        let color = if self.gray { ColorMode::Luma } else { ColorMode::Rgb };
        let bytes = side * side * color.channels();
        let mut pixels = crate::read::zeros(indices.len() * bytes)?;
        // In the data set's order, which shards and parquet files are read fastest in.
        let mut places: Vec<(usize, &mut [u8])> = indices.iter().copied().zip(pixels.chunks_exact_mut(bytes)).collect();
        places.sort_by_key(|(index, _)| *index);
        let bar = terminal.progress(indices.len(), "images");
        let executor = Executor::new(Device::Cpu)?;
        let mut all_gray = true;
        for places in places.chunks_mut(TOGETHER) {
            let read = places.par_iter_mut().map(|(index, place)| {
                let sample = dataset.read(*index).and_then(|sample| {
                    scaled(&sample, side, color, &executor, place)?;
                    Ok(sample.channels() == 1)
                });
                sample.map_err(wrong_input).with_context(|| dataset.name(*index))
            });
            let read: Vec<anyhow::Result<bool>> = read.collect();
            for is_gray in read {
                all_gray &= is_gray?;
            }
            bar.inc(places.len() as u64);
        }
        bar.finish_and_clear();
        if all_gray && !self.gray {
            pixels = pixels.into_iter().step_by(3).collect();
        }
        Ok(pixels)
    }
}

/// Without usable data nothing is written, so that a file which cannot be read is a wrong input, not a failed part of a
/// run.
fn wrong_input(error: autoaugment::Error) -> anyhow::Error {
    anyhow!("{error}")
}

fn labels(dataset: &dyn Dataset) -> anyhow::Result<Vec<u32>> {
    let label = |index| dataset.label(index).map_err(wrong_input).with_context(|| dataset.name(index));
    (0..dataset.len()).map(label).collect()
}

/// The side of all these images if they are squares of one size that children take.
fn common_side(dataset: &dyn Dataset, indices: &[usize]) -> anyhow::Result<Option<usize>> {
    let mut common = None;
    for &index in indices {
        let Size { width, height } =
            dataset.read(index).map_err(wrong_input).with_context(|| dataset.name(index))?.size();
        let is_first_or_same = common.is_none_or(|side| side == width);
        if width != height || !(16..=64).contains(&width) || !is_first_or_same {
            return Ok(None);
        }
        common = Some(width);
    }
    Ok(common)
}

/// Decodes an image, cuts the largest square out of its middle, and scales that as Pillow does.
fn scaled(
    sample: &Sample<'_>,
    side: usize,
    color: ColorMode,
    executor: &Executor,
    out: &mut [u8],
) -> autoaugment::Result<()> {
    // A large JPEG is decoded at a smaller scale, which still has twice the pixels on each side.
    let least = Size { width: 2 * side, height: 2 * side };
    let sample = sample.clone().with_options(loader::decode::DecodeOptions::default())?.scaled(least);
    let (Size { width, height }, channels) = (sample.size(), color.channels());
    let middle = width.min(height);
    if (width, height) == (side, side) {
        return sample.decode_into(color, out);
    }
    let mut pixels = Vec::new();
    let bytes = width * height * channels;
    let no_memory = |_| autoaugment::Error::Decode(format!("no memory for {bytes} bytes"));
    pixels.try_reserve_exact(bytes).map_err(no_memory)?;
    pixels.resize(bytes, 0);
    sample.decode_into(color, &mut pixels)?;
    let shape = Shape { images: 1, height, width, channels };
    let transform = Transform::new().center_crop(middle, middle).resize(ResizeStage::exactly(side, side));
    let plan = Sampler::new(transform, 0)?.plan(shape, 0, &[0])?;
    let batch = Batch::new(pixels, shape, Layout::Nhwc)?;
    executor.apply_to(&batch, &plan, &Output::u8(), out).map(drop)
}
