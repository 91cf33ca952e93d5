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
    let [exif, xmp] = metadata(bytes);
    let orientation = orientation::of(exif, xmp);
    Ok(Header::new(size, 3, orientation))
}

pub(super) fn decode_into(bytes: &[u8], out: &mut [u8]) -> Result<Outcome> {
    check_complete(bytes)?;
    let whole = decoder(bytes)?;
    let (has_alpha, is_animated) = (whole.color_type().has_alpha(), whole.has_animation());
    if is_animated {
        let size = whole.dimensions();
        let frame = Frame::first(bytes).ok_or_else(|| refused("its first frame is damaged"))?;
        frame.decode_into((size.0 as usize, size.1 as usize), out)?;
    } else {
        read(whole, out)?;
    }
    Ok(Outcome { has_alpha, is_animated, ..Outcome::default() })
}

/// Decodes the colors.
fn read(decoder: WebPDecoder<Cursor<&[u8]>>, out: &mut [u8]) -> Result<()> {
    with_memory(out.len() / 3 * WORKING, || {
        if !decoder.color_type().has_alpha() {
            return decoder.read_image(out).map_err(refused);
        }
        let mut pixels = allocate(out.len() / 3 * 4)?;
        decoder.read_image(&mut pixels).map_err(refused)?;
        out.chunks_exact_mut(3).zip(pixels.chunks_exact(4)).for_each(|(to, from)| to.copy_from_slice(&from[..3]));
        Ok(())
    })
}

/// A frame of an animation.
struct Frame<'a> {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    /// Chunks, as in a file of one image.
    contents: &'a [u8],
}

impl<'a> Frame<'a> {
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let (_, frame) = chunks(bytes).find(|(name, _)| *name == b"ANMF")?;
        let (head, contents) = frame.split_at_checked(16)?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], 0]) as usize;
        Some(Frame { x: number(0) * 2, y: number(3) * 2, width: number(6) + 1, height: number(9) + 1, contents })
    }

    /// Decodes the frame to its place on black. libwebp does not blend the first one, whatever it asks for, and the
    /// crate does. So the frame is decoded as a file of its own.
    fn decode_into(&self, canvas: (usize, usize), out: &mut [u8]) -> Result<()> {
        let &Frame { x, y, width, height, contents } = self;
        if x + width > canvas.0 || y + height > canvas.1 {
            return Err(refused("its first frame is not inside the image"));
        }
        const HAS_ALPHA: u8 = 16;
        let flags = if contents.starts_with(b"VP8 ") { 0 } else { HAS_ALPHA };
        let mut file = Vec::new();
        let length = contents.len().saturating_add(22) as u32;
        file.try_reserve_exact(contents.len() + 30).map_err(|_| refused("no memory for its first frame"))?;
        file.extend_from_slice(b"RIFF");
        file.extend_from_slice(&length.to_le_bytes());
        file.extend_from_slice(b"WEBPVP8X\x0a\0\0\0");
        file.extend_from_slice(&[flags, 0, 0, 0]);
        [width, height].iter().for_each(|side| file.extend_from_slice(&(*side as u32 - 1).to_le_bytes()[..3]));
        file.extend_from_slice(contents);
        let mut pixels = allocate(width * height * 3)?;
        read(decoder(&file)?, &mut pixels)?;
        out.fill(0);
        for (row, from) in pixels.chunks_exact(width * 3).enumerate() {
            out[((y + row) * canvas.0 + x) * 3..][..width * 3].copy_from_slice(from);
        }
        Ok(())
    }
}

/// The EXIF and XMP blocks. Only the extended form of the format has them, and it says so in flags.
fn metadata(bytes: &[u8]) -> [Option<&[u8]>; 2] {
    const HAS_XMP: u8 = 4;
    const HAS_EXIF: u8 = 8;
    let Some((b"VP8X", &[flags, ..])) = chunks(bytes).next() else { return [None, None] };
    let found = |flag, wanted: &[u8]| {
        let mut all = chunks(bytes).filter(|_| flags & flag != 0);
        all.find(|(name, _)| *name == wanted).map(|(_, contents)| contents)
    };
    [found(HAS_EXIF, b"EXIF"), found(HAS_XMP, b"XMP ")]
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
