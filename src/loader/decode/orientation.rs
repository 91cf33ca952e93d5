//! Orientation: the EXIF tag that says how a camera was held, and the turns that undo it.

use crate::batch::Size;
use crate::text::{serde_as_text, text_is_name};

/// What is done with an image's EXIF orientation. As text and in JSON `ignore` or `apply`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Orientation {
    /// The pixels stay as they are stored, as Pillow's `Image.open` gives them.
    #[default]
    Ignore,
    /// The image is turned and mirrored as its tag says, as Pillow's `ImageOps.exif_transpose` does.
    Apply,
}

serde_as_text!(Orientation);
text_is_name!("orientation": Orientation);

impl Orientation {
    /// Both.
    pub const ALL: [Orientation; 2] = [Orientation::Ignore, Orientation::Apply];

    /// The name: `ignore` or `apply`.
    pub const fn name(self) -> &'static str {
        match self {
            Orientation::Ignore => "ignore",
            Orientation::Apply => "apply",
        }
    }
}

const TAG: u16 = 274;

/// The orientation in an EXIF block, which has the form of a TIFF file: 1 to 8, and 1 if it says nothing usable.
pub(super) fn of_tiff(exif: &[u8]) -> u8 {
    tag_of_tiff(exif).filter(|o| (1..=8).contains(o)).unwrap_or(1)
}

fn tag_of_tiff(exif: &[u8]) -> Option<u8> {
    let (entry, order) = entry_of(exif, TAG)?;
    // A number in the first bytes of the value's place.
    match (order.short(exif, entry + 2)?, order.long(exif, entry + 4)?) {
        (3, 1..) => u8::try_from(order.short(exif, entry + 8)?).ok(),
        (1, 1..) => exif.get(entry + 8).copied(),
        (4, 1..) => u8::try_from(order.long(exif, entry + 8)?).ok(),
        _ => None,
    }
}

/// A TIFF whose first directory has the first value of a short tag, with the second value in its place.
pub(super) fn with_tag(bytes: &[u8], tag: u16, (from, to): (u16, u16)) -> Option<Vec<u8>> {
    let (entry, order) = entry_of(bytes, tag)?;
    if (order.short(bytes, entry + 2)?, order.short(bytes, entry + 8)?) != (3, from) {
        return None;
    }
    let mut changed = bytes.to_vec();
    changed.get_mut(entry + 8..entry + 10)?.copy_from_slice(&order.bytes(to));
    Some(changed)
}

/// The order of a number's bytes.
#[derive(Clone, Copy)]
struct Order {
    is_big: bool,
}

impl Order {
    fn short(self, bytes: &[u8], at: usize) -> Option<u16> {
        let two = [*bytes.get(at)?, *bytes.get(at.checked_add(1)?)?];
        Some(if self.is_big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    }

    fn long(self, bytes: &[u8], at: usize) -> Option<usize> {
        let (a, b) = (usize::from(self.short(bytes, at)?), usize::from(self.short(bytes, at.checked_add(2)?)?));
        Some(if self.is_big { a << 16 | b } else { b << 16 | a })
    }

    fn bytes(self, value: u16) -> [u8; 2] {
        if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() }
    }
}

/// Where the entry of a tag in the first directory begins.
fn entry_of(bytes: &[u8], tag: u16) -> Option<(usize, Order)> {
    let order = match bytes.get(..2)? {
        b"MM" => Order { is_big: true },
        b"II" => Order { is_big: false },
        _ => return None,
    };
    let directory = order.long(bytes, 4)?;
    let entries = usize::from(order.short(bytes, directory)?);
    let mut places = (0..entries).map(|i| directory + 2 + 12 * i);
    places.find(|&entry| order.short(bytes, entry) == Some(tag)).map(|entry| (entry, order))
}

/// Whether an orientation exchanges rows and columns.
pub(super) fn exchanges_sides(orientation: u8) -> bool {
    orientation >= 5
}

/// The size after an orientation was undone.
pub(super) fn upright(size: Size, orientation: u8) -> Size {
    if exchanges_sides(orientation) { Size { width: size.height, height: size.width } } else { size }
}

/// Writes the upright image to `out`. `size` is that of `stored`.
pub(super) fn turn(stored: &[u8], size: Size, channels: usize, orientation: u8, out: &mut [u8]) {
    let Size { width, height } = size;
    let target = upright(size, orientation).width;
    for (y, row) in stored.chunks_exact(width * channels).enumerate() {
        for (x, pixel) in row.chunks_exact(channels).enumerate() {
            let (right, down) = (width - 1 - x, height - 1 - y);
            let (x, y) = match orientation {
                2 => (right, y),
                3 => (right, down),
                4 => (x, down),
                5 => (y, x),
                6 => (down, x),
                7 => (down, right),
                8 => (y, right),
                _ => (x, y),
            };
            let at = (y * target + x) * channels;
            out[at..at + channels].copy_from_slice(pixel);
        }
    }
}
