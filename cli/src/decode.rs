//! Decode: image files, through the loader's decoder.

use std::path::Path;

use anyhow::Context;
use autoaugment::loader::decode;
pub use autoaugment::loader::decode::{DecodeOptions, DecodedImage, Orientation, Reduction, Truncated};
use clap::Args;
use image::{DynamicImage, GrayImage, RgbImage};

use crate::values;

/// The options of decoding.
#[derive(Args, Clone, Copy)]
#[command(next_help_heading = "Decoding")]
pub struct Decoding {
    /// Files that end too early or are damaged: refuse them, or fill what is missing as Pillow does on request
    #[arg(long, value_name = "REACTION", value_parser = values::truncated(), default_value = "refuse")]
    truncated: Truncated,
    /// The EXIF orientation: ignore it, or apply it and turn the image upright
    #[arg(long, value_name = "CHOICE", value_parser = values::orientations(), default_value = "ignore")]
    orientation: Orientation,
    /// The most pixels of an image [default: 178956970, as Pillow]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_pixels: Option<u64>,
}

impl Decoding {
    pub fn options(self) -> DecodeOptions {
        let options = DecodeOptions::new().truncated(self.truncated).orientation(self.orientation);
        self.max_pixels.map_or(options, |most| options.max_pixels(most))
    }

    /// Whether the pixels stay as stored, so that an output needs its input's orientation.
    pub fn keeps_orientation(self) -> bool {
        self.orientation == Orientation::Ignore
    }

    pub fn is_default(self) -> bool {
        self.options() == DecodeOptions::default()
    }
}

/// Height, width and channels after conversion, from the file's header.
pub fn measure(path: &Path, options: DecodeOptions) -> anyhow::Result<[usize; 3]> {
    let (size, channels) = options.measure_file(path)?;
    Ok([size.height, size.width, channels])
}

/// Reads and decodes a file. What is no image is found by its first bytes, and not read any further.
pub fn read(path: &Path, options: DecodeOptions) -> anyhow::Result<(DecodedImage, Vec<Reduction>)> {
    Ok(options.decode(&options.read_file(path)?)?)
}

/// Any picture in color.
pub fn rgb(picture: DecodedImage) -> anyhow::Result<RgbImage> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let image = match picture.channels {
        1 => GrayImage::from_raw(width, height, picture.data).map(|gray| DynamicImage::ImageLuma8(gray).into_rgb8()),
        _ => RgbImage::from_raw(width, height, picture.data),
    };
    image.context("the image's bytes do not fit its size")
}

/// The EXIF orientation that a file states; 1 if there is none or it cannot be read.
pub fn orientation(path: &Path, options: DecodeOptions) -> u8 {
    let bytes = options.read_file(path).ok();
    bytes.and_then(|bytes| decode::stored_orientation(&bytes).ok()).unwrap_or(1)
}
