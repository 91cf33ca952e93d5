//! Thumbnails: the images of a contact sheet, all of one size.

use anyhow::Context;
use autoaugment::Shape;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, RgbImage};

use crate::decode::{self, DecodeOptions, DecodedImage};
use crate::inputs::Input;
use crate::terminal::{self, Terminal, in_one_line};

/// The widest and the narrowest that is shown; what goes beyond is cut off.
const WIDEST: f64 = 1.5;
const NARROWEST: f64 = 0.75;

pub struct Thumbnails {
    width: u32,
    height: u32,
    /// File names without extensions, and interleaved RGB.
    images: Vec<(String, Vec<u8>)>,
}

impl Thumbnails {
    /// None yet, of `width` and of the middle one of the files' proportions.
    pub fn frame(inputs: &[Input], width: u32) -> Self {
        let options = DecodeOptions::default();
        let sides = inputs.iter().filter_map(|input| decode::measure(&input.path, options).ok());
        let mut aspects: Vec<_> = sides.map(|[height, width, _]| width as f64 / height as f64).collect();
        aspects.sort_by(f64::total_cmp);
        let aspect = aspects.get(aspects.len() / 2).copied().unwrap_or(1.0).clamp(NARROWEST, WIDEST);
        Thumbnails { width, height: (f64::from(width) / aspect).round() as u32, images: Vec::new() }
    }

    /// Reads, cuts and scales one file after the other. Those that could not be read come with the reason.
    pub fn read(mut self, inputs: &[Input], terminal: Terminal) -> (Self, Vec<(String, String)>) {
        let mut failures = Vec::new();
        for input in inputs {
            let name = terminal::name(&input.path);
            let read = decode::read(&input.path, DecodeOptions::default())
                .and_then(|(picture, reductions)| Ok((scaled(rgb(picture)?, self.width, self.height), reductions)));
            match read {
                Ok((thumbnail, reductions)) => {
                    for reduction in reductions {
                        terminal.note(&format!("notice: {name} is an image {}", reduction.description()));
                    }
                    let stem = input.name.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    self.images.push((stem, thumbnail));
                }
                Err(error) => failures.push((name, in_one_line(&error))),
            }
        }
        (self, failures)
    }

    pub fn images(&self) -> &[(String, Vec<u8>)] {
        &self.images
    }

    pub fn shape(&self) -> Shape {
        Shape { images: self.images.len(), height: self.height as usize, width: self.width as usize, channels: 3 }
    }

    /// One image after the other.
    pub fn bytes(&self) -> Vec<u8> {
        self.images.iter().flat_map(|(_, rgb)| rgb.iter().copied()).collect()
    }
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

/// The largest part of the proportions of the thumbnail, scaled. Of high images most is cut off below: heads are up.
pub fn scaled(image: RgbImage, width: u32, height: u32) -> Vec<u8> {
    let (w, h) = (f64::from(image.width()), f64::from(image.height()));
    let scale = (w / f64::from(width)).min(h / f64::from(height));
    let (cut_w, cut_h) = (f64::from(width) * scale, f64::from(height) * scale);
    let (x, y) = ((w - cut_w) / 2.0, (h - cut_h) / 8.0);
    let side = |length: f64, most: u32| (length.round() as u32).clamp(1, most);
    let (cut_w, cut_h) = (side(cut_w, image.width()), side(cut_h, image.height()));
    let part = imageops::crop_imm(&image, x as u32, y as u32, cut_w, cut_h).to_image();
    imageops::resize(&part, width, height, FilterType::Lanczos3).into_raw()
}
