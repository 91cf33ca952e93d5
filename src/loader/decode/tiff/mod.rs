//! Tiff: the first image of a TIFF, with Pillow's bytes.
//!
//! Pillow reads the tags, and the pixels that are not compressed. libtiff decompresses the others. Both are repeated
//! here: what they take, what they refuse, and in what order they look. Faxes, JPEG inside TIFF, other compressions,
//! planes, YCbCr and values of other than 1, 2, 4, 8 and 16 bits are refused by name.
//!
//! The orientation is applied whatever the options say, because Pillow turns a TIFF when it loads it.

mod form;
mod lzw;
mod packbits;
mod parts;

use super::directory::Directory;
use super::{Header, Outcome, allocate, orientation};
use crate::batch::Size;
use crate::error::{Error, Result};
use form::Form;
use parts::Parts;

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
/// The text of Adobe's metadata.
const XMP: u16 = 700;

fn refused(reason: impl std::fmt::Display) -> Error {
    Error::Decode(format!("unreadable TIFF: {reason}"))
}

fn no_integer(tag: u16) -> Error {
    refused(format!("tag {tag} is no integer"))
}

/// The first value of a tag.
fn single(tags: &Directory<'_>, tag: u16, otherwise: i64) -> Result<i64> {
    match tags.integers(tag) {
        Some(mut values) => values.next().ok_or_else(|| no_integer(tag)),
        None if tags.has(tag) => Err(no_integer(tag)),
        None => Ok(otherwise),
    }
}

/// What the tags say.
struct Tiff {
    /// As stored.
    size: Size,
    form: Form,
    parts: Parts,
    orientation: u8,
    has_next: bool,
}

impl Tiff {
    fn read(bytes: &[u8]) -> Result<Self> {
        let tags = Directory::first(bytes).ok_or_else(|| refused("the file ends in its header"))?;
        let side = |tag| usize::try_from(single(&tags, tag, 0)?).map_err(|_| refused("a side below 0"));
        let size = Size { width: side(WIDTH)?, height: side(HEIGHT)? };
        size.check()?;
        let form = Form::read(&tags)?;
        // The strongest compression shortens data to no less than 1/4096.
        const SMALL: usize = 1 << 22;
        let claimed = form.row_bytes(size.width).saturating_mul(size.height);
        if claimed > SMALL && claimed / 4096 > bytes.len() {
            let Size { width, height } = size;
            return Err(refused(format!(
                "the header says {width} x {height} pixels, and the file has {} bytes",
                bytes.len()
            )));
        }
        let parts = Parts::read(&tags, &form, size)?;
        let orientation = orientation::of_directory(Some(&tags), tags.bytes(XMP));
        Ok(Tiff { size, form, parts, orientation, has_next: tags.has_next })
    }
}

pub(super) fn header(bytes: &[u8]) -> Result<Header> {
    let tiff = Tiff::read(bytes)?;
    let size = orientation::upright(tiff.size, tiff.orientation);
    Ok(Header::new(size, tiff.form.channels(), 1))
}

pub(super) fn decode_into(bytes: &[u8], out: &mut [u8]) -> Result<Outcome> {
    let tiff = Tiff::read(bytes)?;
    let channels = tiff.form.channels();
    if tiff.orientation == 1 {
        tiff.decode_stored(bytes, out)?;
    } else {
        let mut stored = allocate(out.len())?;
        tiff.decode_stored(bytes, &mut stored)?;
        orientation::turn(&stored, tiff.size, channels, tiff.orientation, out);
    }
    Ok(Outcome {
        has_alpha: tiff.form.has_alpha,
        is_deep: tiff.form.bits == 16,
        is_animated: tiff.has_next,
        is_damaged: !tiff.parts.are_complete(tiff.size),
    })
}

impl Tiff {
    fn decode_stored(&self, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        let Tiff { size, form, parts, .. } = self;
        let channels = form.channels();
        if !parts.are_complete(*size) {
            let nothing = form.nothing();
            out.chunks_exact_mut(channels).for_each(|pixel| pixel.copy_from_slice(&nothing[..channels]));
        }
        parts.each_row(bytes, form, *size, |row, x, y| {
            let columns = parts.size.width.min(size.width - x);
            let to = &mut out[(y * size.width + x) * channels..][..columns * channels];
            form.convert(row, to);
        })
    }
}
