//! Decode: an image file as RGB or gray with 8 bits, and a record of each reduction.
//!
//! Other images are converted by fixed rules. Alpha is dropped, as in Pillow's `convert("RGB")`, and 16 bits are
//! rounded to 8. Palettes become RGB, without loss. An animation gives its first frame. The EXIF orientation is
//! ignored: the pixels stay as stored, as in Pillow.

use std::error;
use std::fs::File;
use std::io::{self, BufReader, Cursor};
use std::path::Path;

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use crate::batch::Size;
use crate::error::{Error, Result};

/// The extensions of the files that can be decoded: JPEG, PNG, WebP, BMP and GIF.
pub const EXTENSIONS: [&str; 6] = ["png", "jpg", "jpeg", "webp", "bmp", "gif"];

/// The most bytes of a decoded image. A header that claims more counts as broken. The crate `image` has the same
/// default.
pub const LARGEST: u64 = 512 << 20;

/// Whether a path has one of the [`EXTENSIONS`], in capitals or not.
pub fn has_image_extension(path: &Path) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
}

const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif];

/// A decoded image.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedImage {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// 1 (gray) or 3 (RGB).
    pub channels: usize,
    /// H x W x C bytes, interleaved.
    pub data: Vec<u8>,
}

/// A property of an image that its 8-bit form lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reduction {
    /// An alpha channel.
    Alpha,
    /// More than 8 bits per channel.
    Depth,
    /// More than one frame.
    Frames,
}

impl Reduction {
    /// The text after the number of images: `3 images with an alpha channel, which was dropped`.
    pub fn description(self) -> &'static str {
        match self {
            Reduction::Alpha => "with an alpha channel, which was dropped",
            Reduction::Depth => "with more than 8 bits a channel, which were rounded to 8",
            Reduction::Frames => "animated, of which the first frame was taken",
        }
    }
}

/// Size and channels (1 or 3) of [`decode`]'s result, from the file's header alone.
///
/// # Errors
/// [`Error::Decode`] if this is not an image file, or its header cannot be read or claims more than [`LARGEST`] bytes.
pub fn measure(bytes: &[u8]) -> Result<(Size, usize)> {
    let format = format_of(bytes)?;
    measured(&decoder(bytes, format)?)
}

/// The same for a file on disk. Only its header is read.
///
/// # Errors
/// Those of [`measure`], and [`Error::Decode`] with the system's reason if the file cannot be read.
pub fn measure_file(path: &Path) -> Result<(Size, usize)> {
    let system = |e: io::Error| Error::Decode(e.to_string());
    let file = BufReader::new(File::open(path).map_err(system)?);
    let reader = ImageReader::new(file).with_guessed_format().map_err(system)?;
    let format = known(reader.format())?;
    measured(&reader.into_decoder().map_err(|e| unreadable(format, &e))?)
}

/// Decodes a file. A JPEG that ends before its image does is refused.
///
/// # Errors
/// [`Error::Decode`] with the reason.
pub fn decode(bytes: &[u8]) -> Result<(DecodedImage, Vec<Reduction>)> {
    let format = format_of(bytes)?;
    refuse_truncation(bytes, format)?;
    let image = ImageReader::with_format(Cursor::new(bytes), format).decode().map_err(|e| unreadable(format, &e))?;
    let color = image.color();
    let mut reductions = Vec::new();
    if color.has_alpha() {
        reductions.push(Reduction::Alpha);
    }
    if color.bytes_per_pixel() > color.channel_count() {
        reductions.push(Reduction::Depth);
    }
    if is_animated(bytes, format) {
        reductions.push(Reduction::Frames);
    }
    Ok((picture(image), reductions))
}

/// Decodes a file to `out`, which has exactly the number of bytes from [`measure`]. The bytes are those of [`decode`].
/// An image with 8 bits and without alpha is not copied.
pub(super) fn decode_into(bytes: &[u8], out: &mut [u8]) -> Result<()> {
    let format = format_of(bytes)?;
    refuse_truncation(bytes, format)?;
    let decoder = decoder(bytes, format)?;
    let (size, channels) = measured(&decoder)?;
    let expected = size.pixels() * channels;
    if out.len() != expected {
        return Err(Error::Decode(format!("expected a buffer of {expected} bytes, got {}", out.len())));
    }
    if matches!(decoder.color_type(), ColorType::L8 | ColorType::Rgb8) {
        return decoder.read_image(out).map_err(|e| unreadable(format, &e));
    }
    let image = DynamicImage::from_decoder(decoder).map_err(|e| unreadable(format, &e))?;
    out.copy_from_slice(&picture(image).data);
    Ok(())
}

