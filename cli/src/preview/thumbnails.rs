//! Thumbnails: the images of a contact sheet, all of one size.

use std::path::Path;

use anyhow::Context;
use autoaugment::Shape;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, RgbImage};

use crate::decode::DecodedImage;
use crate::inputs::Input;

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
    /// Cuts all to the middle one of their proportions and scales them to `width`.
    pub fn of(pictures: Vec<(Input, DecodedImage)>, width: u32) -> anyhow::Result<Self> {
        let mut aspects: Vec<_> = pictures.iter().map(|(_, p)| p.width as f64 / p.height as f64).collect();
        aspects.sort_by(f64::total_cmp);
        let aspect = aspects.get(aspects.len() / 2).copied().unwrap_or(1.0).clamp(NARROWEST, WIDEST);
        let height = (f64::from(width) / aspect).round() as u32;
        let thumbnail = |(input, picture): (Input, DecodedImage)| {
            let name = Path::new(&input.name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, scaled(rgb(picture)?, width, height)))
        };
        let images: anyhow::Result<Vec<_>> = pictures.into_iter().map(thumbnail).collect();
        Ok(Thumbnails { width, height, images: images? })
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
