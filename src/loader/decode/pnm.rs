//! Pnm: PBM, PGM and PPM, plain and raw, with Pillow's bytes.
//!
//! Values are scaled from the file's largest value to 255 and rounded to even. Of gray with more than 8 bits the high
//! byte is taken, where Pillow's `convert("L")` cuts at 255.

use super::{Header, Outcome, Truncated};
use crate::batch::Size;
use crate::error::{Error, Result};

fn refused(reason: impl Into<String>) -> Error {
    Error::Decode(format!("unreadable PNM: {}", reason.into()))
}

struct Pnm {
    size: Size,
    /// 1 or 3.
    channels: usize,
    is_plain: bool,
    /// Whether a value is a bit, and 1 is black.
    is_bitmap: bool,
    /// The largest value.
    last: u32,
    data: usize,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

impl Pnm {
    fn read(bytes: &[u8]) -> Result<Self> {
        let kind = match bytes {
            [b'P', kind @ b'1'..=b'6', space, ..] if is_space(*space) => kind - b'0',
            _ => return Err(refused("unknown kind")),
        };
        let mut at = 3;
        let size = Size { width: header_number(bytes, &mut at)?, height: header_number(bytes, &mut at)? };
        let is_bitmap = matches!(kind, 1 | 4);
        let last = if is_bitmap { 1 } else { header_number(bytes, &mut at)? };
        if !(1..65536).contains(&last) {
            return Err(refused(format!("a largest value of {last}; it is from 1 to 65535")));
        }
        let channels = if matches!(kind, 3 | 6) { 3 } else { 1 };
        let pnm = Pnm { size, channels, is_plain: kind < 4, is_bitmap, last: last as u32, data: at };
        size.check()?;
        // Each value takes at least a bit, so that a short file claims no large image.
        if size.pixels() / 8 > bytes.len().max(1 << 22) {
            return Err(refused("the data are truncated"));
        }
        Ok(pnm)
    }

    fn is_deep(&self) -> bool {
        self.last > 255
    }

    /// The 256 or 65536 results.
    fn scale(&self, value: u32) -> u8 {
        let share = f64::from(value) / f64::from(self.last);
        if self.is_deep() && self.channels == 1 {
            return ((share * 65535.0).round_ties_even().min(65535.0) as u32 >> 8) as u8;
        }
        (share * 255.0).round_ties_even().min(255.0) as u8
    }
}

/// A number of at most ten digits, and the byte after it. Comments reach to the end of their line.
fn header_number(bytes: &[u8], at: &mut usize) -> Result<usize> {
    let mut digits = String::new();
    while digits.len() <= 10 {
        let Some(&byte) = bytes.get(*at) else { break };
        *at += 1;
        match byte {
            b'#' => {
                let line = bytes[*at..].iter().position(|&b| is_line_end(b));
                *at = line.map_or(bytes.len(), |end| *at + end + 1);
            }
            _ if is_space(byte) && digits.is_empty() => {}
            _ if is_space(byte) => break,
            _ => digits.push(char::from(byte)),
        }
    }
    let value = number(digits.as_bytes()).and_then(|value| usize::try_from(value).ok());
    value.ok_or_else(|| refused(format!("`{digits}` is no number")))
}

/// A number of at most ten characters, as Python's `int` reads it: with a sign, and with `_` between digits. Below zero
/// there is none.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    let is_number = text.len() <= 10 && digits.split(|&b| b == b'_').all(|part| !part.is_empty());
    let join = |sum: u64, &digit: &u8| char::from(digit).to_digit(10).map(|digit| sum * 10 + u64::from(digit));
    let value = digits.iter().filter(|&&b| b != b'_').try_fold(0, join).filter(|_| is_number)?;
    (value == 0 || !text.starts_with(b"-")).then_some(value)
}

pub(super) fn header(bytes: &[u8]) -> Result<Header> {
    let pnm = Pnm::read(bytes)?;
    Ok(Header::new(pnm.size, pnm.channels, 1))
}

