//! Decode: an image file as RGB or gray with 8 bits, with Pillow's bytes, and a record of each reduction.
//!
//! An image is gray if its file is, and RGB otherwise. A file is gray if its mode in Pillow is, after `Image.open`:
//! `1`, `L`, `LA` or `I;16`. So a GIF or BMP is gray if its palette has grays in their order, and other palettes are
//! color. The bytes are those of `convert("L")` and `convert("RGB")`: alpha is dropped, palettes become RGB, an
//! animation gives its first frame. The orientation is ignored unless [`Orientation::Apply`] is chosen.
//!
//! One function calls the decoders. The header bounds the memory, and a decoder that panics gives an error.

mod bmp;
mod directory;
mod file;
mod format;
mod gif;
#[cfg(not(target_arch = "wasm32"))]
mod jpeg;
mod jpeg_header;
#[cfg(any(test, target_arch = "wasm32"))]
mod jpeg_pure;
mod options;
mod orientation;
mod png;
mod png_header;
mod png_text;
mod pnm;
mod scarce;
mod support;
mod tiff;
mod webp;

use std::ops::Range;
use std::path::Path;

use super::caught::caught_as;
use super::region::Region;
use crate::batch::Size;
use crate::error::{Error, Result};
use crate::zeros::zeros;
pub(super) use file::memory_for_file;
use format::Format;
pub use format::{EXTENSIONS, UNSUPPORTED_EXTENSIONS, has_image_extension, unsupported_format};
#[cfg(not(target_arch = "wasm32"))]
use jpeg as jpegs;
use jpeg_header::JpegHeader;
#[cfg(target_arch = "wasm32")]
use jpeg_pure as jpegs;
use jpegs::Cut;
pub use options::{DecodeOptions, Truncated};
pub use orientation::Orientation;
pub use support::{FormatSupport, formats, refused};

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

/// A property of an image that its decoded form lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reduction {
    /// An alpha channel.
    Alpha,
    /// More than 8 bits per channel.
    Depth,
    /// More than one frame.
    Frames,
    /// Damaged data, which Pillow's decoders fill and do not refuse.
    Damage,
    /// An orientation of EXIF or XMP that was ignored.
    Orientation,
}

impl Reduction {
    /// The text after the number of images: `3 images with an alpha channel, which was dropped`.
    pub fn description(self) -> &'static str {
        match self {
            Reduction::Alpha => "with an alpha channel, which was dropped",
            Reduction::Depth => "with more than 8 bits a channel, which were reduced to 8",
            Reduction::Frames => "animated, of which the first frame was taken",
            Reduction::Damage => "with damaged data, which was filled as Pillow fills it",
            Reduction::Orientation => "with an EXIF orientation, which was ignored",
        }
    }
}

/// The decoder of JPEGs that was built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JpegDecoder {
    /// Its name.
    pub name: &'static str,
    /// Whether it has vector code. Without nasm, libjpeg is built without it on x86.
    pub simd: bool,
    /// Whether its bytes are Pillow's.
    pub exact: bool,
}

/// The decoder of JPEGs that was built in. It depends on the target, and on the tools that were there to build it.
///
/// ```
/// let jpeg = autoaugment::loader::decode::jpeg_decoder();
/// println!("{}, {}", jpeg.name, if jpeg.simd { "with SIMD" } else { "without SIMD" });
/// ```
pub fn jpeg_decoder() -> JpegDecoder {
    jpegs::describe()
}

/// What is known of an image before it is decoded.
struct Header {
    /// As stored.
    size: Size,
    /// 1 or 3.
    channels: usize,
    /// The orientation, 1 to 8.
    orientation: u8,
    /// What a JPEG's decoder needs besides.
    jpeg: Option<JpegHeader>,
}

/// What a decoder noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Outcome {
    has_alpha: bool,
    is_deep: bool,
    is_animated: bool,
    is_damaged: bool,
}

/// Size and channels (1 or 3) of [`decode`]'s result, from the file's header alone.
///
/// # Errors
/// [`Error::Decode`] if this is not an image file, or its header cannot be read or claims more pixels than
/// [`DecodeOptions::max_pixels`] allows.
pub fn measure(bytes: &[u8]) -> Result<(Size, usize)> {
    DecodeOptions::default().measure(bytes)
}

/// The same for a file on disk. Only its header is read, where the header says enough.
///
/// # Errors
/// Those of [`DecodeOptions::measure_file`].
pub fn measure_file(path: &Path) -> Result<(Size, usize)> {
    DecodeOptions::default().measure_file(path)
}

