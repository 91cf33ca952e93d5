//! PngHeader: the chunks of a PNG around its image data, read as Pillow reads them.
//!
//! A profile is not decompressed: one of 45 MB in a file of 45 KB costs nothing here. Pillow refuses such a file.

use std::ops::Range;

use flate2::Crc;

use super::Truncated;
use super::png_text::PngText;
use crate::batch::Size;
use crate::error::{Error, Result};

/// The meaning of a pixel's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Gray,
    Rgb,
    Palette,
    GrayAlpha,
    Rgba,
}

/// What is known before decoding.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PngHeader<'a> {
    pub size: Size,
    pub kind: Kind,
    /// Bits of a value: 1, 2, 4, 8 or 16.
    pub bits: usize,
    pub is_interlaced: bool,
    /// R, G, B of each color.
    pub palette: &'a [u8],
    pub has_transparency: bool,
    pub is_animated: bool,
    /// The orientation, 1 to 8.
    pub orientation: u8,
    text: PngText<'a>,
    /// Where the bytes of the compressed image are.
    pub data: Vec<Range<usize>>,
}

pub(super) fn refused(reason: impl Into<String>) -> Error {
    Error::Decode(format!("unreadable PNG: {}", reason.into()))
}

fn number(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize)
}

/// A chunk's name, and where its contents are. They may end after the file does.
struct Chunk<'a> {
    name: &'a [u8],
    contents: Range<usize>,
}

impl<'a> Chunk<'a> {
    /// The chunk at `at`. `None` at the end of the file; an error if it has no name.
    fn at(bytes: &'a [u8], at: usize) -> Result<Option<Self>> {
        let Some(head) = bytes.get(at..at + 8) else { return Ok(None) };
        let name = &head[4..];
        if !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') {
            return Err(refused("a chunk has no name"));
        }
        Ok(Some(Chunk { name, contents: at + 8..at + 8 + number(head, 0) }))
    }

    fn is_data(&self) -> bool {
        matches!(self.name, b"IDAT" | b"DDAT")
    }

    fn contents(&self, bytes: &'a [u8]) -> Result<&'a [u8]> {
        bytes.get(self.contents.clone()).ok_or_else(|| refused("the file ends inside a chunk"))
    }

    /// Ancillary chunks count for less where damaged files are filled.
    fn is_ancillary(&self) -> bool {
        self.name[0].is_ascii_lowercase()
    }
}

impl<'a> PngHeader<'a> {
    /// Reads up to the image data, and the places of all data.
    pub fn read(bytes: &'a [u8], truncated: Truncated) -> Result<Self> {
        let mut header = PngHeader {
            size: Size { width: 0, height: 0 },
            kind: Kind::Gray,
            bits: 0,
            is_interlaced: false,
            palette: &[],
            has_transparency: false,
            is_animated: false,
            orientation: 1,
            text: PngText::default(),
            data: Vec::new(),
        };
        let fills = truncated == Truncated::Fill;
        let mut at = 8;
        loop {
            let chunk = Chunk::at(bytes, at)?.ok_or_else(|| refused("the file ends before its image data"))?;
            if chunk.is_data() {
                break;
            }
            if chunk.name == b"IEND" {
                return Err(refused("there is no image data"));
            }
            let contents = chunk.contents(bytes)?;
            header.take(&chunk, contents)?;
            at = chunk.contents.end;
            let mut crc = Crc::new();
            crc.update(chunk.name);
            crc.update(contents);
            let is_whole = bytes.get(at..at + 4).is_some_and(|_| number(bytes, at) == crc.sum() as usize);
            if !(is_whole || fills && chunk.is_ancillary()) {
                return Err(refused(format!("the checksum of {} is wrong", String::from_utf8_lossy(chunk.name))));
            }
            at += 4;
        }
        if header.bits == 0 || header.size.width == 0 || header.size.height == 0 {
            return Err(refused("there is no usable IHDR chunk"));
        }
        while let Ok(Some(chunk)) = Chunk::at(bytes, at)
            && chunk.is_data()
        {
            header.data.push(chunk.contents.start..chunk.contents.end.min(bytes.len()));
            at = chunk.contents.end + 4;
        }
        header.check_plausible()?;
        // Chunks after the data need no checksums, and the last one may be missing.
        while let Ok(Some(chunk)) = Chunk::at(bytes, at)
            && chunk.name != b"IEND"
        {
            if header.is_animated && chunk.name == b"fcTL" {
                break;
            }
            match chunk.contents(bytes) {
                Ok(contents) => header.take(&chunk, contents)?,
                Err(_) if fills && chunk.is_data() => break,
                Err(error) => return Err(error),
            }
            at = chunk.contents.end + 4;
        }
        header.orientation = header.text.orientation();
        Ok(header)
    }

