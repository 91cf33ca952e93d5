//! PngText: the chunks of a PNG that may state its orientation: an EXIF block, one in hexadecimal digits, and XMP.
//!
//! The last chunk of a kind counts, as in Pillow. No other text is decompressed.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::orientation::{self, EXIF};

/// Pillow refuses longer texts.
const LONGEST: u64 = 1 << 20;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PngText<'a> {
    exif: Option<Cow<'a, [u8]>>,
    /// The text that ImageMagick writes.
    profile: Option<Text<'a>>,
    xmp: Option<Text<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Text<'a> {
    bytes: &'a [u8],
    is_compressed: bool,
}

impl<'a> PngText<'a> {
    /// Keeps a chunk that may state the orientation.
    pub fn take(&mut self, name: &[u8], contents: &'a [u8]) {
        if name == b"eXIf" {
            // Pillow puts this in front, and so takes one more of it and not two.
            self.exif = Some([EXIF, contents].concat().into());
        }
        let Some((keyword, text)) = Text::of(name, contents) else { return };
        match keyword {
            b"exif" if name == b"tEXt" => self.exif = Some(text.bytes.into()),
            b"Raw profile type exif" => self.profile = Some(text),
            b"XML:com.adobe.xmp" => self.xmp = Some(text),
            _ => {}
        }
    }

    /// 1 to 8.
    pub fn orientation(&self) -> u8 {
        let profile = || self.profile.and_then(|text| binary(&text.read()?));
        let profile = if self.exif.is_none() { profile() } else { None };
        let xmp = self.xmp.and_then(Text::read);
        orientation::of(self.exif.as_deref().or(profile.as_deref()), xmp.as_deref())
    }
}

/// The bytes before the first zero, and those after it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

impl<'a> Text<'a> {
    /// The keyword and the text of a chunk.
    fn of(name: &[u8], contents: &'a [u8]) -> Option<(&'a [u8], Self)> {
        let (keyword, rest) = split(contents)?;
        let (bytes, is_compressed) = match (name, rest) {
            (b"tEXt", _) => (rest, false),
            (b"zTXt", [0, text @ ..]) => (text, true),
            (b"iTXt", [0, _, rest @ ..]) => (split(split(rest)?.1)?.1, false),
            (b"iTXt", [_, 0, rest @ ..]) => (split(split(rest)?.1)?.1, true),
            _ => return None,
        };
        Some((keyword, Text { bytes, is_compressed }))
    }

    /// The text. `None` if it is damaged, or longer than Pillow takes.
    fn read(self) -> Option<Cow<'a, [u8]>> {
        if !self.is_compressed {
            return Some(self.bytes.into());
        }
        let mut text = Vec::new();
        ZlibDecoder::new(self.bytes).take(LONGEST + 1).read_to_end(&mut text).ok()?;
        (text.len() as u64 <= LONGEST).then_some(text.into())
    }
}

/// The bytes of a profile: three lines that say what it is, and then hexadecimal digits.
fn binary(profile: &[u8]) -> Option<Vec<u8>> {
    let lines = profile.split(|&byte| byte == b'\n').skip(3);
    let digits: Vec<u8> = lines.flatten().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = digits.chunks(2).map(|pair| match *pair {
        [high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
        _ => None,
    });
    bytes.collect()
}
