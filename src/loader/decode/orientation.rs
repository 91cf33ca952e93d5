//! Orientation: the EXIF tag or XMP text that says how a camera was held, and the turns that undo it.

use super::directory::Directory;
use crate::batch::Size;
use crate::text::{serde_as_text, text_is_name};

/// What is done with an image's orientation. As text and in JSON `ignore` or `apply`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Orientation {
    /// The pixels stay as they are stored, as Pillow's `Image.open` gives them.
    #[default]
    Ignore,
    /// The image is turned and mirrored as Pillow's `ImageOps.exif_transpose` does: by the EXIF tag, or else by XMP.
    /// An EXIF block that Pillow cannot read counts as none.
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

/// What stands before an EXIF block, sometimes twice.
pub(super) const EXIF: &[u8] = b"Exif\0\0";

/// The orientation that a file's metadata states, 1 to 8; 1 if it says nothing usable. Text of XMP counts where there
/// is no tag in the EXIF block.
pub(super) fn of(exif: Option<&[u8]>, xmp: Option<&[u8]>) -> u8 {
    let directory = exif.and_then(|exif| {
        let once = exif.strip_prefix(EXIF).unwrap_or(exif);
        Directory::first(once.strip_prefix(EXIF).unwrap_or(once))
    });
    of_directory(directory.as_ref(), xmp)
}

/// The same for the directory of an EXIF block, or of a TIFF.
pub(super) fn of_directory(directory: Option<&Directory<'_>>, xmp: Option<&[u8]>) -> u8 {
    let stated = match directory.filter(|directory| directory.has(TAG)) {
        Some(directory) => directory.number(TAG),
        None => xmp.and_then(of_xmp).map(f64::from),
    };
    (2..=8).find(|&orientation| stated == Some(f64::from(orientation))).unwrap_or(1)
}

/// The first digit behind the name of the property, in either of its two forms.
fn of_xmp(xmp: &[u8]) -> Option<u8> {
    const NAME: &[u8] = b"tiff:Orientation";
    xmp.windows(NAME.len()).enumerate().filter(|(_, name)| *name == NAME).find_map(|(at, _)| {
        let after = &xmp[at + NAME.len()..];
        let value = after.strip_prefix(b"=\"").or_else(|| after.strip_prefix(b">"))?;
        value.first().filter(|digit| digit.is_ascii_digit()).map(|digit| digit - b'0')
    })
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
