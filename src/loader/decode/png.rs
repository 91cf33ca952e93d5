//! Png: files of this format, with Pillow's bytes and its tolerance.
//!
//! Pillow decompresses row by row and stops after the last one. It so takes files without their last chunk, with wrong
//! checksums of image data, or with data that end between two rows. The crate `png` refuses these.

use fdeflate::{DecompressionError, Decompressor};

use super::png_header::{Kind, PngHeader, refused};
use super::{Header, Outcome, Truncated, allocate};
use crate::batch::Size;
use crate::error::Result;

/// First column, first row, and the steps of both, of the seven passes of an interlaced image.
const PASSES: [[usize; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

pub(super) fn header(bytes: &[u8], truncated: Truncated) -> Result<Header> {
    let png = PngHeader::read(bytes, truncated)?;
    Ok(Header::new(png.size, png.channels(), png.orientation))
}

pub(super) fn decode_into(bytes: &[u8], truncated: Truncated, out: &mut [u8]) -> Result<Outcome> {
    let png = PngHeader::read(bytes, truncated)?;
    let Size { width, height } = png.size;
    let passes = if png.is_interlaced { &PASSES[..] } else { &[[0, 0, 1, 1]] };
    // Each row has a byte for its filter before it.
    let rows: Vec<_> = passes
        .iter()
        .map(|&[left, top, right, down]| {
            (width.saturating_sub(left).div_ceil(right), height.saturating_sub(top).div_ceil(down))
        })
        .map(|(columns, rows)| (png.row_bytes(columns), if columns == 0 { 0 } else { rows }))
        .collect();
    let total: usize = rows.iter().map(|(bytes, rows)| (bytes + 1) * rows).sum();
    let mut raw = allocate(total + 1)?;
    let Inflated { there, is_broken, is_ended } = inflate(bytes, &png, &mut raw);
    // A stream that ends between two rows ends an image for Pillow; anything else that is missing is an error.
    let fills = truncated == Truncated::Fill;
    let mut damaged = there < total || is_broken;
    if damaged && !fills && !(is_ended && !is_broken && ends_a_row(&rows, there)) {
        return Err(refused(if is_broken { "its data are damaged" } else { "the data are truncated" }));
    }
    let palette = palette(&png);
    if there < total {
        // Zeros, which in a palette are its first color.
        match png.kind {
            Kind::Palette => out.chunks_exact_mut(3).for_each(|to| to.copy_from_slice(&palette[0])),
            _ => out.fill(0),
        }
    }
    let bits = png.values() * png.bits;
    let pixel = bits.div_ceil(8);
    let channels = png.channels();
    let mut start = 0;
    'passes: for (&[left, top, right, down], &(length, count)) in passes.iter().zip(&rows) {
        let mut previous: Option<usize> = None;
        for row in 0..count {
            let end = start + 1 + length;
            if end > there {
                break 'passes;
            }
            let (before, now) = raw.split_at_mut(start);
            let above = previous.map_or(&[][..], |at| &before[at + 1..at + 1 + length]);
            if !unfilter(now[0], pixel, above, &mut now[1..=length]) {
                if !fills {
                    return Err(refused(format!("an unknown filter, {}", now[0])));
                }
                damaged = true;
                break 'passes;
            }
            let to = &mut out[(top + row * down) * width * channels..][..width * channels];
            if right == 1 {
                unpack(&png, &palette, &now[1..=length], to.chunks_exact_mut(channels));
            } else {
                let to = to.chunks_exact_mut(channels).skip(left).step_by(right);
                unpack(&png, &palette, &now[1..=length], to);
            }
            previous = Some(start);
            start = end;
        }
    }
    Ok(Outcome {
        has_alpha: matches!(png.kind, Kind::GrayAlpha | Kind::Rgba) || png.has_transparency,
        is_deep: png.bits == 16,
        is_animated: png.is_animated,
        is_damaged: damaged,
    })
}

/// What came out of decompression.
struct Inflated {
    /// Bytes.
    there: usize,
    /// Whether the data are not what a compressor writes.
    is_broken: bool,
    /// Whether the stream came to its end.
    is_ended: bool,
}

/// Decompresses to `raw`, which has one byte more than the image, so that an end right after the image is seen.
fn inflate(bytes: &[u8], png: &PngHeader<'_>, raw: &mut [u8]) -> Inflated {
    // The decompressor does not say how far it came before an error. Byte by byte it is known.
    inflate_by(usize::MAX, bytes, png, raw).or_else(|| inflate_by(1, bytes, png, raw)).unwrap_or(Inflated {
        there: 0,
        is_broken: true,
        is_ended: false,
    })
}

/// Decompresses so many bytes at a time. `None` if there is an error, and it is not known where.
fn inflate_by(step: usize, bytes: &[u8], png: &PngHeader<'_>, raw: &mut [u8]) -> Option<Inflated> {
    let mut inflater = Decompressor::new();
    let mut result = Inflated { there: 0, is_broken: false, is_ended: false };
    let last = raw.len() - 1;
    'data: for part in png.data.iter().flat_map(|range| bytes[range.clone()].chunks(step)) {
        let mut input = part;
        while !input.is_empty() && result.there <= last && !inflater.is_done() {
            match inflater.read(input, raw, result.there, false) {
                Ok((0, 0)) => break,
                Ok((read, written)) => {
                    input = &input[read..];
                    result.there += written;
                }
                Err(_) if step > 1 => return None,
                Err(error) => {
                    // zlib sees such a distance only where there is room for what it leads to.
                    let is_behind = error == DecompressionError::DistanceTooFarBack && result.there >= last;
                    result.is_broken = !is_behind;
                    break 'data;
                }
            }
        }
    }
    result.is_ended = inflater.is_done();
    result.there = result.there.min(last);
    Some(result)
}

