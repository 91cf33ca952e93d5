//! Bmp: BMPs, with Pillow's bytes: palettes, 16, 24 and 32 bits, run lengths, and headers of OS/2.

use super::png::small;
use super::{Header, Outcome, Truncated};
use crate::batch::Size;
use crate::error::{Error, Result};

fn refused(reason: impl Into<String>) -> Error {
    Error::Decode(format!("unreadable BMP: {}", reason.into()))
}

/// How a pixel is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pixel {
    /// A color of the palette, in 1, 4 or 8 bits.
    Palette(usize),
    /// 5 bits each.
    Rgb555,
    /// 5, 6 and 5 bits.
    Rgb565,
    /// Bytes in all, and the places of red, green and blue.
    Bytes(usize, [usize; 3]),
}

struct Bmp {
    size: Size,
    pixel: Pixel,
    /// Whether the palette is one of grays in their order, which Pillow takes for none.
    is_gray: bool,
    has_alpha: bool,
    is_bottom_up: bool,
    /// 4 or 8 if runs of as many bits are stored.
    runs: Option<usize>,
    palette: Vec<[u8; 3]>,
    /// Bytes from a row to the next.
    stride: usize,
    data: usize,
}

fn short(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn long(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}

/// The places of red, green and blue among four bytes, by their masks, and whether the fourth is alpha.
fn places(masks: [usize; 4]) -> Option<([usize; 3], bool)> {
    Some(match masks {
        [0xFF0000, 0xFF00, 0xFF, 0] => ([2, 1, 0], false),
        [0xFF000000, 0xFF0000, 0xFF00, 0] => ([3, 2, 1], false),
        [0xFF000000, 0xFF00, 0xFF, 0] => ([3, 1, 0], false),
        [0xFF000000, 0xFF0000, 0xFF00, 0xFF] => ([3, 2, 1], true),
        [0xFF, 0xFF00, 0xFF0000, 0xFF000000] => ([0, 1, 2], true),
        [0xFF0000, 0xFF00, 0xFF, 0xFF000000] | [0, 0, 0, 0] => ([2, 1, 0], true),
        [0xFF000000, 0xFF00, 0xFF, 0xFF0000] => ([3, 1, 0], true),
        _ => return None,
    })
}

impl Bmp {
    fn read(bytes: &[u8]) -> Result<Self> {
        let cut = || refused("the file ends in its header");
        let file = bytes.get(..18).ok_or_else(cut)?;
        let (mut data, length) = (long(file, 10), long(file, 14));
        if !matches!(length, 12 | 40 | 52 | 56 | 64 | 108 | 124) {
            return Err(refused(format!("a header of {length} bytes")));
        }
        let info = bytes.get(14..14 + length).ok_or_else(cut)?;
        let mut after = 14 + length;
        let is_core = length == 12;
        let padding = if is_core { 3 } else { 4 };
        let is_top_down = !is_core && info[11] == 0xFF;
        let size = match (is_core, is_top_down) {
            (true, _) => Size { width: short(info, 4), height: short(info, 6) },
            (_, false) => Size { width: long(info, 4), height: long(info, 8) },
            (_, true) => Size { width: long(info, 4), height: (1 << 32) - long(info, 8) },
        };
        let bits = if is_core { short(info, 10) } else { short(info, 14) };
        let compression = if is_core { 0 } else { long(info, 16) };
        let colors = if is_core { 0 } else { long(info, 32) };
        let colors = if colors == 0 && bits <= 8 { 1 << bits } else { colors };
        if data == after && bits <= 8 {
            data = data.saturating_add(padding * colors);
        }
        let mut has_alpha = false;
        let mut pixel = match bits {
            1 | 4 | 8 => Pixel::Palette(bits),
            16 => Pixel::Rgb555,
            24 => Pixel::Bytes(3, [2, 1, 0]),
            32 => Pixel::Bytes(4, [2, 1, 0]),
            _ => return Err(refused(format!("{bits} bits a pixel"))),
        };
        let mut runs = None;
        match (compression, bits) {
            (0, _) => {}
            (1, 1 | 4 | 8) => runs = Some(8),
            (2, 1 | 4 | 8) => runs = Some(4),
            (3, _) => {
                let masks = if length >= 52 { info } else { bytes };
                let at = if length >= 52 { 40 } else { after };
                let masks = masks.get(at..at + 12).ok_or_else(cut)?;
                after += if length >= 52 { 0 } else { 12 };
                let rgb = [long(masks, 0), long(masks, 4), long(masks, 8)];
                let alpha = if length >= 56 { long(info, 52) } else { 0 };
                let unknown = || refused(format!("unknown masks {rgb:X?} of {bits} bits"));
                pixel = match (bits, rgb) {
                    (32, [r, g, b]) => {
                        let (places, is_there) = places([r, g, b, alpha]).ok_or_else(unknown)?;
                        has_alpha = is_there;
                        Pixel::Bytes(4, places)
                    }
                    (24, [0xFF0000, 0xFF00, 0xFF]) => pixel,
                    (16, [0xF800, 0x7E0, 0x1F]) => Pixel::Rgb565,
                    (16, [0x7C00, 0x3E0, 0x1F]) => Pixel::Rgb555,
                    _ => return Err(unknown()),
                };
            }
            _ => return Err(refused(format!("compression {compression} of {bits} bits"))),
        }
        let mut palette = Vec::new();
        let mut is_gray = false;
        if let Pixel::Palette(bits) = &mut pixel {
            if !(1..=65536).contains(&colors) {
                return Err(refused(format!("a palette of {colors} colors")));
            }
            let end = (after + padding * colors).min(bytes.len());
            let stored = bytes.get(after..end).unwrap_or_default();
            after = end;
            palette.extend(stored.chunks_exact(padding).map(|c| [c[2], c[1], c[0]]));
            // The pixels have then as many bits as grays need.
            let grays: fn(usize) -> usize = if colors == 2 { |i| i * 255 } else { |i| i };
            is_gray = palette.len() == colors
                && palette.iter().enumerate().all(|(i, c)| c.iter().all(|&v| usize::from(v) == grays(i)));
            if is_gray {
                *bits = if colors <= 2 { 1 } else { 8 };
                let grays = (palette.len()..256).map(|i| [if colors <= 2 { 255 } else { i as u8 }; 3]);
                palette.extend(grays);
            } else if stored.len() > 256 * padding {
                return Err(refused(format!("a palette of {colors} colors")));
            }
            palette.resize(palette.len().max(256), [0; 3]);
        }
        let stride = (size.width.saturating_mul(bits).saturating_add(31) >> 3) & !3;
        let data = if data == 0 { after } else { data };
        // Before memory is taken for a large image.
        let stored = stride.saturating_mul(size.height.saturating_sub(1)).saturating_add(data);
        if runs.is_none() && stored > bytes.len().max(1 << 22) {
            return Err(refused(format!(
                "the data are truncated: {stored} bytes and more are due, and {} there",
                bytes.len()
            )));
        }
        Ok(Bmp { size, pixel, is_gray, has_alpha, is_bottom_up: !is_top_down, runs, palette, stride, data })
    }

    /// Channels of the result: 1 or 3.
    fn channels(&self) -> usize {
        if self.is_gray { 1 } else { 3 }
    }

    /// The bytes of a row's pixels.
    fn row_bytes(&self) -> usize {
        match self.pixel {
            Pixel::Palette(bits) => (self.size.width * bits).div_ceil(8),
            Pixel::Rgb555 | Pixel::Rgb565 => self.size.width * 2,
            Pixel::Bytes(bytes, _) => self.size.width * bytes,
        }
    }

    fn unpack(&self, row: &[u8], out: &mut [u8]) {
        let channels = self.channels();
        let pixels = out.chunks_exact_mut(channels);
        let color = |index: u8| &self.palette[usize::from(index)][..channels];
        let widen = |value: usize, last: usize| ((value & last) * 255 / last) as u8;
        match self.pixel {
            Pixel::Palette(8) => pixels.zip(row).for_each(|(to, &index)| to.copy_from_slice(color(index))),
            Pixel::Palette(bits) => {
                pixels.zip(small(row, bits)).for_each(|(to, index)| to.copy_from_slice(color(index)));
            }
            Pixel::Rgb555 | Pixel::Rgb565 => {
                let (green, red) = if self.pixel == Pixel::Rgb565 { (63, 11) } else { (31, 10) };
                for (to, from) in pixels.zip(row.chunks_exact(2)) {
                    let value = short(from, 0);
                    to.copy_from_slice(&[widen(value >> red, 31), widen(value >> 5, green), widen(value, 31)]);
                }
            }
            Pixel::Bytes(bytes, places) => {
                for (to, from) in pixels.zip(row.chunks_exact(bytes)) {
                    to.copy_from_slice(&places.map(|at| from[at]));
                }
            }
        }
    }
}

pub(super) fn header(bytes: &[u8]) -> Result<Header> {
    let bmp = Bmp::read(bytes)?;
    Ok(Header::new(bmp.size, bmp.channels(), 1))
}

pub(super) fn decode_into(bytes: &[u8], truncated: Truncated, out: &mut [u8]) -> Result<Outcome> {
    let bmp = Bmp::read(bytes)?;
    let (Size { width, height }, channels) = (bmp.size, bmp.channels());
    let mut outcome = Outcome { has_alpha: bmp.has_alpha, ..Outcome::default() };
    let row_of = |stored: usize| if bmp.is_bottom_up { height - 1 - stored } else { stored };
    if let Some(bits) = bmp.runs {
        let indices = unpack_runs(bytes, bmp.data, bits, bmp.size)?;
        for (stored, row) in indices.chunks_exact(width).enumerate() {
            let to = out[row_of(stored) * width * channels..].chunks_exact_mut(channels);
            to.zip(row).for_each(|(to, &i)| to.copy_from_slice(&bmp.palette[usize::from(i)][..channels]));
        }
        return Ok(outcome);
    }
    let length = bmp.row_bytes();
    if length > bmp.stride {
        return Err(refused("its palette does not fit its pixels"));
    }
    for stored in 0..height {
        let start = bmp.data.saturating_add(stored * bmp.stride);
        let to = &mut out[row_of(stored) * width * channels..][..width * channels];
        match bytes.get(start..start.saturating_add(length)) {
            Some(row) => bmp.unpack(row, to),
            None if truncated == Truncated::Fill => {
                // Memory that Pillow did not write is zero, which is the first color.
                bmp.unpack(&vec![0; length], to);
                outcome.is_damaged = true;
            }
            None => return Err(refused("the data are truncated")),
        }
    }
    Ok(outcome)
}

/// The palette's indices, from runs of 4 or 8 bits. Gaps are filled with the first color.
fn unpack_runs(bytes: &[u8], data: usize, bits: usize, size: Size) -> Result<Vec<u8>> {
    let Size { width, height } = size;
    let total = width * height;
    let mut indices = Vec::new();
    indices.try_reserve_exact(total).map_err(|_| refused(format!("no memory for {total} bytes")))?;
    let (mut at, mut x) = (data, 0);
    let nibbles = |byte: u8| [byte >> 4, byte & 15];
    while indices.len() < total {
        let Some(&[count, value]) = bytes.get(at..at + 2) else { break };
        at += 2;
        if count > 0 {
            // What does not fit into the row is left out.
            let count = usize::from(count).min(width.saturating_sub(x));
            match bits {
                4 => indices.extend(nibbles(value).iter().cycle().take(count)),
                _ => indices.extend(std::iter::repeat_n(value, count)),
            }
            x += count;
            continue;
        }
        match value {
            0 => {
                indices.resize(indices.len().next_multiple_of(width), 0);
                x = 0;
            }
            1 => break,
            2 => {
                let Some(&[right, up]) = bytes.get(at..at + 2) else { break };
                at += 2;
                let gap = usize::from(right) + usize::from(up) * width;
                indices.resize((indices.len() + gap).min(total), 0);
                x = indices.len() % width;
            }
            _ => {
                let count = usize::from(value).min(total - indices.len());
                let stored = if bits == 4 { count.div_ceil(2) } else { count };
                let there = bytes.get(at..(at + stored).min(bytes.len())).unwrap_or_default();
                match bits {
                    4 => indices.extend(there.iter().flat_map(|&byte| nibbles(byte)).take(count)),
                    _ => indices.extend(there),
                }
                at += there.len();
                if there.len() < stored {
                    break;
                }
                x += usize::from(value);
                at = at.next_multiple_of(2);
            }
        }
    }
    if indices.len() < total {
        return Err(refused("the runs end before the image does"));
    }
    indices.truncate(total);
    Ok(indices)
}
