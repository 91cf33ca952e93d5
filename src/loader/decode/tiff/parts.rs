//! Parts: the strips or tiles of a TIFF, uncompressed as Pillow reads them, and compressed as libtiff does.

use flate2::{Decompress, FlushDecompress, Status};

use super::super::allocate;
use super::super::directory::{Directory, Order};
use super::form::{PHOTOMETRIC, YCBCR};
use super::lzw::Lzw;
use super::{Form, no_integer, packbits, refused, single};
use crate::batch::Size;
use crate::error::Result;

const COMPRESSION: u16 = 259;
const STRIP_OFFSETS: u16 = 273;
const ROWS_PER_STRIP: u16 = 278;
const STRIP_BYTES: u16 = 279;
const PLANES: u16 = 284;
const PREDICTOR: u16 = 317;
const TILE_WIDTH: u16 = 322;
const TILE_LENGTH: u16 = 323;
const TILE_OFFSETS: u16 = 324;
const TILE_BYTES: u16 = 325;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
}

/// Where the parts are.
pub(super) struct Parts {
    compression: Compression,
    has_tiles: bool,
    /// Columns and rows of a part.
    pub size: Size,
    offsets: Vec<usize>,
    /// Bytes of each part. Uncompressed parts have what their pixels take.
    lengths: Vec<usize>,
    is_predicted: bool,
    /// Whether a part has exactly the size of the image.
    is_whole_image: bool,
}

impl Parts {
    pub fn read(tags: &Directory<'_>, form: &Form, image: Size) -> Result<Self> {
        let compression = match single(tags, COMPRESSION, 1)? {
            1 => Compression::None,
            5 => Compression::Lzw,
            8 | 32946 => Compression::Deflate,
            32773 => Compression::PackBits,
            2..=4 => return Err(refused("faxes cannot be decoded; convert the file to PNG")),
            6 | 7 => return Err(refused("JPEG inside TIFF cannot be decoded; convert the file to PNG")),
            other => return Err(refused(format!("compression {other} cannot be decoded; convert the file to PNG"))),
        };
        if single(tags, PLANES, 1)? != 1 && !form.is_a_plane() {
            return Err(refused("its channels are in planes; convert the file to PNG"));
        }
        // Pillow looks for strips, and libtiff for the size of tiles.
        let has_tiles = match compression {
            Compression::None => !tags.has(STRIP_OFFSETS),
            _ => tags.has(TILE_WIDTH) || tags.has(TILE_LENGTH),
        };
        let side = |tag, otherwise| match usize::try_from(single(tags, tag, otherwise)?) {
            Ok(side) if side > 0 => Ok(side),
            _ => Err(refused("a part of it has no pixels")),
        };
        let size = match has_tiles {
            true => Size { width: side(TILE_WIDTH, 0)?, height: side(TILE_LENGTH, 0)? },
            false => Size { width: image.width, height: side(ROWS_PER_STRIP, image.height as i64)? },
        };
        let [offsets, lengths] = if has_tiles { [TILE_OFFSETS, TILE_BYTES] } else { [STRIP_OFFSETS, STRIP_BYTES] };
        let list = |tag| match tags.integers(tag) {
            Some(values) => Ok(values.map(|value| usize::try_from(value).unwrap_or(usize::MAX)).collect::<Vec<_>>()),
            None if tags.has(tag) => Err(no_integer(tag)),
            None => Ok(Vec::new()),
        };
        let parts = Parts {
            compression,
            has_tiles,
            size,
            offsets: list(offsets)?,
            lengths: if compression == Compression::None { Vec::new() } else { list(lengths)? },
            is_predicted: false,
            is_whole_image: size == image,
        };
        if parts.offsets.is_empty() {
            return Err(refused("it does not say where its pixels are"));
        }
        if compression == Compression::None {
            return match form.is_only_compressed() {
                true => Err(refused("its bits are in reverse order; convert the file to PNG")),
                false => Ok(parts),
            };
        }
        check_for_libtiff(tags)?;
        if parts.offsets.len() != parts.lengths.len() && !parts.lengths.is_empty() {
            let (places, lengths) = (parts.offsets.len(), parts.lengths.len());
            return Err(refused(format!("it has {places} places of parts, and {lengths} lengths")));
        }
        if compression == Compression::PackBits {
            return Ok(parts);
        }
        let is_predicted = match single(tags, PREDICTOR, 1)? {
            1 => false,
            2 if form.bits >= 8 => true,
            2 => return Err(refused(format!("a predictor of values of {} bits", form.bits))),
            other => return Err(refused(format!("an unknown predictor, {other}"))),
        };
        Ok(Parts { is_predicted, ..parts })
    }

