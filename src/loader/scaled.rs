//! Scaled: JPEGs decoded at an eighth, a quarter or half their size, on request.
//!
//! The decoder leaves out frequencies instead of decoding them, which is much faster for large photographs. Its bytes
//! differ from those of decoding and resizing, so it is off by default. It uses jpeg-decoder, because the usual decoder
//! of this crate cannot scale.

use std::io::Cursor;

use jpeg_decoder::{Decoder, PixelFormat};

use super::decode;
use crate::batch::Size;
use crate::error::{Error, Result};

/// The size and channels of a JPEG at the smallest scale with both sides at least those of `least`. `None` if that is
/// the full size, or if the file can be decoded in full only.
pub(super) fn measure(bytes: &[u8], least: Size) -> Option<(Size, usize)> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    let (size, format) = scale(&mut decoder, least).ok()?;
    let full = decode::measure(bytes).ok()?.0;
    let channels = match format {
        PixelFormat::L8 => 1,
        PixelFormat::RGB24 => 3,
        PixelFormat::L16 | PixelFormat::CMYK32 => return None,
    };
    (size.pixels() < full.pixels()).then_some((size, channels))
}

/// Decodes to `out`, which has exactly the number of bytes from [`measure`].
pub(super) fn decode_into(bytes: &[u8], least: Size, out: &mut [u8]) -> Result<()> {
    decode::refuse_truncated_jpeg(bytes)?;
    let mut decoder = Decoder::new(Cursor::new(bytes));
    let pixels = scale(&mut decoder, least).and_then(|_| decoder.decode());
    let pixels = pixels.map_err(|e| Error::Decode(format!("unreadable JPEG: {e}")))?;
    if pixels.len() != out.len() {
        return Err(Error::Decode(format!("expected a buffer of {} bytes, got {}", pixels.len(), out.len())));
    }
    out.copy_from_slice(&pixels);
    Ok(())
}

/// Sets the smallest sufficient scale. The decoder's own choice looks at one side only, so it gets the result.
fn scale(decoder: &mut Decoder<Cursor<&[u8]>>, least: Size) -> Result<(Size, PixelFormat), jpeg_decoder::Error> {
    decoder.read_info()?;
    let info = decoder.info().ok_or(jpeg_decoder::Error::Format("no header".to_string()))?;
    let scaled = |eighths: u16| [info.width, info.height].map(|s| (u32::from(s) * u32::from(eighths)).div_ceil(8));
    let enough = |[width, height]: &[u32; 2]| *width as usize >= least.width && *height as usize >= least.height;
    let wanted = [1, 2, 4].map(scaled).into_iter().find(enough).unwrap_or(scaled(8));
    let (width, height) = decoder.scale(wanted[0] as u16, wanted[1] as u16)?;
    let mut size = Size { width: width.into(), height: height.into() };
    // One side of a few pixels may be the same at two scales; then nothing is gained.
    if [u32::from(width), u32::from(height)] != wanted {
        decoder.scale(info.width, info.height)?;
        size = Size { width: info.width.into(), height: info.height.into() };
    }
    Ok((size, info.pixel_format))
}
