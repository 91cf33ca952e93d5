//! Encode: images as the bytes of files.

use anyhow::bail;
use clap::ValueEnum;
use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageResult};

/// The form of a written file. All but JPEG keep every byte.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Format {
    Png,
    Jpeg,
    Webp,
    Bmp,
}

impl Format {
    /// The format of a file's extension.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_lowercase().as_str() {
            "png" => Some(Format::Png),
            "jpg" | "jpeg" | "jpe" | "jfif" => Some(Format::Jpeg),
            "webp" => Some(Format::Webp),
            "bmp" => Some(Format::Bmp),
            _ => None,
        }
    }

    /// The extension of new files.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Jpeg => "jpg",
            Format::Webp => "webp",
            Format::Bmp => "bmp",
        }
    }

    /// The name, and the longest side that an image may have, where the format has such a limit.
    fn longest_side(self) -> Option<(&'static str, usize)> {
        match self {
            Format::Png | Format::Bmp => None,
            Format::Jpeg => Some(("JPEG", 65_535)),
            Format::Webp => Some(("WebP", 16_383)),
        }
    }
}

/// Encodes an image's interleaved bytes. An EXIF orientation other than 1 is written too; BMP has no place for it.
pub fn encode(
    data: &[u8],
    [height, width, channels]: [usize; 3],
    format: Format,
    quality: u8,
    orientation: u8,
) -> anyhow::Result<Vec<u8>> {
    if let Some((name, longest)) = format.longest_side()
        && height.max(width) > longest
    {
        bail!("{name} holds at most {longest} pixels a side, and the image has {width} x {height}; write it as PNG");
    }
    let color = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut file = Vec::new();
    let (w, h) = (width as u32, height as u32);
    match format {
        Format::Png => with_orientation(PngEncoder::new(&mut file), orientation)?.write_image(data, w, h, color)?,
        Format::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut file, quality);
            with_orientation(encoder, orientation)?.write_image(data, w, h, color)?;
        }
        Format::Webp => {
            with_orientation(WebPEncoder::new_lossless(&mut file), orientation)?.write_image(data, w, h, color)?;
        }
        Format::Bmp => BmpEncoder::new(&mut file).write_image(data, w, h, color)?,
    }
    Ok(file)
}

/// Adds an EXIF block of one entry, the orientation.
fn with_orientation<E: ImageEncoder>(mut encoder: E, orientation: u8) -> ImageResult<E> {
    if orientation != 1 {
        let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        encoder.set_exif_metadata(exif).map_err(ImageError::Unsupported)?;
    }
    Ok(encoder)
}
