//! Directory: the tags of a TIFF, or of an EXIF block, which has the same form. They are read as Pillow reads them.
//!
//! The first entry of a tag counts. An entry of an unknown type, or without a value, is left out. The list ends where
//! the file does, even inside an entry.

use std::collections::BTreeMap;

/// The order of a number's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// An unsigned number of as many bytes as there are, at most 8.
    pub fn number(self, bytes: &[u8]) -> u64 {
        let join = |sum: u64, &byte: &u8| sum << 8 | u64::from(byte);
        match self {
            Order::Little => bytes.iter().rev().fold(0, join),
            Order::Big => bytes.iter().fold(0, join),
        }
    }
}

/// The types of values that Pillow knows, by their numbers.
mod kind {
    pub const BYTE: u16 = 1;
    pub const SHORT: u16 = 3;
    pub const LONG: u16 = 4;
    pub const RATIONAL: u16 = 5;
    pub const SIGNED_BYTE: u16 = 6;
    pub const UNDEFINED: u16 = 7;
    pub const SIGNED_SHORT: u16 = 8;
    pub const SIGNED_LONG: u16 = 9;
    pub const SIGNED_RATIONAL: u16 = 10;
    pub const FLOAT: u16 = 11;
    pub const DOUBLE: u16 = 12;
    pub const DIRECTORY: u16 = 13;
    pub const LONG8: u16 = 16;

    /// Bytes of a value.
    pub fn length(kind: u16) -> Option<usize> {
        Some(match kind {
            1 | 2 | SIGNED_BYTE | UNDEFINED => 1,
            SHORT | SIGNED_SHORT => 2,
            LONG | SIGNED_LONG | FLOAT | DIRECTORY => 4,
            RATIONAL | SIGNED_RATIONAL | DOUBLE | LONG8 => 8,
            _ => return None,
        })
    }
}

/// A tag's values as they are stored.
#[derive(Clone, Copy)]
struct Entry<'a> {
    kind: u16,
    values: &'a [u8],
}

/// The tags of one directory.
pub(super) struct Directory<'a> {
    pub order: Order,
    entries: BTreeMap<u16, Entry<'a>>,
    /// Tags whose values are left out, because the file cannot have so many.
    left_out: Vec<u16>,
    /// Whether another directory follows.
    pub has_next: bool,
    /// Whether the file has all entries that it says it has.
    pub is_whole: bool,
}

impl<'a> Directory<'a> {
    /// The first directory of a file. `None` if this is no TIFF, and no EXIF block.
    pub fn first(bytes: &'a [u8]) -> Option<Self> {
        let order = match bytes.get(..4)? {
            b"II\x2a\0" | b"II\0\x2a" => Order::Little,
            b"MM\0\x2a" | b"MM\0\x2b" | b"MM\x2a\0" => Order::Big,
            _ => return None,
        };
        let (entries, left_out) = (BTreeMap::new(), Vec::new());
        let mut directory = Directory { order, entries, left_out, has_next: false, is_whole: false };
        let start = order.number(bytes.get(4..8)?);
        if let Some(next) = directory.take_entries(bytes, usize::try_from(start).ok()?) {
            directory.has_next = next != 0 && next != start;
        }
        Some(directory)
    }

    /// Reads the entries, and where the next directory is. `None` where the file ends before.
    fn take_entries(&mut self, bytes: &'a [u8], start: usize) -> Option<u64> {
        let order = self.order;
        let part = |at: usize, length: usize| bytes.get(at..at.checked_add(length)?);
        let count = order.number(part(start, 2)?);
        let mut at = start + 2;
        self.is_whole = part(at, count as usize * 12).is_some();
        // More than the file has cannot be true, unless entries share their values.
        let mut total = 0usize;
        for _ in 0..count {
            let entry = part(at, 12)?;
            at += 12;
            let (tag, kind) = (order.number(&entry[..2]) as u16, order.number(&entry[2..4]) as u16);
            let Some(length) = kind::length(kind) else { continue };
            if self.has(tag) {
                continue;
            }
            let size = (order.number(&entry[4..8]) as usize).saturating_mul(length);
            let values = if size > 4 {
                total = total.saturating_add(size);
                if total > bytes.len() {
                    self.left_out.push(tag);
                    continue;
                }
                part(order.number(&entry[8..]) as usize, size)?
            } else {
                &entry[8..8 + size]
            };
            if !values.is_empty() {
                self.entries.insert(tag, Entry { kind, values });
            }
        }
        part(at, 4).map(|next| order.number(next))
    }

    pub fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }

    /// The number of a tag's values; `None` if there are more than the file can have.
    pub fn count(&self, tag: u16) -> Option<usize> {
        match self.entries.get(&tag) {
            Some(entry) => Some(entry.values.len() / kind::length(entry.kind).unwrap_or(1)),
            None if self.left_out.contains(&tag) => None,
            None => Some(0),
        }
    }

    /// The bytes of a tag, if they have a type without a meaning.
    pub fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        let entry = self.entries.get(&tag)?;
        matches!(entry.kind, kind::BYTE | kind::UNDEFINED).then_some(entry.values)
    }

    /// The values of a tag, if they are integers. Bytes are none in Pillow.
    pub fn integers(&self, tag: u16) -> Option<impl Iterator<Item = i64> + Clone + use<'a>> {
        let (order, &Entry { kind, values }) = (self.order, self.entries.get(&tag)?);
        let is_signed = matches!(kind, kind::SIGNED_BYTE | kind::SIGNED_SHORT | kind::SIGNED_LONG);
        let is_unsigned = matches!(kind, kind::SHORT | kind::LONG | kind::DIRECTORY | kind::LONG8);
        let length = kind::length(kind).filter(|_| is_signed || is_unsigned)?;
        Some(values.chunks_exact(length).map(move |bytes| {
            let unused = if is_signed { 64 - 8 * length as u32 } else { 0 };
            ((order.number(bytes) << unused) as i64) >> unused
        }))
    }

    /// The first value of a tag as a number, integer or not.
    pub fn number(&self, tag: u16) -> Option<f64> {
        if let Some(mut integers) = self.integers(tag) {
            return integers.next().map(|integer| integer as f64);
        }
        let (order, &Entry { kind, values }) = (self.order, self.entries.get(&tag)?);
        let long = |at: usize| Some(order.number(values.get(at..at + 4)?) as u32);
        Some(match kind {
            kind::RATIONAL => f64::from(long(0)?) / f64::from(long(4)?),
            kind::SIGNED_RATIONAL => f64::from(long(0)? as i32) / f64::from(long(4)? as i32),
            kind::FLOAT => f64::from(f32::from_bits(long(0)?)),
            kind::DOUBLE => f64::from_bits(order.number(values.get(..8)?)),
            _ => return None,
        })
    }
}
