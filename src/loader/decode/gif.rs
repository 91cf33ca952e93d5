//! Gif: the first frame of a GIF, with Pillow's bytes and its tolerance. Further frames are never decoded.
//!
//! A frame smaller than the screen stands on the transparent color, or else on the first color. A palette of grays in
//! their order is none, and the image is then gray. A gray palette of the frame counts before one of the whole file, as
//! in Pillow's `convert("L")`; its `convert("RGB")` would take the file's colors.

use std::ops::Range;

use super::{Header, Outcome, Truncated};
use crate::batch::Size;
use crate::error::{Error, Result};

/// Codes of more bits do not exist.
const MAX_BITS: u32 = 12;
const CODES: usize = 1 << MAX_BITS;

fn refused(reason: impl Into<String>) -> Error {
    Error::Decode(format!("unreadable GIF: {}", reason.into()))
}

/// The first frame.
struct Gif<'a> {
    screen: Size,
    /// Columns and rows of the screen that the frame fills.
    columns: Range<usize>,
    rows: Range<usize>,
    is_interlaced: bool,
    /// R, G, B of each color; `None` for grays in their order.
    palette: Option<&'a [u8]>,
    transparent: Option<u8>,
    /// Bits of a color.
    bits: u32,
    /// Where the compressed data begin.
    data: usize,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at + count).ok_or_else(|| refused("the file ends in its header"))?;
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        self.take(1).map(|byte| byte[0])
    }

    /// A block of data; empty at the end of a list of blocks.
    fn block(&mut self) -> Result<&'a [u8]> {
        let length = self.byte()?;
        self.take(length.into())
    }

    fn skip_blocks(&mut self) -> Result<()> {
        while !self.block()?.is_empty() {}
        Ok(())
    }

    fn palette(&mut self, flags: u8) -> Result<Option<&'a [u8]>> {
        let colors = self.take(6 << (flags & 7))?;
        let is_needed = colors.chunks_exact(3).enumerate().any(|(i, c)| c.iter().any(|&v| usize::from(v) != i));
        Ok(is_needed.then_some(colors))
    }
}

fn number(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

impl<'a> Gif<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader { bytes, at: 0 };
        let screen = reader.take(13)?;
        let (mut width, mut height) = (number(screen, 6), number(screen, 8));
        let mut palette = if screen[10] & 128 != 0 { reader.palette(screen[10])? } else { None };
        let mut transparent = None;
        loop {
            match reader.byte()? {
                b'!' => {
                    let kind = reader.byte()?;
                    let block = reader.block()?;
                    if kind == 249 && !block.is_empty() {
                        if block.len() < 4 {
                            return Err(refused("a control extension is too short"));
                        }
                        if block[0] & 1 != 0 {
                            transparent = Some(block[3]);
                        }
                    }
                    // Pillow looks for the end of the blocks anew, but for comments.
                    const COMMENT: u8 = 254;
                    const APPLICATION: u8 = 255;
                    if kind == APPLICATION && block.starts_with(b"NETSCAPE2.0") {
                        reader.block()?;
                    }
                    if kind != COMMENT || !block.is_empty() {
                        reader.skip_blocks()?;
                    }
                }
                b',' => {
                    let frame = reader.take(9)?;
                    let (left, top) = (number(frame, 0), number(frame, 2));
                    let (right, bottom) = (left + number(frame, 4), top + number(frame, 6));
                    (width, height) = (width.max(right), height.max(bottom));
                    if frame[8] & 128 != 0 {
                        palette = reader.palette(frame[8])?;
                    }
                    let bits = u32::from(reader.byte()?);
                    if bits > MAX_BITS {
                        return Err(refused(format!("colors of {bits} bits")));
                    }
                    return Ok(Gif {
                        screen: Size { width, height },
                        columns: left..right,
                        rows: top..bottom,
                        is_interlaced: frame[8] & 64 != 0,
                        palette,
                        transparent,
                        bits,
                        data: reader.at,
                    });
                }
                b';' => return Err(refused("there is no image")),
                _ => {}
            }
        }
    }

    /// Channels of the result: 1 or 3.
    fn channels(&self) -> usize {
        if self.palette.is_some() { 3 } else { 1 }
    }

    fn color(&self, index: u8) -> [u8; 3] {
        let Some(palette) = self.palette else { return [index; 3] };
        let at = usize::from(index) * 3;
        palette.get(at..at + 3).map_or([0; 3], |c| [c[0], c[1], c[2]])
    }
}

pub(super) fn header(bytes: &[u8]) -> Result<Header> {
    let gif = Gif::read(bytes)?;
    Ok(Header::new(gif.screen, gif.channels(), 1))
}

