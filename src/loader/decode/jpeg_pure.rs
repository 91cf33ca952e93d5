//! JpegPure: JPEGs without C code, for targets that have no C compiler. Its bytes are not Pillow's.
//!
//! In 4:2:0 photographs some 4 to 22 % of its values differ, by up to 11. It cannot scale, and knows neither arithmetic
//! coding nor the filling of truncated files.

use std::ops::Range;

use image::{ImageFormat, load_from_memory_with_format};

use super::jpeg_header::JpegHeader;
use super::{Outcome, Truncated};
use crate::batch::Size;
use crate::error::{Error, Result};

/// The decoder, for messages.
pub(super) fn describe() -> super::JpegDecoder {
    super::JpegDecoder { name: "zune-jpeg", simd: false, exact: false }
}

/// The part of an image that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

/// The size at 1/`scale`. Only the full size can be decoded.
pub(super) fn scaled(size: Size, _scale: usize) -> Size {
    size
}

/// Decodes a region to `out`, of rows x columns x channels bytes.
pub(super) fn decode_into(
    bytes: &[u8],
    header: &JpegHeader,
    _scale: usize,
    cut: &Cut,
    truncated: Truncated,
    out: &mut [u8],
) -> Result<Outcome> {
    if truncated == Truncated::Fill {
        return Err(Error::Decode("this build's JPEG decoder cannot fill truncated files".to_string()));
    }
    let image = load_from_memory_with_format(bytes, ImageFormat::Jpeg);
    let image = image.map_err(|e| Error::Decode(format!("unreadable JPEG: {e}")))?;
    let channels = if header.components == 1 { 1 } else { 3 };
    let pixels = if channels == 1 { image.into_luma8().into_raw() } else { image.into_rgb8().into_raw() };
    let width = header.size.width * channels;
    let columns = cut.columns.start * channels..cut.columns.end * channels;
    for (y, to) in cut.rows.clone().zip(out.chunks_exact_mut(columns.len().max(1))) {
        let row = pixels.get(y * width..(y + 1) * width).and_then(|row| row.get(columns.clone()));
        to.copy_from_slice(row.ok_or_else(|| Error::Decode("unreadable JPEG: two headers differ".to_string()))?);
    }
    Ok(Outcome::default())
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{Rgb, RgbImage};

    use super::*;

    #[test]
    fn its_values_are_close_to_the_exact_ones() {
        let picture = RgbImage::from_fn(37, 21, |x, y| Rgb([x as u8 * 6, y as u8 * 9, (x + y) as u8 * 4]));
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&picture).unwrap();
        let exact = crate::loader::decode::decode(&bytes).unwrap().0.data;
        let header = JpegHeader::read(&bytes).unwrap();
        assert_eq!(scaled(header.size, 1), Size { width: 37, height: 21 });
        let cut = Cut { rows: 3..20, columns: 5..30 };
        let mut out = vec![0; 17 * 25 * 3];
        decode_into(&bytes, &header, 1, &cut, Truncated::Refuse, &mut out).unwrap();
        for (row, y) in out.chunks_exact(25 * 3).zip(3..) {
            let expected = &exact[(y * 37 + 5) * 3..][..25 * 3];
            let close = row.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 11);
            assert!(close, "row {y}: {row:?} {expected:?}");
        }
        assert!(decode_into(&bytes, &header, 1, &cut, Truncated::Fill, &mut out).is_err());
        assert!(!describe().exact);
    }
}
