//! NpyHeader: the header of a `.npy` file, looked at before the parser sees it.
//!
//! The parser's time doubles with every nested bracket, and it multiplies the sides without a check.

use std::io::{Read, Seek, SeekFrom};

use anyhow::{Context, bail};
use npyz::NpyHeader;

/// The most bytes of a header. NumPy itself writes no more than some hundred for an array of numbers.
pub const HEADER: usize = 1 << 16;
/// The brackets of the dictionary and of the shape in it.
const DEEPEST: usize = 2;

/// Reads the header of a file. Returns the place of the data too.
pub fn read(file: &mut (impl Read + Seek)) -> anyhow::Result<(NpyHeader, u64)> {
    let bytes = checked_bytes(file)?;
    let header = NpyHeader::from_reader(&bytes[..]).context("not a .npy file")?;
    Ok((header, bytes.len() as u64))
}

/// The bytes before the data, which the parser may be given.
fn checked_bytes(file: &mut (impl Read + Seek)) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.by_ref().take(12).read_to_end(&mut bytes)?;
    let length = match bytes[..] {
        [b'\x93', b'N', b'U', b'M', b'P', b'Y', 1, _, low, high, ..] => {
            10 + usize::from(u16::from_le_bytes([low, high]))
        }
        [b'\x93', b'N', b'U', b'M', b'P', b'Y', 2 | 3, _, a, b, c, d] => 12 + u32::from_le_bytes([a, b, c, d]) as usize,
        _ => bail!("not a .npy file of version 1, 2 or 3"),
    };
    if length > HEADER {
        bail!("the header has {length} bytes; it may have at most {HEADER}");
    }
    file.seek(SeekFrom::Start(0))?;
    bytes.clear();
    file.by_ref().take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        bail!("the file is truncated in its header");
    }
    check_text(&bytes)?;
    Ok(bytes)
}

/// Refuses a header that the parser would not survive.
fn check_text(header: &[u8]) -> anyhow::Result<()> {
    let numbers = header.split(|byte| !byte.is_ascii_digit()).filter_map(|digits| str::from_utf8(digits).ok());
    // The first numbers are those of the file's version and of the type.
    let mut sides = numbers.filter_map(|digits| digits.parse::<u64>().ok()).filter(|&side| side > 0);
    if sides.try_fold(1_u64, u64::checked_mul).is_none() {
        bail!("the array's sides make more values than can be counted");
    }
    let mut depth = 0_usize;
    for byte in header {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            bail!("the header nests more than {DEEPEST} brackets; an array of bytes has no such header");
        }
    }
    Ok(())
}