    /// Parts from the left to the right, and in all.
    fn counts(&self, image: Size) -> (usize, usize) {
        let across = image.width.div_ceil(self.size.width);
        (across, across.saturating_mul(image.height.div_ceil(self.size.height)))
    }

    /// Whether the file says where every pixel is. Pillow takes the others for zeros, if there is no compression.
    pub fn are_complete(&self, image: Size) -> bool {
        self.offsets.len() >= self.counts(image).1
    }

    /// Calls `put` with a row of stored pixels, its first column and its row in the image, for all rows there are.
    pub fn each_row(
        &self,
        bytes: &[u8],
        form: &Form,
        image: Size,
        mut put: impl FnMut(&[u8], usize, usize),
    ) -> Result<()> {
        let (across, count) = self.counts(image);
        if self.compression != Compression::None && !self.are_complete(image) {
            return Err(refused(format!("it says where {} of {count} parts are", self.offsets.len())));
        }
        let mut unpacker = Unpacker { lzw: None, values: Vec::new() };
        for part in 0..count.min(self.offsets.len()) {
            let (x, y) = (part % across * self.size.width, part / across * self.size.height);
            let columns = self.size.width.min(image.width - x);
            let rows = self.size.height.min(image.height - y);
            let length = form.row_bytes(columns);
            if self.compression == Compression::None {
                let rows = self.plain_rows(bytes, form, (part, count), (rows, columns == self.size.width), length)?;
                rows.zip(y..).for_each(|(row, y)| put(&form.in_order(row), x, y));
                continue;
            }
            let stride = form.row_bytes(self.size.width);
            // A strip ends with the image, and a tile does not.
            let stored = if self.has_tiles { self.size.height } else { rows };
            let packed = form.in_order(self.packed(bytes, part)?);
            let values = unpacker.unpack(self.compression, &packed, stride.saturating_mul(stored))?;
            if self.is_predicted {
                values.chunks_exact_mut(stride).for_each(|row| add_predicted(row, form));
            }
            values.chunks_exact(stride).zip(y..y + rows).for_each(|(row, y)| put(&row[..length], x, y));
        }
        Ok(())
    }

    /// The rows of a part that is not compressed. Where there are more parts than places, one covers another.
    fn plain_rows<'a>(
        &self,
        bytes: &'a [u8],
        form: &Form,
        (part, count): (usize, usize),
        (rows, is_whole): (usize, bool),
        length: usize,
    ) -> Result<impl Iterator<Item = &'a [u8]> + use<'a>> {
        let later = self.offsets[part..].iter().step_by(count).copied();
        // Pillow reads parts in the order of their places, but takes the last of those that are a whole image.
        let start = if self.is_whole_image { later.last() } else { later.max() }.unwrap_or(usize::MAX);
        // Pillow's bytes from a row to the next, where a tile ends outside of the image.
        let stride = match self.size.width.saturating_mul(form.values * form.bits) / 8 {
            stride if stride > 0 && !is_whole => stride,
            _ => length,
        };
        if stride < length {
            return Err(refused(format!("tiles of {} columns do not end with a byte", self.size.width)));
        }
        let end = start.saturating_add(stride.saturating_mul(rows - 1)).saturating_add(length);
        let stored = bytes.get(start..end).ok_or_else(|| refused("the data are truncated"))?;
        Ok(stored.chunks(stride).map(move |row| &row[..length]))
    }

    /// The bytes of a part that is compressed.
    fn packed<'a>(&self, bytes: &'a [u8], part: usize) -> Result<&'a [u8]> {
        let start = self.offsets[part];
        let length = match self.lengths.get(part) {
            // A file of a single strip may leave its length out.
            None | Some(0) if self.offsets.len() == 1 && !self.has_tiles => bytes.len().saturating_sub(start),
            None | Some(0) => return Err(refused("a part of it has no bytes")),
            Some(&length) => length,
        };
        bytes.get(start..start.saturating_add(length)).ok_or_else(|| refused("the data are truncated"))
    }
}

