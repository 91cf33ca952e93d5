//! Tiff: the first image of a TIFF by the crate `tiff`, with Pillow's bytes.
//!
//! Gray, RGB, RGBA and palettes of 1 to 16 bits, in strips or tiles, stored as they are or by PackBits, LZW or deflate.
//! The crate's JPEG decoder is not exact, so JPEG inside TIFF is refused, and so are faxes. The tag of the orientation
//! is applied whatever the options say, because Pillow turns a TIFF when it loads it.

use std::borrow::Cow;
use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::png::small;
use super::scarce::with_memory;
use super::{Header, Outcome, allocate, orientation};
use crate::batch::Size;
use crate::error::{Error, Result};

/// Values of the tag that says what numbers mean.
const BLACK_IS_ZERO: u16 = 1;
const PALETTE: u16 = 3;

fn refused(reason: impl std::fmt::Display) -> Error {
    Error::Decode(format!("unreadable TIFF: {reason}"))
}

/// An open file, and what is known of its image.
struct Tiff<'a> {
    decoder: Decoder<Cursor<Cow<'a, [u8]>>>,
    size: Size,
    has_palette: bool,
    /// Values of a pixel as they are stored.
    values: usize,
    bits: usize,
}

impl<'a> Tiff<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self> {
        // The crate reads no palettes. As gray, such an image gives its indices.
        let as_gray = orientation::with_tag(bytes, Tag::PhotometricInterpretation.to_u16(), (PALETTE, BLACK_IS_ZERO));
        let has_palette = as_gray.is_some();
        let file = as_gray.map_or(Cow::Borrowed(bytes), Cow::Owned);
        let mut decoder = Decoder::new(Cursor::new(file)).map_err(refused)?;
        let (width, height) = decoder.dimensions().map_err(refused)?;
        let size = Size { width: width as usize, height: height as usize };
        let color = decoder.colortype().map_err(refused)?;
        let (values, bits) = match color {
            ColorType::Gray(bits @ (1 | 2 | 4 | 8 | 16)) => (1, bits),
            ColorType::Multiband { bit_depth: bits @ (8 | 16), num_samples: 2 } => (2, bits),
            ColorType::RGB(bits @ (8 | 16)) => (3, bits),
            ColorType::RGBA(bits @ (8 | 16)) => (4, bits),
            _ => return Err(refused(format!("{color:?} is not among the forms that are read"))),
        };
        if has_palette && (values != 1 || bits > 8) {
            return Err(refused(format!("a palette for {values} values of {bits} bits")));
        }
        if values == 2
            && decoder.find_tag_unsigned(Tag::PhotometricInterpretation).map_err(refused)? != Some(BLACK_IS_ZERO)
        {
            return Err(refused("two channels that are not gray and alpha"));
        }
        let tag = |decoder: &mut Decoder<_>, tag, otherwise: u16| {
            decoder.find_tag_unsigned::<u16>(tag).map(|found| found.unwrap_or(otherwise)).map_err(refused)
        };
        // The crate leaves these out, or reads them in another way than libtiff.
        let samples = tag(&mut decoder, Tag::SamplesPerPixel, 1)?;
        if usize::from(samples) != values {
            return Err(refused(format!("{samples} values per pixel, of which {values} have a meaning")));
        }
        const PREMULTIPLIED: u16 = 1;
        let extra = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples).map_err(refused)?;
        if extra.is_some_and(|each| each.contains(&PREMULTIPLIED)) {
            return Err(refused("its colors are multiplied by alpha"));
        }
        if tag(&mut decoder, Tag::FillOrder, 1)? != 1 {
            return Err(refused("its bits are in reverse order"));
        }
        const UNCOMPRESSED: [u16; 2] = [1, 32773];
        let is_predicted = tag(&mut decoder, Tag::Predictor, 1)? != 1;
        if is_predicted && UNCOMPRESSED.contains(&tag(&mut decoder, Tag::Compression, 1)?) {
            return Err(refused("a predictor without a compression that has one"));
        }
        // Unsigned integers, as the format has them unless it says otherwise.
        let format = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat).map_err(refused)?;
        if format.is_some_and(|each| each.iter().any(|&f| f != 1)) {
            return Err(refused("its values are no unsigned integers"));
        }
        if decoder.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).map_err(refused)?.is_some_and(|p| p != 1) {
            return Err(refused("its channels are in planes"));
        }
        // Compression by deflate, the strongest of them, shortens data to no less than 1/1032.
        const SMALL: usize = 1 << 22;
        let claimed = size.pixels().saturating_mul(values * bits as usize) / 8;
        if claimed > SMALL && claimed / 1032 > bytes.len() {
            return Err(refused(format!(
                "the header says {width} x {height} pixels, and there are {} bytes",
                bytes.len()
            )));
        }
        Ok(Tiff { decoder, size, has_palette, values, bits: bits.into() })
    }

    fn channels(&self) -> usize {
        if !self.has_palette && self.values < 3 { 1 } else { 3 }
    }
}

