//! JpegHeader: the segments before a JPEG's first scan, read as Pillow reads them.
//!
//! Pillow reads the segments itself before libjpeg does, and refuses some files that libjpeg would take. Its rules are
//! repeated here.

use super::orientation::{self, EXIF};
use crate::batch::Size;
use crate::error::{Error, Result};

/// What is known before decoding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct JpegHeader {
    pub size: Size,
    /// Channels of the file: 1 (gray), 3 (YCbCr or RGB) or 4 (CMYK or YCCK).
    pub components: usize,
    /// The orientation, 1 to 8. 1 if there is none.
    pub orientation: u8,
    /// Whether its scans refine the image.
    pub is_progressive: bool,
    /// Whether entropy coding is Huffman's. Arithmetic coding has no lower bound of bits per block.
    is_huffman: bool,
}

/// Bytes, and how many of them were read.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(ends_in_header)?;
        self.at += 1;
        Ok(byte)
    }

    /// The contents of a segment. A length below 2 means that it is empty.
    fn segment(&mut self) -> Result<&'a [u8]> {
        let length = usize::from(u16::from_be_bytes([self.byte()?, self.byte()?])).saturating_sub(2);
        let contents = self.bytes.get(self.at..self.at + length).ok_or_else(ends_in_header)?;
        self.at += length;
        Ok(contents)
    }
}

fn ends_in_header() -> Error {
    refused("the file ends inside its header")
}

fn refused(reason: impl Into<String>) -> Error {
    Error::Decode(format!("unreadable JPEG: {}", reason.into()))
}

impl JpegHeader {
    /// Reads up to the first scan.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut frame = None;
        let mut exif: Vec<u8> = Vec::new();
        let mut xmp = None;
        let mut profiles: Vec<&[u8]> = Vec::new();
        // The first three bytes are checked by the format's signature; the third begins the next marker.
        let mut reader = Reader { bytes, at: 3 };
        let mut byte = 0xFF;
        loop {
            if byte != 0xFF {
                byte = reader.byte()?;
                continue;
            }
            let marker = reader.byte()?;
            match marker {
                // Filling bytes before a marker.
                0xFF => continue,
                // A byte FF of data that is out of place.
                0x00 => {}
                0x01..=0xBF => return Err(refused(format!("FF {marker:02X} is no marker"))),
                0xC3 | 0xC5..=0xC7 | 0xCB | 0xCD..=0xCF => {
                    return Err(refused("lossless and hierarchical files cannot be decoded; convert the file to PNG"));
                }
                0xC0..=0xC2 | 0xC9 | 0xCA | 0xDE => {
                    frame = Some(Frame::read(marker, reader.segment()?)?);
                    // Pillow looks at the color profile here.
                    if let Some(first) = profiles.iter().min()
                        && first.len() < 14
                    {
                        return Err(refused("its color profile is too short"));
                    }
                    profiles.clear();
                }
                0xDB => check_tables(reader.segment()?)?,
                0xE0..=0xEF => {
                    let segment = reader.segment()?;
                    check_application(marker, segment)?;
                    if marker == 0xE1 && segment.starts_with(EXIF) {
                        exif.extend_from_slice(if exif.is_empty() { segment } else { &segment[EXIF.len()..] });
                    }
                    if marker == 0xE1
                        && let Some(text) = segment.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0")
                    {
                        xmp = Some(text);
                    }
                    if marker == 0xE2 && segment.starts_with(b"ICC_PROFILE\0") {
                        profiles.push(segment);
                    }
                }
                0xDA => {
                    reader.segment()?;
                    break;
                }
                0xC4 | 0xCC | 0xDC | 0xDD | 0xDF | 0xFE => {
                    reader.segment()?;
                }
                // Markers without contents.
                _ => {}
            }
            byte = reader.byte()?;
        }
        let Frame { size, components, is_progressive, is_huffman } =
            frame.ok_or_else(|| refused("there is no frame header"))?;
        if size.width == 0 || size.height == 0 {
            return Err(refused(format!("the header says {} x {} pixels", size.width, size.height)));
        }
        let orientation = orientation::of(Some(&exif), xmp);
        let header = JpegHeader { size, components, orientation, is_progressive, is_huffman };
        header.check_plausible(bytes.len())?;
        Ok(header)
    }

    /// Refuses a size that so few bytes cannot hold, before memory is taken for it. Huffman coding takes at least one
    /// bit per block of 64 values, and the sampling of the first component is at most four by four times that of
    /// others, so that one bit per 64 pixels is a lower bound.
    fn check_plausible(&self, length: usize) -> Result<()> {
        const SMALL: usize = 1 << 22;
        if self.is_huffman && self.size.pixels() > SMALL && self.size.pixels() / 512 > length {
            let Size { width, height } = self.size;
            return Err(refused(format!("the header says {width} x {height} pixels, and the file has {length} bytes")));
        }
        Ok(())
    }
}

struct Frame {
    size: Size,
    components: usize,
    is_progressive: bool,
    is_huffman: bool,
}

impl Frame {
    fn read(marker: u8, segment: &[u8]) -> Result<Self> {
        let &[bits, h1, h0, w1, w0, components, ref rest @ ..] = segment else {
            return Err(refused("its frame header is too short"));
        };
        if bits != 8 {
            return Err(refused(format!("{bits} bits per value; 8 is what Pillow and this library read")));
        }
        if !matches!(components, 1 | 3 | 4) {
            return Err(refused(format!("{components} components; 1, 3 and 4 have a meaning")));
        }
        if !rest.len().is_multiple_of(3) {
            return Err(refused("its frame header ends inside a component"));
        }
        let side = |high, low| usize::from(u16::from_be_bytes([high, low]));
        let size = Size { width: side(w1, w0), height: side(h1, h0) };
        let (is_progressive, is_huffman) = (matches!(marker, 0xC2 | 0xCA), matches!(marker, 0xC0..=0xC2));
        Ok(Frame { size, components: components.into(), is_progressive, is_huffman })
    }
}

/// Quantization tables: each a byte and 64 values of one or two bytes.
fn check_tables(mut segment: &[u8]) -> Result<()> {
    while let Some(&kind) = segment.first() {
        let length = if kind >> 4 == 0 { 65 } else { 129 };
        segment = segment.get(length..).ok_or_else(|| refused("a quantization table is too short"))?;
    }
    Ok(())
}

/// Segments of known kinds that Pillow refuses if they are too short.
fn check_application(marker: u8, segment: &[u8]) -> Result<()> {
    let is_short = match marker {
        0xE0 => segment.starts_with(b"JFIF") && segment.len() < 7,
        0xEE => segment.starts_with(b"Adobe") && segment.len() < 7,
        0xED => segment.starts_with(b"Photoshop 3.0\0") && cuts_resources(segment),
        _ => false,
    };
    if is_short { Err(refused(format!("its segment FF {marker:02X} is too short"))) } else { Ok(()) }
}

/// Whether a list of image resources ends where the length of a name belongs. Pillow takes other ends.
fn cuts_resources(segment: &[u8]) -> bool {
    let mut at = 14;
    while segment.get(at..at + 4) == Some(b"8BIM") {
        at += 4;
        if segment.get(at..at + 2).is_none() {
            return false;
        }
        at += 2;
        let Some(&name) = segment.get(at) else { return true };
        at += 1 + usize::from(name);
        at += at & 1;
        let Some(&[a, b, c, d]) = segment.get(at..at + 4) else { return false };
        at += 4 + u32::from_be_bytes([a, b, c, d]) as usize;
        at += at & 1;
    }
    false
}