/// Whether so many bytes end with a row.
fn ends_a_row(rows: &[(usize, usize)], there: usize) -> bool {
    let mut left = there;
    for &(length, count) in rows {
        let pass = (length + 1) * count;
        if left <= pass {
            return there > 0 && left.is_multiple_of(length + 1);
        }
        left -= pass;
    }
    true
}

/// Adds what a filter predicted. False if there is no such filter. `above` is empty for the first row.
fn unfilter(filter: u8, pixel: usize, above: &[u8], row: &mut [u8]) -> bool {
    match filter {
        0 => {}
        1 => {
            for i in pixel..row.len() {
                row[i] = row[i].wrapping_add(row[i - pixel]);
            }
        }
        2 => row.iter_mut().zip(above).for_each(|(v, &up)| *v = v.wrapping_add(up)),
        3 => {
            for i in 0..row.len() {
                let left = if i < pixel { 0 } else { u16::from(row[i - pixel]) };
                let up = above.get(i).map_or(0, |&v| u16::from(v));
                row[i] = row[i].wrapping_add(((left + up) / 2) as u8);
            }
        }
        4 => {
            for i in 0..row.len() {
                let up = above.get(i).copied().unwrap_or(0);
                let (left, corner) = match i.checked_sub(pixel) {
                    Some(at) => (row[at], above.get(at).copied().unwrap_or(0)),
                    None => (0, 0),
                };
                row[i] = row[i].wrapping_add(nearest(left, up, corner));
            }
        }
        _ => return false,
    }
    true
}

/// The neighbor nearest to left + up - corner.
fn nearest(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let (to_left, to_up, to_corner) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if to_left <= to_up && to_left <= to_corner {
        left
    } else if to_up <= to_corner {
        up
    } else {
        corner
    }
}

/// 256 colors. Those that the file leaves out are black.
fn palette(png: &PngHeader<'_>) -> Vec<[u8; 3]> {
    let mut colors: Vec<_> = png.palette.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect();
    colors.resize(256, [0; 3]);
    colors
}

/// Writes a row's pixels. Of 16 bits the high byte is taken.
fn unpack<'a>(png: &PngHeader<'_>, palette: &[[u8; 3]], row: &[u8], to: impl Iterator<Item = &'a mut [u8]>) {
    match (png.kind, png.bits) {
        (Kind::Gray, 8) => to.zip(row).for_each(|(to, &v)| to[0] = v),
        (Kind::Gray, 16) | (Kind::GrayAlpha, 8) => to.zip(row.chunks_exact(2)).for_each(|(to, v)| to[0] = v[0]),
        (Kind::GrayAlpha, _) => to.zip(row.chunks_exact(4)).for_each(|(to, v)| to.fill(v[0])),
        (Kind::Gray, bits) => {
            let scale = 255 / ((1 << bits) - 1) as u8;
            to.zip(small(row, bits)).for_each(|(to, v)| to[0] = v * scale);
        }
        (Kind::Palette, 8) => to.zip(row).for_each(|(to, &v)| to.copy_from_slice(&palette[usize::from(v)])),
        (Kind::Palette, bits) => {
            to.zip(small(row, bits)).for_each(|(to, v)| to.copy_from_slice(&palette[usize::from(v)]));
        }
        (Kind::Rgb, 8) => to.zip(row.chunks_exact(3)).for_each(|(to, v)| to.copy_from_slice(v)),
        (Kind::Rgba, 8) => to.zip(row.chunks_exact(4)).for_each(|(to, v)| to.copy_from_slice(&v[..3])),
        (Kind::Rgb, _) => to.zip(row.chunks_exact(6)).for_each(|(to, v)| to.copy_from_slice(&[v[0], v[2], v[4]])),
        (Kind::Rgba, _) => to.zip(row.chunks_exact(8)).for_each(|(to, v)| to.copy_from_slice(&[v[0], v[2], v[4]])),
    }
}

/// Values of 1, 2 or 4 bits, the first in the highest bits.
pub(super) fn small(row: &[u8], bits: usize) -> impl Iterator<Item = u8> {
    let last = (1u16 << bits) - 1;
    row.iter().flat_map(move |&byte| (0..8 / bits).rev().map(move |at| (u16::from(byte) >> (at * bits) & last) as u8))
}