/// The orientation that a file states in EXIF or XMP, 1 to 8; 1 if it states none.
///
/// # Errors
/// Those of [`measure`].
pub fn stored_orientation(bytes: &[u8]) -> Result<u8> {
    Header::read(bytes, &DecodeOptions::default()).map(|header| header.orientation)
}

/// Decodes a file. A file that ends before its image does is refused.
///
/// # Errors
/// [`Error::Decode`] with the reason.
pub fn decode(bytes: &[u8]) -> Result<(DecodedImage, Vec<Reduction>)> {
    DecodeOptions::default().decode(bytes)
}

impl DecodeOptions {
    /// Size and channels (1 or 3) of [`DecodeOptions::decode`]'s result, from the file's header alone.
    ///
    /// # Errors
    /// Those of [`measure`].
    pub fn measure(&self, bytes: &[u8]) -> Result<(Size, usize)> {
        let header = Header::read(bytes, self)?;
        Ok((self.size(&header), header.channels))
    }

    /// Decodes a file.
    ///
    /// # Errors
    /// [`Error::Decode`] with the reason.
    pub fn decode(&self, bytes: &[u8]) -> Result<(DecodedImage, Vec<Reduction>)> {
        let header = Header::read(bytes, self)?;
        let (Size { width, height }, channels) = (self.size(&header), header.channels);
        let mut data = allocate(width * height * channels)?;
        let outcome = self.decode_as(bytes, &header, &mut data)?;
        let mut reductions = Vec::new();
        for (reduction, is_there) in [
            (Reduction::Alpha, outcome.has_alpha),
            (Reduction::Depth, outcome.is_deep),
            (Reduction::Frames, outcome.is_animated),
            (Reduction::Damage, outcome.is_damaged),
            (Reduction::Orientation, header.orientation != 1 && self.orientation == Orientation::Ignore),
        ] {
            if is_there {
                reductions.push(reduction);
            }
        }
        Ok((DecodedImage { height, width, channels, data }, reductions))
    }

    /// Decodes a file to `out`, which has exactly the number of bytes from [`measure`](Self::measure).
    pub(super) fn decode_into(&self, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        let header = Header::read(bytes, self)?;
        let expected = header.size.pixels() * header.channels;
        if out.len() != expected {
            return Err(Error::Decode(format!("expected a buffer of {expected} bytes, got {}", out.len())));
        }
        self.decode_as(bytes, &header, out).map(drop)
    }

    /// Decodes the pixels of some rows and columns to `out`, of rows x columns x channels bytes. The channels are those
    /// from [`DecodeOptions::measure`], and the bytes those of the whole decode. A JPEG is decoded no further than they
    /// need, so damage elsewhere may stay unnoticed.
    ///
    /// # Errors
    /// [`Error::Decode`] with the reason; also if the region is empty or not inside the image, or `out` has another
    /// length.
    pub fn decode_region(&self, bytes: &[u8], rows: Range<usize>, columns: Range<usize>, out: &mut [u8]) -> Result<()> {
        let header = Header::read(bytes, self)?;
        let (size, channels) = (self.size(&header), header.channels);
        let is_inside = rows.end <= size.height && columns.end <= size.width;
        let expected = rows.len() * columns.len() * channels;
        if !is_inside || expected == 0 || out.len() != expected {
            let (Size { width, height }, there) = (size, out.len());
            return Err(Error::Decode(format!(
                "rows {rows:?} and columns {columns:?} of {height} x {width} pixels do not fit {there} bytes"
            )));
        }
        if let Some(jpeg) = &header.jpeg
            && self.undone(&header) == 1
        {
            let cut = Cut { rows, columns };
            return guarded(Format::Jpeg, || jpegs::decode_into(bytes, jpeg, 1, &cut, self.truncated, out).map(drop));
        }
        let mut whole = allocate(size.pixels() * channels)?;
        self.decode_as(bytes, &header, &mut whole)?;
        let part = Size { width: columns.len(), height: rows.len() };
        let region = Region { x: columns.start, y: rows.start, size: part };
        region.copy(&whole, size.width, channels, out);
        Ok(())
    }

    /// Whether decoding turns or mirrors the image.
    pub(super) fn turns(&self, bytes: &[u8]) -> bool {
        self.orientation == Orientation::Apply && stored_orientation(bytes).is_ok_and(|orientation| orientation != 1)
    }

    /// Refuses an image of too many pixels.
    pub(super) fn check_pixels(&self, size: Size) -> Result<()> {
        let (Size { width, height }, most) = (size, self.max_pixels);
        if size.pixels() as u64 <= most {
            return Ok(());
        }
        Err(Error::Decode(format!(
            "the header claims {width} x {height} pixels; an image may have at most {most} (see `max_pixels`)"
        )))
    }