    fn take(&mut self, chunk: &Chunk<'_>, contents: &'a [u8]) -> Result<()> {
        let least = match chunk.name {
            b"IHDR" => 13,
            b"gAMA" => 4,
            b"cHRM" => 32,
            b"sRGB" => 1,
            b"pHYs" => 9,
            b"acTL" => 8,
            b"fcTL" => 26,
            b"tRNS" => match self.kind {
                Kind::Gray => 2,
                Kind::Rgb => 6,
                _ => 0,
            },
            _ => 0,
        };
        if contents.len() < least {
            return Err(refused(format!("{} is too short", String::from_utf8_lossy(chunk.name))));
        }
        self.text.take(chunk.name, contents);
        match chunk.name {
            b"IHDR" => self.take_header(contents)?,
            b"PLTE" if self.kind == Kind::Palette => {
                if contents.len() > 768 || !contents.len().is_multiple_of(3) {
                    return Err(refused(format!("a palette of {} bytes", contents.len())));
                }
                self.palette = contents;
            }
            b"tRNS" => self.has_transparency = true,
            b"acTL" => self.is_animated |= number(contents, 0) > 1,
            b"fcTL" if self.data.is_empty() => {
                let frame = [number(contents, 4), number(contents, 8), number(contents, 12), number(contents, 16)];
                if frame != [self.size.width, self.size.height, 0, 0] {
                    return Err(refused("the first frame does not fill the image"));
                }
            }
            // The byte after a name says how the rest is compressed; there is one method.
            b"iCCP" => {
                let name = contents.iter().position(|&b| b == 0);
                let method = name.map_or(contents.first(), |end| contents.get(end + 1));
                if method != Some(&0) {
                    return Err(refused("iCCP has an unknown compression"));
                }
            }
            b"zTXt" => {
                let name = contents.iter().position(|&b| b == 0);
                if name.and_then(|end| contents.get(end + 1)).is_some_and(|method| *method != 0) {
                    return Err(refused("zTXt has an unknown compression"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take_header(&mut self, contents: &[u8]) -> Result<()> {
        self.size = Size { width: number(contents, 0), height: number(contents, 4) };
        let known = match (contents[8], contents[9]) {
            (bits @ (1 | 2 | 4 | 8 | 16), 0) => Some((bits, Kind::Gray)),
            (bits @ (8 | 16), 2) => Some((bits, Kind::Rgb)),
            (bits @ (1 | 2 | 4 | 8), 3) => Some((bits, Kind::Palette)),
            (bits @ (8 | 16), 4) => Some((bits, Kind::GrayAlpha)),
            (bits @ (8 | 16), 6) => Some((bits, Kind::Rgba)),
            _ => None,
        };
        if let Some((bits, kind)) = known {
            (self.bits, self.kind) = (bits.into(), kind);
        }
        self.is_interlaced |= contents[12] != 0;
        if contents[11] != 0 {
            return Err(refused(format!("an unknown filter method, {}", contents[11])));
        }
        Ok(())
    }

    /// Values of a pixel as they are stored.
    pub fn values(&self) -> usize {
        match self.kind {
            Kind::Gray | Kind::Palette => 1,
            Kind::GrayAlpha => 2,
            Kind::Rgb => 3,
            Kind::Rgba => 4,
        }
    }

    /// Channels of the result: 1 or 3. Pillow has no gray with deep alpha, and takes it for RGBA.
    pub fn channels(&self) -> usize {
        match self.kind {
            Kind::Gray => 1,
            Kind::GrayAlpha if self.bits == 8 => 1,
            _ => 3,
        }
    }

    /// The bytes of `width` stored pixels.
    pub fn row_bytes(&self, width: usize) -> usize {
        width.saturating_mul(self.values() * self.bits).div_ceil(8)
    }

    /// Refuses a size that so few bytes cannot hold, before memory is taken for it. Compression shortens data to no
    /// less than 1/1032.
    fn check_plausible(&self) -> Result<()> {
        let Size { width, height } = self.size;
        let there: usize = self.data.iter().map(|range| range.len()).sum();
        // A small image costs little, and damaged ones may be filled.
        const SMALL: usize = 1 << 22;
        let claimed = self.row_bytes(width).saturating_mul(height);
        if claimed > SMALL && claimed / 1032 > there {
            return Err(refused(format!("the header says {width} x {height} pixels, and {there} bytes hold them")));
        }
        Ok(())
    }
}
