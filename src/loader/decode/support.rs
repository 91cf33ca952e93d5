//! Support: which forms of which formats are decoded, for documents and messages.

use std::collections::BTreeSet;

use super::UNSUPPORTED_EXTENSIONS;
use super::format::Format;

/// Forms of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormatSupport {
    /// The name of the format.
    pub format: &'static str,
    /// The forms of its files.
    pub forms: &'static str,
    /// What differs from Pillow's bytes. `None` if nothing does.
    pub differs: Option<&'static str>,
}

const DEEP_GRAY: Option<&str> = Some("the high byte of each value; Pillow cuts values at 255");

impl Format {
    /// All of them.
    pub const ALL: [Format; 7] =
        [Format::Jpeg, Format::Png, Format::Gif, Format::Bmp, Format::WebP, Format::Pnm, Format::Tiff];

    /// The forms that have Pillow's bytes.
    fn exact_forms(self) -> &'static str {
        match self {
            Format::Jpeg => {
                "baseline, progressive, arithmetic, several scans, restarts, all samplings, gray, RGB, CMYK, YCCK"
            }
            Format::Png => "gray up to 8 bits, RGB and RGBA of 8 and 16, palettes, gray with alpha, interlaced, APNG",
            Format::Gif => "the first frame: palettes, gray, transparency, interlaced, a frame smaller than the screen",
            Format::Bmp => "1, 4, 8, 16, 24 and 32 bits, masks, run lengths with gaps, headers of OS/2 and Windows",
            Format::WebP => "lossy, lossless, alpha, an animation's first frame",
            Format::Pnm => "plain and raw, any largest value: PBM, PGM, PPM",
            Format::Tiff => {
                "gray, palettes and alpha up to 8 bits, RGB, CMYK and premultiplied alpha of 8 and 16; plain, \
                 PackBits, LZW and deflate; strips and tiles"
            }
        }
    }

    /// Its gray of more than 8 bits, where there is such a form.
    fn deep_gray(self) -> Option<&'static str> {
        matches!(self, Format::Png | Format::Pnm | Format::Tiff).then_some("gray of more than 8 bits")
    }
}

/// The forms that are decoded.
///
/// ```
/// use autoaugment::loader::decode;
/// assert!(decode::formats().iter().any(|forms| forms.format == "TIFF" && forms.differs.is_none()));
/// ```
pub fn formats() -> Vec<FormatSupport> {
    let of = |format: Format| {
        let exact = FormatSupport { format: format.name(), forms: format.exact_forms(), differs: None };
        let deep = format.deep_gray().map(|forms| FormatSupport { forms, differs: DEEP_GRAY, ..exact });
        [Some(exact), deep]
    };
    Format::ALL.into_iter().flat_map(of).flatten().collect()
}

/// What is known and cannot be decoded: formats, and forms of the formats that can.
pub fn refused() -> Vec<&'static str> {
    let formats: BTreeSet<_> = UNSUPPORTED_EXTENSIONS.iter().map(|(_, format)| *format).collect();
    // An APNG is a PNG by its contents; only its extension is not taken.
    let forms = [
        "lossless JPEG",
        "TIFF with JPEG or fax inside",
        "TIFF in planes or of YCbCr",
        "TIFF of 12 or 32 bits",
        "BigTIFF",
    ];
    formats.into_iter().filter(|format| *format != "APNG").chain(forms).collect()
}