pub(super) fn header(bytes: &[u8]) -> Result<Header> {
    let tiff = Tiff::open(bytes)?;
    let size = orientation::upright(tiff.size, orientation::of_tiff(bytes));
    Ok(Header { size, channels: tiff.channels(), orientation: 1 })
}

pub(super) fn decode_into(bytes: &[u8], out: &mut [u8]) -> Result<Outcome> {
    let orientation = orientation::of_tiff(bytes);
    if orientation == 1 {
        return decode_stored(bytes, out);
    }
    let tiff = Tiff::open(bytes)?;
    let mut stored = allocate(out.len())?;
    let outcome = decode_stored(bytes, &mut stored)?;
    orientation::turn(&stored, tiff.size, tiff.channels(), orientation, out);
    Ok(outcome)
}

fn decode_stored(bytes: &[u8], out: &mut [u8]) -> Result<Outcome> {
    let tiff = Tiff::open(bytes)?;
    let channels = tiff.channels();
    let Tiff { decoder, size, has_palette, values, bits } = tiff;
    // Twice, as tiles are whole at the edges, and never less than a small file takes.
    let bytes = size.pixels().saturating_mul(2 * values * bits.div_ceil(8)).max(1 << 20);
    let mut limits = Limits::default();
    (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (bytes, bytes);
    let mut decoder = decoder.with_limits(limits);
    let colors = match has_palette {
        true => palette(&decoder.get_tag_u16_vec(Tag::ColorMap).map_err(refused)?, bits)?,
        false => Vec::new(),
    };
    let stored: Vec<u8> = with_memory(bytes.saturating_mul(2), || match decoder.read_image().map_err(refused)? {
        DecodingResult::U8(bytes) => Ok(bytes),
        // The high byte of each value.
        DecodingResult::U16(values) => Ok(values.into_iter().map(|v| (v >> 8) as u8).collect()),
        _ => Err(refused("its values are no unsigned integers")),
    })?;
    let row = if bits < 8 { (size.width * bits).div_ceil(8) } else { size.width * values };
    if stored.len() < row * size.height {
        return Err(refused("the data are truncated"));
    }
    for (from, to) in stored.chunks_exact(row).zip(out.chunks_exact_mut(size.width * channels)) {
        match bits {
            8 if has_palette => {
                to.chunks_exact_mut(3).zip(from).for_each(|(to, &v)| to.copy_from_slice(&colors[usize::from(v)]));
            }
            _ if has_palette => {
                let each = small(from, bits);
                to.chunks_exact_mut(3).zip(each).for_each(|(to, v)| to.copy_from_slice(&colors[usize::from(v)]));
            }
            1 | 2 | 4 => {
                let scale = (255 / ((1u16 << bits) - 1)) as u8;
                to.iter_mut().zip(small(from, bits)).for_each(|(to, v)| *to = v * scale);
            }
            _ if values == channels => to.copy_from_slice(from),
            _ => {
                let pixels = to.chunks_exact_mut(channels).zip(from.chunks_exact(values));
                pixels.for_each(|(to, v)| to.copy_from_slice(&v[..channels]));
            }
        }
    }
    let has_alpha = values > channels;
    Ok(Outcome { has_alpha, is_deep: bits == 16, is_animated: decoder.more_images(), ..Outcome::default() })
}

/// Colors from a list of all reds, then all greens, then all blues, of 16 bits each.
fn palette(list: &[u16], bits: usize) -> Result<Vec<[u8; 3]>> {
    let count = 1 << bits;
    if list.len() != 3 * count {
        return Err(refused(format!("a palette of {} values for {bits} bits", list.len())));
    }
    Ok((0..count).map(|i| [i, count + i, 2 * count + i].map(|at| (list[at] >> 8) as u8)).collect())
}
