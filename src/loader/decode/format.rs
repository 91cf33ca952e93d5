//! Format: the kind of an image file, by its first bytes, and the kinds of files by their names.

use std::path::Path;

use crate::error::{Error, Result};

/// A format that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    WebP,
    Bmp,
    Gif,
    Pnm,
    Tiff,
}

/// The extensions of the files that can be decoded: JPEG, PNG, WebP, BMP, GIF, TIFF, and PBM, PGM and PPM.
pub const EXTENSIONS: [&str; 14] =
    ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "gif", "tif", "tiff", "ppm", "pgm", "pbm", "pnm"];

/// The extensions of image files that cannot be decoded, in small letters, with the name of their format.
pub const UNSUPPORTED_EXTENSIONS: [(&str, &str); 33] = [
    ("apng", "APNG"),
    ("arw", "camera raw"),
    ("avif", "AVIF"),
    ("cr2", "camera raw"),
    ("cr3", "camera raw"),
    ("cur", "Windows cursor"),
    ("dcm", "DICOM"),
    ("dds", "DDS"),
    ("dng", "camera raw"),
    ("emf", "EMF"),
    ("eps", "EPS"),
    ("exr", "OpenEXR"),
    ("fits", "FITS"),
    ("hdr", "Radiance HDR"),
    ("heic", "HEIC"),
    ("heif", "HEIF"),
    ("icns", "Apple icon"),
    ("ico", "Windows icon"),
    ("j2c", "JPEG 2000"),
    ("j2k", "JPEG 2000"),
    ("jp2", "JPEG 2000"),
    ("jpx", "JPEG 2000"),
    ("jxl", "JPEG XL"),
    ("nef", "camera raw"),
    ("orf", "camera raw"),
    ("pcx", "PCX"),
    ("pfm", "PFM"),
    ("psd", "Photoshop"),
    ("qoi", "QOI"),
    ("rw2", "camera raw"),
    ("svg", "SVG"),
    ("tga", "TGA"),
    ("xcf", "GIMP"),
];

/// Whether a path has one of the [`EXTENSIONS`], in capitals or not.
pub fn has_image_extension(path: &Path) -> bool {
    extension(path).is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
}

/// The name of the format, if a path has an extension of [`UNSUPPORTED_EXTENSIONS`], in capitals or not.
///
/// ```
/// use autoaugment::loader::decode::unsupported_format;
/// assert_eq!(unsupported_format("cats/1.HEIC".as_ref()), Some("HEIC"));
/// assert_eq!(unsupported_format("cats/1.png".as_ref()), None);
/// ```
pub fn unsupported_format(path: &Path) -> Option<&'static str> {
    let extension = extension(path)?;
    UNSUPPORTED_EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, name)| *name)
}

fn extension(path: &Path) -> Option<String> {
    path.extension().map(|e| e.to_string_lossy().to_lowercase())
}

impl Format {
    /// The format of a file with these first bytes.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::Decode("the file is empty".to_string()));
        }
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Ok(Format::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(Format::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Format::WebP),
            [b'B', b'M', ..] => Ok(Format::Bmp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Format::Gif),
            [b'P', b'1'..=b'6', b' ' | b'\t'..=b'\r', ..] => Ok(Format::Pnm),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Ok(Format::Tiff),
            _ => Err(Error::Decode(not_decoded(bytes))),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::WebP => "WebP",
            Format::Bmp => "BMP",
            Format::Gif => "GIF",
            Format::Pnm => "PNM",
            Format::Tiff => "TIFF",
        }
    }
}

/// The reason why a file is refused, which names its format if it is a known one.
fn not_decoded(bytes: &[u8]) -> String {
    let brand = bytes.get(4..12).unwrap_or_default();
    let known = match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] if brand.ends_with(b"avif") || brand.ends_with(b"avis") => "AVIF",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "HEIC, HEIF or video",
        [0, 0, 0, 12, b'j', b'P', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => "JPEG 2000",
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', ..] => "JPEG XL",
        [b'8', b'B', b'P', b'S', ..] => "Photoshop",
        [b'I', b'I', 43, 0, ..] | [b'M', b'M', 0, 43, ..] => "BigTIFF",
        [b'P', b'7' | b'f' | b'F', ..] => "PAM or PFM",
        [0x76, 0x2F, 0x31, 0x01, ..] => "OpenEXR",
        _ => return "not a JPEG, PNG, WebP, BMP, GIF, TIFF or PNM file".to_string(),
    };
    format!("{known} files cannot be decoded; convert the file to PNG")
}