    fn size(&self, header: &Header) -> Size {
        orientation::upright(header.size, self.undone(header))
    }

    /// The orientation that is undone.
    fn undone(&self, header: &Header) -> u8 {
        if self.orientation == Orientation::Apply { header.orientation } else { 1 }
    }

    fn decode_as(&self, bytes: &[u8], header: &Header, out: &mut [u8]) -> Result<Outcome> {
        let undone = self.undone(header);
        if undone == 1 {
            return stored(bytes, header, self.truncated, out);
        }
        let mut own = allocate(out.len())?;
        let outcome = stored(bytes, header, self.truncated, &mut own)?;
        orientation::turn(&own, header.size, header.channels, undone, out);
        Ok(outcome)
    }
}

impl Header {
    fn new(size: Size, channels: usize, orientation: u8) -> Self {
        Header { size, channels, orientation, jpeg: None }
    }

    /// Reads the header, and refuses an image of too many pixels. Nothing has been allocated for it then.
    fn read(bytes: &[u8], options: &DecodeOptions) -> Result<Self> {
        let format = Format::of(bytes)?;
        let header = guarded(format, || match format {
            Format::Jpeg => JpegHeader::read(bytes).map(Header::from),
            Format::Png => png::header(bytes, options.truncated),
            Format::WebP => webp::header(bytes),
            Format::Bmp => bmp::header(bytes),
            Format::Gif => gif::header(bytes),
            Format::Pnm => pnm::header(bytes),
            Format::Tiff => tiff::header(bytes),
        })?;
        header.size.check()?;
        options.check_pixels(header.size)?;
        Ok(header)
    }
}

impl From<JpegHeader> for Header {
    fn from(header: JpegHeader) -> Self {
        let channels = if header.components == 1 { 1 } else { 3 };
        Header { jpeg: Some(header), ..Header::new(header.size, channels, header.orientation) }
    }
}

/// Decodes the stored pixels to `out`, whose length fits the header.
fn stored(bytes: &[u8], header: &Header, truncated: Truncated, out: &mut [u8]) -> Result<Outcome> {
    let format = Format::of(bytes)?;
    guarded(format, || match format {
        Format::Jpeg => {
            let Size { width, height } = header.size;
            let whole = Cut { rows: 0..height, columns: 0..width };
            let jpeg = header.jpeg.as_ref().ok_or_else(|| Error::Decode("the header is of another format".into()))?;
            jpegs::decode_into(bytes, jpeg, 1, &whole, truncated, out)
        }
        Format::Png => png::decode_into(bytes, truncated, out),
        Format::WebP => webp::decode_into(bytes, out),
        Format::Bmp => bmp::decode_into(bytes, truncated, out),
        Format::Gif => gif::decode_into(bytes, truncated, out),
        Format::Pnm => pnm::decode_into(bytes, truncated, out),
        Format::Tiff => tiff::decode_into(bytes, out),
    })
}

/// Calls a decoder. Those of other crates may panic on damaged files, which is an error of the file here.
fn guarded<T>(format: Format, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    caught_as(decode, |panic| Error::Decode(format!("unreadable {}: the decoder panicked: {panic}", format.name())))
}

/// Zeros, or an error of this image if there is no memory for them.
pub(super) fn allocate(bytes: usize) -> Result<Vec<u8>> {
    zeros("an image", bytes).map_err(|error| Error::Decode(error.to_string()))
}

/// A JPEG at a smaller scale: 1/2, 1/4 or 1/8. See [`super::scaled`].
pub(super) mod scale {
    use super::*;

    /// The sizes at full scale and at 1/1, 1/2, 1/4 and 1/8, and the channels. `None` if this is no JPEG.
    pub fn measure(bytes: &[u8]) -> Option<([(usize, Size); 4], usize)> {
        if Format::of(bytes).ok()? != Format::Jpeg {
            return None;
        }
        let header = JpegHeader::read(bytes).ok()?;
        let channels = Header::from(header).channels;
        Some(([1, 2, 4, 8].map(|scale| (scale, jpegs::scaled(header.size, scale))), channels))
    }

    /// Decodes at 1/`scale` to `out`, which has the bytes of that size.
    pub fn decode_into(bytes: &[u8], scale: usize, options: DecodeOptions, out: &mut [u8]) -> Result<()> {
        let header = JpegHeader::read(bytes)?;
        let size = jpegs::scaled(header.size, scale);
        let whole = Cut { rows: 0..size.height, columns: 0..size.width };
        jpegs::decode_into(bytes, &header, scale, &whole, options.truncated, out).map(drop)
    }
}