pub(super) fn decode_into(bytes: &[u8], truncated: Truncated, out: &mut [u8]) -> Result<Outcome> {
    let pnm = Pnm::read(bytes)?;
    let data = &bytes[pnm.data..];
    let mut outcome = Outcome { is_deep: pnm.is_deep(), ..Outcome::default() };
    let there = match (pnm.is_plain, pnm.is_bitmap) {
        (true, true) => plain_bits(data, out)?,
        (true, false) => plain_values(&pnm, data, out)?,
        (false, true) => {
            let row = pnm.size.width.div_ceil(8);
            let rows = data.chunks_exact(row).zip(out.chunks_exact_mut(pnm.size.width));
            rows.map(|(from, to)| {
                for (x, to) in to.iter_mut().enumerate() {
                    *to = if from[x / 8] & (128 >> (x % 8)) == 0 { 255 } else { 0 };
                }
                to.len()
            })
            .sum()
        }
        (false, false) if pnm.is_deep() => {
            let values = data.chunks_exact(2).map(|v| u32::from(u16::from_be_bytes([v[0], v[1]])));
            out.iter_mut().zip(values).map(|(to, value)| *to = pnm.scale(value)).count()
        }
        (false, false) => {
            let table: Vec<_> = (0..256).map(|value| pnm.scale(value)).collect();
            out.iter_mut().zip(data).map(|(to, &value)| *to = table[usize::from(value)]).count()
        }
    };
    // Pillow fills what it reads by rows: the raw forms of 8 bits.
    let row = pnm.size.width * pnm.channels;
    let is_filled = truncated == Truncated::Fill && !pnm.is_plain && (pnm.is_bitmap || pnm.last == 255);
    if there < out.len() {
        if !is_filled {
            return Err(refused("the data are truncated"));
        }
        out[there / row * row..].fill(0);
        outcome.is_damaged = true;
    }
    Ok(outcome)
}

/// The bytes outside comments. The line end of a comment belongs to it, so `1#\n2` is 12, as in Pillow.
fn without_comments(data: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(data.len());
    let mut is_comment = false;
    for &byte in data {
        if is_comment {
            is_comment = !is_line_end(byte);
        } else if byte == b'#' {
            is_comment = true;
        } else {
            kept.push(byte);
        }
    }
    kept
}

fn plain_bits(data: &[u8], out: &mut [u8]) -> Result<usize> {
    let mut there = 0;
    for byte in without_comments(data).into_iter().filter(|&b| !is_space(b)) {
        let value = match byte {
            b'0' => 255,
            b'1' => 0,
            _ => return Err(refused(format!("`{}` is no bit", char::from(byte)))),
        };
        if let Some(to) = out.get_mut(there) {
            *to = value;
            there += 1;
        }
    }
    Ok(there)
}

fn plain_values(pnm: &Pnm, data: &[u8], out: &mut [u8]) -> Result<usize> {
    let data = without_comments(data);
    let tokens = data.split(|&b| is_space(b)).filter(|token| !token.is_empty());
    let mut there = 0;
    for (to, token) in out.iter_mut().zip(tokens) {
        let value = number(token).and_then(|value| u32::try_from(value).ok()).filter(|&value| value <= pnm.last);
        let value = value.ok_or_else(|| refused(format!("`{}` is no value up to {}", start_of(token), pnm.last)))?;
        *to = pnm.scale(value);
        there += 1;
    }
    Ok(there)
}

/// A value's text as a message shows it. A damaged file may have no space for long.
fn start_of(token: &[u8]) -> String {
    let start = String::from_utf8_lossy(&token[..token.len().min(20)]).into_owned();
    if token.len() > 20 { start + "..." } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_takes_its_line_end_along() {
        for (data, kept) in [("1#x\n2 3", "12 3"), ("1 # x\r\n2", "1 \n2"), ("1 2#", "1 2"), ("#\n#\n7", "7")] {
            assert_eq!(without_comments(data.as_bytes()), kept.as_bytes(), "{data}");
        }
    }

    #[test]
    fn numbers_are_those_of_python() {
        for (text, value) in
            [("7", 7), ("007", 7), ("+12", 12), ("1_000", 1000), ("-0", 0), ("9999999999", 9_999_999_999)]
        {
            assert_eq!(number(text.as_bytes()), Some(value), "{text}");
        }
        for text in ["", "+", "-1", "_1", "1_", "1__0", "+-1", "1.0", "0x1", "99999999999", "\u{661}"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }
}