/// libtiff reads the tags again, and is stricter than Pillow.
fn check_for_libtiff(tags: &Directory<'_>) -> Result<()> {
    if single(tags, PHOTOMETRIC, 0)? == YCBCR {
        return Err(refused("YCbCr cannot be decoded; convert the file to PNG"));
    }
    if !tags.is_whole {
        return Err(refused("the file ends inside its tags"));
    }
    // Width, height, compression, order of bits, values, rows of strips, planes, predictor and size of tiles.
    const SINGLE: [u16; 10] = [256, 257, 259, 266, 277, 278, 284, 317, 322, 323];
    let is_wrong = |tag: &&u16| tags.count(**tag).is_none_or(|count| count > 1);
    if let Some(tag) = SINGLE.iter().find(is_wrong) {
        return Err(refused(format!("tag {tag} has several values")));
    }
    match [STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES].into_iter().find(|&tag| tags.count(tag).is_none()) {
        Some(tag) => Err(refused(format!("tag {tag} has more values than the file has bytes"))),
        None => Ok(()),
    }
}

/// Decompresses parts, and keeps its memory between them.
struct Unpacker {
    lzw: Option<Lzw>,
    values: Vec<u8>,
}

impl Unpacker {
    /// Decompresses so many bytes.
    fn unpack(&mut self, compression: Compression, packed: &[u8], length: usize) -> Result<&mut [u8]> {
        // A tile may be larger than the image, but not by much.
        const LARGEST: usize = 1 << 30;
        // No compression shortens data to less than 1/4096.
        const SMALL: usize = 1 << 22;
        if length > LARGEST || (length > SMALL && length / 4096 > packed.len()) {
            return Err(refused(format!("{} bytes cannot hold {length}", packed.len())));
        }
        // One byte more, so that an end right after the last one is seen.
        if self.values.len() < length + 1 {
            self.values = allocate(length + 1)?;
        }
        let values = &mut self.values[..length];
        match compression {
            Compression::Lzw => self.lzw.get_or_insert_with(Lzw::new).unpack(packed, values)?,
            Compression::PackBits => packbits::unpack(packed, values)?,
            _ => inflate(packed, &mut self.values[..length + 1])?,
        }
        Ok(&mut self.values[..length])
    }
}

/// Decompresses all of `out` but its last byte. A checksum right behind is compared, and what else follows is not
/// looked at, as in libtiff.
fn inflate(packed: &[u8], out: &mut [u8]) -> Result<()> {
    let mut inflater = Decompress::new(true);
    loop {
        let (read, written) = (inflater.total_in(), inflater.total_out());
        let rest = &mut out[written as usize..];
        let status = inflater.decompress(&packed[read as usize..], rest, FlushDecompress::None);
        let has_moved = (read, written) != (inflater.total_in(), inflater.total_out());
        match status {
            // The decompressor is ahead of what it gives, and may know of damage further on.
            _ if inflater.total_out() == out.len() as u64 => return Ok(()),
            Ok(Status::Ok | Status::BufError) if has_moved => {}
            Ok(_) if inflater.total_out() + 1 >= out.len() as u64 => return Ok(()),
            Ok(_) => return Err(refused("the data are truncated")),
            Err(_) => return Err(refused("its data are damaged")),
        }
    }
}

/// Adds what the predictor took away: the values of the pixel before.
fn add_predicted(row: &mut [u8], form: &Form) {
    if form.bits == 8 {
        for i in form.values..row.len() {
            row[i] = row[i].wrapping_add(row[i - form.values]);
        }
        return;
    }
    let values = row.as_chunks_mut::<2>().0;
    for i in form.values..values.len() {
        let [sum, before] = [values[i], values[i - form.values]].map(|value| form.order.number(&value) as u16);
        let sum = sum.wrapping_add(before);
        values[i] = if form.order == Order::Big { sum.to_be_bytes() } else { sum.to_le_bytes() };
    }
}