/// Whether these bytes are a JPEG's.
pub(super) fn is_jpeg(bytes: &[u8]) -> bool {
    format_of(bytes).is_ok_and(|format| format == ImageFormat::Jpeg)
}

/// Refuses a JPEG that ends before its image does.
pub(super) fn refuse_truncated_jpeg(bytes: &[u8]) -> Result<()> {
    refuse_truncation(bytes, ImageFormat::Jpeg)
}

fn format_of(bytes: &[u8]) -> Result<ImageFormat> {
    if bytes.is_empty() {
        return Err(Error::Decode("the file is empty".to_string()));
    }
    known(image::guess_format(bytes).ok())
}

fn known(format: Option<ImageFormat>) -> Result<ImageFormat> {
    let known = format.filter(|f| FORMATS.contains(f));
    known.ok_or_else(|| Error::Decode("not a JPEG, PNG, WebP, BMP or GIF file".to_string()))
}

fn decoder(bytes: &[u8], format: ImageFormat) -> Result<impl ImageDecoder + '_> {
    ImageReader::with_format(Cursor::new(bytes), format).into_decoder().map_err(|e| unreadable(format, &e))
}

fn measured(decoder: &impl ImageDecoder) -> Result<(Size, usize)> {
    let (width, height) = decoder.dimensions();
    if decoder.total_bytes() > LARGEST {
        return Err(Error::Decode(format!(
            "the header claims {width} x {height} pixels of {} bytes; an image may have at most {LARGEST} bytes",
            decoder.color_type().bytes_per_pixel()
        )));
    }
    let size = Size { width: width as usize, height: height as usize };
    size.check()?;
    Ok((size, if decoder.color_type().has_color() { 3 } else { 1 }))
}

fn picture(image: DynamicImage) -> DecodedImage {
    let (width, height) = (image.width() as usize, image.height() as usize);
    match image.color().has_color() {
        true => DecodedImage { height, width, channels: 3, data: image.into_rgb8().into_raw() },
        false => DecodedImage { height, width, channels: 1, data: image.into_luma8().into_raw() },
    }
}

fn unreadable(format: ImageFormat, error: &ImageError) -> Error {
    Error::Decode(format!("unreadable {}: {}", format.extensions_str()[0].to_uppercase(), message(error)))
}

/// An error and its causes in one line. A cause that the error names itself is not repeated.
fn message(error: &dyn error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let own = cause.to_string();
        if !words.ends_with(&own) {
            words = format!("{words}: {own}");
        }
        next = cause.source();
    }
    words
}

/// Whether there is more than one frame. A file with an unreadable animation counts as still, because its first image
/// was read.
fn is_animated(bytes: &[u8], format: ImageFormat) -> bool {
    let bytes = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => GifDecoder::new(bytes).is_ok_and(|gif| gif.into_frames().take(2).count() > 1),
        ImageFormat::WebP => WebPDecoder::new(bytes).is_ok_and(|webp| webp.has_animation()),
        ImageFormat::Png => PngDecoder::new(bytes).is_ok_and(|png| png.is_apng().unwrap_or(false)),
        _ => false,
    }
}

/// The decoder silently fills the missing part of a JPEG with gray. That would put half-gray images into a training
/// set.
fn refuse_truncation(bytes: &[u8], format: ImageFormat) -> Result<()> {
    if format == ImageFormat::Jpeg && is_truncated_jpeg(bytes) {
        return Err(Error::Decode("the JPEG data is truncated: it has no end-of-image marker".to_string()));
    }
    Ok(())
}

/// Whether a JPEG ends before its image does.
///
/// Segments up to the first scan are skipped by their lengths, so a thumbnail's markers do not count. Inside scans, FF
/// is always escaped, so FF D9 there is the end.
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
