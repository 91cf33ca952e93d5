//! Pages: the headers of a column's pages, looked at before the crate decompresses a page.
//!
//! The crate takes as much memory as a header asks for, which may be 2 GiB. The sizes of a column are in the metadata,
//! and no page can be larger. Headers are in Thrift's compact protocol.

use std::io::Read;

/// The greatest depth of values in values. Headers need four.
const DEEPEST: usize = 16;

/// Refuses pages that do not fit into their column, by its bytes in the file and decompressed. `open` gives a reader
/// from a place.
pub(super) fn check<R: Read>(
    open: impl Fn(u64) -> Result<R, String>,
    (start, length): (u64, u64),
    decompressed: u64,
) -> Result<(), String> {
    let end = start.saturating_add(length);
    let (mut at, mut total) = (start, 0u64);
    while at < end {
        let mut header = Header { reader: open(at)?, read: 0 };
        let (page, stored) = header.sizes().ok_or("the header of a page is unreadable")?;
        at = at.saturating_add(header.read).saturating_add(stored);
        total = total.saturating_add(page);
        if at > end || total > decompressed {
            return Err(format!(
                "a page says that it has {stored} bytes, and {page} decompressed; its column has {length} and \
                 {decompressed}"
            ));
        }
    }
    Ok(())
}

struct Header<R> {
    reader: R,
    /// Bytes.
    read: u64,
}

impl<R: Read> Header<R> {
    /// Bytes of the page decompressed, and in the file.
    fn sizes(&mut self) -> Option<(u64, u64)> {
        const DECOMPRESSED: i64 = 2;
        const STORED: i64 = 3;
        let (mut decompressed, mut stored) = (None, None);
        let mut field = 0;
        while let Some(kind) = self.field(&mut field)? {
            match (field, kind) {
                (DECOMPRESSED, INTEGER) => decompressed = u64::try_from(self.integer()?).ok(),
                (STORED, INTEGER) => stored = u64::try_from(self.integer()?).ok(),
                _ => self.skip(kind, 0)?,
            }
        }
        Some((decompressed?, stored?))
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.reader.read_exact(&mut byte).ok()?;
        self.read += 1;
        Some(byte[0])
    }

    fn bytes(&mut self, count: u64) -> Option<()> {
        let there = std::io::copy(&mut self.reader.by_ref().take(count), &mut std::io::sink()).ok()?;
        self.read += there;
        (there == count).then_some(())
    }

    /// Seven bits a byte, the lowest first.
    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(value);
            }
        }
        None
    }

    fn integer(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The type of the next field, whose number goes to `number`. `Some(None)` at the end.
    fn field(&mut self, number: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *number = match byte >> 4 {
            0 => self.integer()?,
            more => number.checked_add(more.into())?,
        };
        Some(Some(byte & 15))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth == DEEPEST {
            return None;
        }
        match kind {
            // In a field, a truth value is its type.
            1 | 2 => Some(()),
            3 => self.bytes(1),
            4..=6 => self.unsigned().map(drop),
            7 => self.bytes(8),
            8 => {
                let length = self.unsigned()?;
                self.bytes(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.unsigned()? } else { u64::from(head >> 4) };
                (0..count).try_for_each(|_| self.skip_element(head & 15, depth))
            }
            11 => {
                let count = self.unsigned()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 15, depth)
                })
            }
            12 => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth + 1)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// In a list, a truth value takes a byte.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Option<()> {
        if matches!(kind, 1 | 2) { self.bytes(1) } else { self.skip(kind, depth + 1) }
    }
}

/// A number of 32 bits.
const INTEGER: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of a page of this size, `stored` bytes in the file, with all kinds of further fields.
    fn header(decompressed: u8, stored: u8) -> Vec<u8> {
        let mut header = vec![0x15, 0, 0x15, 2 * decompressed, 0x15, 2 * stored];
        // A structure with a text, a number of 64 bits, a list of truth values and a map.
        header.extend([0x2C, 0x18, 2, b'a', b'b', 0x16, 0x80, 1, 0x19, 0x21, 1, 2, 0x1B, 1, 0x83, 1, b'k', 7, 0]);
        header.extend([0x17, 1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0]);
        header
    }

    #[test]
    fn pages_must_fit_their_column() {
        let one = [header(10, 4), vec![9; 4]].concat();
        let two = [&one[..], &one[..]].concat();
        let checked = |bytes: &[u8], length: usize, decompressed| {
            check(|at| Ok(&bytes[at as usize..]), (0, length as u64), decompressed)
        };
        assert_eq!(checked(&two, two.len(), 20), Ok(()));
        let large = checked(&two, two.len(), 19).unwrap_err();
        let length = two.len();
        let says = format!("a page says that it has 4 bytes, and 10 decompressed; its column has {length} and 19");
        assert_eq!(large, says);
        assert!(checked(&two, two.len() - 1, 20).is_err());
        for cut in 1..header(10, 4).len() {
            assert!(checked(&one[..cut], one.len(), 20).is_err(), "{cut}");
        }
        // A page of two gigabytes, and one that is smaller than nothing.
        for size in [&[0xFE, 0xFF, 0xFF, 0xFF, 0x0F][..], &[1]] {
            let lie = [&[0x15, 0, 0x15][..], size, &[0x15, 2, 0, 9]].concat();
            assert!(checked(&lie, lie.len(), 1 << 30).is_err(), "{size:?}");
        }
        let deep = [&[0x15, 0, 0x15, 2, 0x15, 2][..], &[0x1C; 100], &[0; 102]].concat();
        assert_eq!(checked(&deep, deep.len(), 100), Err("the header of a page is unreadable".to_string()));
    }
}
