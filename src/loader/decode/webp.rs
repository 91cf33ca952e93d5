//! WebP: by the crate `image-webp`, whose bytes are Pillow's.

use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::webp::WebPDecoder;

use super::scarce::with_memory;
use super::{Header, Outcome, allocate, orientation};
use crate::batch::Size;
use crate::error::{Error, Result};

/// Bytes per pixel that decoding takes: those with alpha, a canvas, a frame, and the decoder's own.
const WORKING: usize = 16;

fn refused(reason: impl std::fmt::Display) -> Error {
    Error::Decode(format!("unreadable WebP: {reason}"))
}

fn decoder(bytes: &[u8]) -> Result<WebPDecoder<Cursor<&[u8]>>> {
    WebPDecoder::new(Cursor::new(bytes)).map_err(refused)
}

pub(super) fn header(bytes: &[u8]) -> Result<Header> {
    let decoder = decoder(bytes)?;
    let (width, height) = decoder.dimensions();
    let size = Size { width: width as usize, height: height as usize };
    let orientation = chunks(bytes)
        .find(|(name, _)| name == b"EXIF")
        .map_or(1, |(_, exif)| orientation::of_tiff(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)));
    Ok(Header { size, channels: 3, orientation })
}

pub(super) fn decode_into(bytes: &[u8], out: &mut [u8]) -> Result<Outcome> {
    check_complete(bytes)?;
    let decoder = decoder(bytes)?;
    let has_alpha = decoder.color_type().has_alpha();
    let is_animated = decoder.has_animation();
    with_memory(out.len() / 3 * WORKING, || {
        if !has_alpha {
            return decoder.read_image(out).map_err(refused);
        }
        let mut pixels = allocate(out.len() / 3 * 4)?;
        decoder.read_image(&mut pixels).map_err(refused)?;
        out.chunks_exact_mut(3).zip(pixels.chunks_exact(4)).for_each(|(to, from)| to.copy_from_slice(&from[..3]));
        Ok(())
    })?;
    Ok(Outcome { has_alpha, is_animated, ..Outcome::default() })
}

/// Names and contents of the chunks that are whole.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, after) = rest.split_at_checked(4)?;
        let (length, after) = after.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        let contents = after.get(..length)?;
        rest = after.get(length.next_multiple_of(2)..).unwrap_or_default();
        Some((name, contents))
    })
}

/// Refuses a file that is shorter than its header says, as Pillow does before it decodes.
fn check_complete(bytes: &[u8]) -> Result<()> {
    let stated = bytes.get(4..8).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    if stated > bytes.len() - 8 {
        return Err(refused(format!("the header says {} bytes, and the file has {}", stated + 8, bytes.len())));
    }
    Ok(())
}