pub(super) fn decode_into(bytes: &[u8], truncated: Truncated, out: &mut [u8]) -> Result<Outcome> {
    let gif = Gif::read(bytes)?;
    if gif.columns.is_empty() || gif.rows.is_empty() {
        return Err(refused("the first frame is empty"));
    }
    let colors: Vec<_> = (0..=255).map(|index| gif.color(index)).collect();
    let ground = colors[usize::from(gif.transparent.unwrap_or(0))];
    let channels = gif.channels();
    out.chunks_exact_mut(channels).for_each(|pixel| pixel.copy_from_slice(&ground[..channels]));
    let mut places = Places::new(&gif);
    let mut has_alpha = gif.transparent.is_some() && !places.fill_screen;
    let unpacked = unpack(&bytes[gif.data..], gif.bits, |index| {
        let Some(at) = places.next() else { return false };
        out[at * channels..][..channels].copy_from_slice(&colors[usize::from(index)][..channels]);
        has_alpha |= gif.transparent == Some(index);
        !places.is_done()
    });
    let is_damaged = match unpacked {
        Ok(()) => false,
        Err(_) if truncated == Truncated::Fill => true,
        Err(error) => return Err(error),
    };
    Ok(Outcome { has_alpha, is_animated: has_another(bytes, gif.data), is_damaged, ..Outcome::default() })
}

/// The pixels of a frame in the order of its data, as numbers of the screen's pixels.
struct Places {
    width: usize,
    columns: Range<usize>,
    rows: std::vec::IntoIter<usize>,
    row: Option<usize>,
    column: usize,
    fill_screen: bool,
}

impl Places {
    fn new(gif: &Gif<'_>) -> Self {
        let Range { start, end } = gif.rows;
        let passes: &[(usize, usize)] = if gif.is_interlaced { &[(0, 8), (4, 8), (2, 4), (1, 2)] } else { &[(0, 1)] };
        let rows: Vec<_> = passes.iter().flat_map(|&(first, step)| (start + first..end).step_by(step)).collect();
        let mut rows = rows.into_iter();
        let row = rows.next();
        let fill_screen = gif.columns == (0..gif.screen.width) && gif.rows == (0..gif.screen.height);
        Places { width: gif.screen.width, columns: gif.columns.clone(), rows, row, column: 0, fill_screen }
    }

    fn next(&mut self) -> Option<usize> {
        let at = self.row? * self.width + self.columns.start + self.column;
        self.column += 1;
        if self.column == self.columns.len() {
            (self.column, self.row) = (0, self.rows.next());
        }
        Some(at)
    }

    fn is_done(&self) -> bool {
        self.row.is_none()
    }
}

/// Unpacks blocks of LZW codes and gives each value to `put`, until it wants no more.
///
/// A full table stays until the data clear it. A code may be one ahead of the table.
fn unpack(bytes: &[u8], bits: u32, mut put: impl FnMut(u8) -> bool) -> Result<()> {
    let damaged = || refused("its data are damaged");
    let mut codes = Codes { bytes, at: 0, block: 0, bits: 0, count: 0 };
    let clear = 1usize << bits;
    let mut links = [0u16; CODES];
    let mut values = [0u8; CODES];
    let mut stack = Vec::with_capacity(CODES);
    let (mut next, mut width) = (clear + 2, bits + 1);
    let mut last: Option<(usize, u8)> = None;
    loop {
        let code = codes.next(width)?;
        if code == clear {
            (next, width, last) = (clear + 2, bits + 1, None);
            continue;
        }
        if code == clear + 1 {
            return Err(refused("the data are truncated"));
        }
        let Some((last_code, last_value)) = last else {
            if code > clear {
                return Err(damaged());
            }
            last = Some((code, code as u8));
            if !put(code as u8) {
                return Ok(());
            }
            continue;
        };
        if code > next {
            return Err(damaged());
        }
        let mut at = code;
        if code == next {
            stack.push(last_value);
            at = last_code;
        }
        while at >= clear {
            if stack.len() >= CODES || at >= CODES {
                return Err(damaged());
            }
            stack.push(values[at]);
            at = usize::from(links[at]);
        }
        let first = at as u8;
        if next < CODES {
            (values[next], links[next]) = (first, last_code as u16);
            if next == (1 << width) - 1 && width < MAX_BITS {
                width += 1;
            }
            next += 1;
        }
        last = Some((code, first));
        if !put(first) {
            return Ok(());
        }
        while let Some(value) = stack.pop() {
            if !put(value) {
                return Ok(());
            }
        }
    }
}

/// Codes from blocks of bytes, the lowest bits first. A block of no bytes does not end them.
struct Codes<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bytes that are left in the block.
    block: usize,
    bits: u32,
    count: u32,
}

impl Codes<'_> {
    fn next(&mut self, width: u32) -> Result<usize> {
        let truncated = || refused("the data are truncated");
        while self.count < width {
            if self.block > 0 {
                self.bits |= u32::from(self.bytes[self.at]) << self.count;
                self.count += 8;
                self.block -= 1;
            } else {
                let length = usize::from(*self.bytes.get(self.at).ok_or_else(truncated)?);
                if self.bytes.len() - self.at <= length {
                    return Err(truncated());
                }
                self.block = length;
            }
            self.at += 1;
        }
        let code = self.bits & ((1 << width) - 1);
        self.bits >>= width;
        self.count -= width;
        Ok(code as usize)
    }
}

/// Whether a frame follows the one whose data begin at `data`. Nothing is unpacked.
fn has_another(bytes: &[u8], data: usize) -> bool {
    let mut reader = Reader { bytes, at: data };
    let mut look = || -> Result<bool> {
        reader.skip_blocks()?;
        loop {
            match reader.byte()? {
                b',' => return Ok(true),
                b';' => return Ok(false),
                b'!' => {
                    reader.byte()?;
                    reader.skip_blocks()?;
                }
                _ => {}
            }
        }
    };
    look().unwrap_or(false)
}
