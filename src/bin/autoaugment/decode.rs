//! Decode: an image file's bytes as RGB or grey of 8 bits, and what was lost on the way.
//!
//! What is not 8-bit RGB or grey is converted, never silently: alpha is dropped, as Pillow's `convert("RGB")` does,
//! and 16 bits are rounded to 8. Palettes become RGB, which loses nothing. Of an animation the first frame is taken.
//! The EXIF orientation is not applied: the pixels are as they are stored, as in Pillow.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, bail};
use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageReader};

/// Bytes of one image, in the layout of where it came from; interleaved if that is a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub height: usize,
    pub width: usize,
    /// 1 or 3.
    pub channels: usize,
    pub data: Vec<u8>,
}

/// What an image had that its 8-bit form has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    Alpha,
    Depth,
    Frames,
}

impl Loss {
    /// Follows the number of images.
    pub fn words(self) -> &'static str {
        match self {
            Loss::Alpha => "with an alpha channel, which was dropped",
            Loss::Depth => "with more than 8 bits a channel, which were rounded to 8",
            Loss::Frames => "animated, of which the first frame was taken",
        }
    }
}

/// Height, width and channels after conversion, from the file's header alone.
pub fn measure(path: &Path) -> anyhow::Result<[usize; 3]> {
    let decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder()?;
    let (width, height) = decoder.dimensions();
    Ok([height as usize, width as usize, if decoder.color_type().has_color() { 3 } else { 1 }])
}

/// Reads and decodes a file.
pub fn read(path: &Path) -> anyhow::Result<(Picture, Vec<Loss>)> {
    decode(&fs::read(path)?)
}

fn decode(bytes: &[u8]) -> anyhow::Result<(Picture, Vec<Loss>)> {
    if bytes.is_empty() {
        bail!("the file is empty");
    }
    let format = image::guess_format(bytes).ok().filter(|f| FORMATS.contains(f));
    let Some(format) = format else {
        bail!("not a JPEG, PNG, WebP, BMP or GIF file");
    };
    if format == ImageFormat::Jpeg && is_truncated_jpeg(bytes) {
        bail!("the JPEG data is truncated: it has no end-of-image marker");
    }
    let image = ImageReader::with_format(Cursor::new(bytes), format).decode();
    let image = image.with_context(|| format!("unreadable {}", format.extensions_str()[0].to_uppercase()))?;
    let color = image.color();
    let mut losses = Vec::new();
    if color.has_alpha() {
        losses.push(Loss::Alpha);
    }
    if color.bytes_per_pixel() > color.channel_count() {
        losses.push(Loss::Depth);
    }
    if is_animated(bytes, format) {
        losses.push(Loss::Frames);
    }
    Ok((picture(image), losses))
}

const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif];

fn picture(image: DynamicImage) -> Picture {
    let (width, height) = (image.width() as usize, image.height() as usize);
    match image.color().has_color() {
        true => Picture { height, width, channels: 3, data: image.into_rgb8().into_raw() },
        false => Picture { height, width, channels: 1, data: image.into_luma8().into_raw() },
    }
}

/// Whether there is more than one frame. A file whose animation cannot be read counts as still: its first image was.
fn is_animated(bytes: &[u8], format: ImageFormat) -> bool {
    let bytes = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => GifDecoder::new(bytes).is_ok_and(|gif| gif.into_frames().take(2).count() > 1),
        ImageFormat::WebP => WebPDecoder::new(bytes).is_ok_and(|webp| webp.has_animation()),
        ImageFormat::Png => PngDecoder::new(bytes).is_ok_and(|png| png.is_apng().unwrap_or(false)),
        _ => false,
    }
}

/// Whether a JPEG ends before its image does. The decoder fills what is missing with grey and says nothing, which
/// would put half-grey images into somebody's training set.
///
/// Segments are skipped by their lengths up to the first scan, so that a thumbnail's markers do not count; inside
/// scans FF is always escaped, so that FF D9 there is the end.
fn is_truncated_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            // A filling byte.
            0xFF => at += 1,
            0xDA => return !bytes[at..].windows(2).any(|pair| pair == [0xFF, 0xD9]),
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    // Anything but the end of the file is for the decoder to judge.
    bytes.len() < at + 4
}
