//! Lzw: TIFF's form of this compression. It takes and refuses what libtiff does.

use super::refused;
use crate::error::Result;

/// Codes of more bits do not exist.
const MAX_BITS: u32 = 12;
/// A table that is full is refused only after so many strings.
const STRINGS: usize = (1 << MAX_BITS) - 1 + 1024;
const CLEAR: usize = 256;
const END: usize = 257;
const FIRST: usize = 258;

/// A string of bytes: another one and a byte.
#[derive(Clone, Copy, Default)]
struct Text {
    before: u16,
    first: u8,
    last: u8,
    length: usize,
}

/// Codes, the highest bits first.
struct Codes<'a> {
    bytes: std::slice::Iter<'a, u8>,
    bits: u32,
    count: u32,
}

impl Codes<'_> {
    fn next(&mut self, width: u32) -> Result<usize> {
        while self.count < width {
            let byte = self.bytes.next().ok_or_else(|| refused("its data are truncated"))?;
            self.bits = self.bits << 8 | u32::from(*byte);
            self.count += 8;
        }
        self.count -= width;
        Ok((self.bits >> self.count) as usize & ((1 << width) - 1))
    }
}

/// The table of strings, which the parts of a file use one after the other.
pub(super) struct Lzw {
    texts: Vec<Text>,
}

impl Lzw {
    pub fn new() -> Self {
        let mut texts = vec![Text::default(); STRINGS];
        for (byte, text) in (0..=255).zip(&mut texts) {
            *text = Text { before: 0, first: byte, last: byte, length: 1 };
        }
        Lzw { texts }
    }

    /// Unpacks until `out` is full.
    pub fn unpack(&mut self, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        if let [0, second, ..] = bytes
            && second & 1 == 1
        {
            return Err(refused("its LZW codes are in the order of old writers; convert the file to PNG"));
        }
        let damaged = || refused("its data are damaged");
        let mut codes = Codes { bytes: bytes.iter(), bits: 0, count: 0 };
        let texts = &mut self.texts;
        // The first code must clear the table.
        let (mut next, mut width, mut last) = (None, 9, 0);
        let mut at = 0;
        while at < out.len() {
            let mut code = codes.next(width)?;
            if code == END {
                return Err(refused("its data are truncated"));
            }
            if code == CLEAR {
                (next, width) = (Some(FIRST), 9);
                while code == CLEAR {
                    code = codes.next(width)?;
                }
                if code == END {
                    return Err(refused("its data are truncated"));
                }
                if code > END {
                    return Err(damaged());
                }
                (out[at], last) = (code as u8, code);
                at += 1;
                continue;
            }
            let new: usize = next.filter(|&new| code <= new).ok_or_else(damaged)?;
            let before = texts[last];
            let value = if code == new { before.first } else { texts[code].first };
            texts[new] = Text { before: last as u16, first: before.first, last: value, length: before.length + 1 };
            // The width grows one code early.
            if new + 2 >= 1 << width {
                width = (width + 1).min(MAX_BITS);
            }
            next = Some(new + 1).filter(|&next| next < STRINGS);
            last = code;
            // A string is followed from its end. What does not fit is left out.
            let length = texts[code].length;
            let mut from = code;
            for i in (0..length).rev() {
                let text = texts[from];
                if let Some(to) = out.get_mut(at + i) {
                    *to = text.last;
                }
                from = text.before.into();
            }
            at += length;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(codes: &[(u32, u32)]) -> Vec<u8> {
        let bits: String = codes.iter().map(|&(code, width)| format!("{code:0w$b}", w = width as usize)).collect();
        let byte = |bits: &[u8]| bits.iter().fold(0, |sum, bit| sum << 1 | (bit - b'0')) << (8 - bits.len());
        bits.as_bytes().chunks(8).map(byte).collect()
    }

    fn unpacked(codes: &[(u32, u32)], length: usize) -> Result<Vec<u8>> {
        let mut out = vec![0; length];
        Lzw::new().unpack(&packed(codes), &mut out).map(|()| out)
    }

    #[test]
    fn strings_repeat_what_was_there() {
        // 258 is its own end: a string and its first byte.
        assert_eq!(unpacked(&[(256, 9), (7, 9), (258, 9), (259, 9), (9, 9)], 7), Ok(vec![7, 7, 7, 7, 7, 7, 9]));
        assert_eq!(unpacked(&[(256, 9), (1, 9), (2, 9), (258, 9), (258, 9)], 5), Ok(vec![1, 2, 1, 2, 1]));
    }

    #[test]
    fn codes_that_have_no_meaning_are_refused() {
        assert!(unpacked(&[(7, 9)], 1).is_err());
        assert!(unpacked(&[(256, 9), (258, 9)], 1).is_err());
        assert!(unpacked(&[(256, 9), (7, 9), (259, 9)], 9).is_err());
        assert!(unpacked(&[(256, 9), (7, 9), (257, 9)], 9).is_err());
        assert!(unpacked(&[(256, 9), (7, 9)], 2).is_err());
    }
}
