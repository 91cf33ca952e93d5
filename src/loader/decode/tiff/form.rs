//! Form: what the values of a TIFF's pixels mean. The list is Pillow's, and what is not in it is refused.

use std::borrow::Cow;

use super::super::directory::{Directory, Order};
use super::super::png::small;
use super::refused;
use crate::error::Result;

const BITS: u16 = 258;
pub(super) const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
const VALUES: u16 = 277;
const COLORS: u16 = 320;
const EXTRA: u16 = 338;
const FORMAT: u16 = 339;

/// Pillow takes its first value for gray, if there is no compression.
pub(super) const YCBCR: i64 = 6;

/// Pillow takes as many values per pixel.
const MAX_VALUES: usize = 6;

/// The meaning of a pixel's first values.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Gray,
    /// Zero is white.
    Inverted,
    Palette,
    Rgb,
    /// Colors that were multiplied by the fourth value.
    Premultiplied,
    Cmyk,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    kind: Kind,
    /// Values of a pixel as they are stored.
    pub values: usize,
    /// Bits of a value: 1, 2, 4, 8 or 16.
    pub bits: usize,
    pub order: Order,
    pub has_alpha: bool,
    /// Whether the lowest bit of a byte comes first.
    is_reversed: bool,
    /// 256 colors, if there is a palette.
    palette: Vec<[u8; 3]>,
}

impl Form {
    pub fn read(tags: &Directory<'_>) -> Result<Self> {
        let single = |tag, otherwise| super::single(tags, tag, otherwise);
        // Longer lists are refused, whatever they say.
        let list = |tag, otherwise: &[i64]| match tags.integers(tag) {
            Some(values) => Ok(values.take(2 * MAX_VALUES).collect::<Vec<_>>()),
            None if tags.has(tag) => Err(super::no_integer(tag)),
            None => Ok(otherwise.to_vec()),
        };
        // Pillow takes several meanings for none.
        let photometric = if tags.count(PHOTOMETRIC) == Some(1) { single(PHOTOMETRIC, 0)? } else { 0 };
        let fill = single(FILL_ORDER, 1)?;
        let mut format = list(FORMAT, &[1])?;
        format.dedup();
        let extra = list(EXTRA, &[])?;
        let mut bits = list(BITS, &[1])?;
        let values = usize::try_from(single(VALUES, 1)?).ok().filter(|&values| values <= MAX_VALUES);
        let values = values.ok_or_else(|| refused("its number of values per pixel has no meaning"))?;
        if bits.len() == 1 {
            bits.resize(values, bits[0]);
        }
        bits.truncate(values);
        let unknown = || {
            let meaning = match photometric {
                6 => "YCbCr".to_string(),
                8..=10 => "L*a*b*".to_string(),
                5 => "CMYK".to_string(),
                number => format!("meaning {number}"),
            };
            refused(format!(
                "{values} values of {bits:?} bits, with {meaning}, extra values {extra:?} and format {format:?}, are \
                 not among the forms that are read; convert the file to PNG"
            ))
        };
        let (kind, has_alpha) = kind(tags.order, photometric, fill, &format, &bits, &extra).ok_or_else(unknown)?;
        if bits.len() != values {
            return Err(unknown());
        }
        let palette = if kind == Kind::Palette { palette(tags)? } else { Vec::new() };
        let bits = bits[0] as usize;
        Ok(Form { kind, values, bits, order: tags.order, has_alpha, is_reversed: fill == 2, palette })
    }

    /// Channels of the result: 1 or 3.
    pub fn channels(&self) -> usize {
        if matches!(self.kind, Kind::Gray | Kind::Inverted) { 1 } else { 3 }
    }

    /// Whether planes are the pixels as they are: one channel, whose values Pillow takes unchanged.
    pub fn is_a_plane(&self) -> bool {
        self.values == 1 && self.bits == 8 && !self.is_reversed && matches!(self.kind, Kind::Gray | Kind::Palette)
    }

    /// Bytes of so many stored pixels.
    pub fn row_bytes(&self, width: usize) -> usize {
        width.saturating_mul(self.values * self.bits).div_ceil(8)
    }

    /// Whether Pillow has no function for such values in reverse order, where libtiff does not turn them.
    pub fn is_only_compressed(&self) -> bool {
        self.is_reversed && matches!((self.kind, self.bits), (Kind::Palette, 1 | 2 | 4) | (Kind::Inverted, 8))
    }

    /// Stored bytes with their highest bit first.
    pub fn in_order<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.is_reversed { bytes.iter().map(|byte| byte.reverse_bits()).collect() } else { bytes.into() }
    }

    /// What a pixel becomes that is not there: zeros as Pillow converts them.
    pub fn nothing(&self) -> [u8; 3] {
        match self.kind {
            Kind::Palette => self.palette[0],
            Kind::Cmyk => [255; 3],
            _ => [0; 3],
        }
    }

    /// Writes the pixels of a stored row.
    pub fn convert(&self, row: &[u8], out: &mut [u8]) {
        // The high byte of each value.
        let high = |bytes: &[u8]| if self.order == Order::Big { bytes[0] } else { bytes[1] };
        match self.bits {
            8 => self.convert_bytes(row, out),
            16 => self.convert_bytes(&row.chunks_exact(2).map(high).collect::<Vec<_>>(), out),
            bits => self.convert_bytes(&small(row, bits).collect::<Vec<_>>(), out),
        }
    }

    /// The same for values of a byte each, small numbers too.
    fn convert_bytes(&self, values: &[u8], out: &mut [u8]) {
        let pixels = out.chunks_exact_mut(self.channels()).zip(values.chunks_exact(self.values));
        let scale = if self.bits < 8 { 255 / ((1 << self.bits) - 1) as u8 } else { 1 };
        match self.kind {
            Kind::Gray => pixels.for_each(|(to, v)| to[0] = v[0] * scale),
            Kind::Inverted => pixels.for_each(|(to, v)| to[0] = 255 - v[0] * scale),
            Kind::Palette => pixels.for_each(|(to, v)| to.copy_from_slice(&self.palette[usize::from(v[0])])),
            Kind::Rgb => pixels.for_each(|(to, v)| to.copy_from_slice(&v[..3])),
            Kind::Premultiplied => pixels.for_each(|(to, v)| {
                let alpha = u16::from(v[3]);
                let divided = |color: u8| (u16::from(color) * 255).checked_div(alpha).map_or(0, |c| c.min(255) as u8);
                to.copy_from_slice(&[divided(v[0]), divided(v[1]), divided(v[2])]);
            }),
            Kind::Cmyk => pixels.for_each(|(to, v)| {
                let light = 255 - v[3];
                for (to, &ink) in to.iter_mut().zip(v) {
                    let product = u32::from(ink) * u32::from(light) + 128;
                    *to = light - ((product + (product >> 8)) >> 8) as u8;
                }
            }),
        }
    }
}

/// The forms that Pillow opens, and that become RGB or gray of 8 bits here. The second result says whether there is
/// alpha.
fn kind(
    order: Order,
    photometric: i64,
    fill: i64,
    format: &[i64],
    bits: &[i64],
    extra: &[i64],
) -> Option<(Kind, bool)> {
    // Signed bytes of gray are taken for unsigned ones.
    let is_known_format = format == [1] || (format == [2] && (photometric, fill, bits) == (1, 1, &[8][..]));
    if !is_known_format {
        return None;
    }
    let kind = match (photometric, bits, extra) {
        (0 | 1, [1 | 2 | 4 | 8], []) if matches!(fill, 1 | 2) => {
            if photometric == 0 {
                Kind::Inverted
            } else {
                Kind::Gray
            }
        }
        // Pillow inverts no deep values.
        (0 | 1, [16], []) => match (order, photometric, fill) {
            (Order::Little, _, 1) | (Order::Big, 1, 1) | (Order::Little, 1, 2) => Kind::Gray,
            _ => return None,
        },
        (2, [8, 8, 8], []) if matches!(fill, 1 | 2) => Kind::Rgb,
        (3, [1 | 2 | 4 | 8], []) if matches!(fill, 1 | 2) => Kind::Palette,
        _ if fill != 1 => return None,
        (1, [8, 8], [0] | [2]) | (YCBCR, [8], []) => Kind::Gray,
        (2, [8, 8, 8, 8], [] | [0] | [2] | [999])
        | (2, [8, 8, 8, 8, 8], [0, 0] | [2, 0])
        | (2, [8, 8, 8, 8, 8, 8], [0, 0, 0] | [2, 0, 0])
        | (2, [16, 16, 16], [])
        | (2, [16, 16, 16, 16], [] | [0] | [2]) => Kind::Rgb,
        (2, [8, 8, 8, 8] | [16, 16, 16, 16], [1])
        | (2, [8, 8, 8, 8, 8], [1, 0])
        | (2, [8, 8, 8, 8, 8, 8], [1, 0, 0]) => Kind::Premultiplied,
        (3, [8, 8], [0] | [2]) => Kind::Palette,
        (5, [8, 8, 8, 8] | [16, 16, 16, 16], []) | (5, [8, 8, 8, 8, 8], [0]) | (5, [8, 8, 8, 8, 8, 8], [0, 0]) => {
            Kind::Cmyk
        }
        _ => return None,
    };
    let is_rgba = photometric == 2 && bits.len() == 4 && extra.is_empty();
    Some((kind, is_rgba || extra.first().is_some_and(|&meaning| meaning != 0)))
}

/// Colors from a list of all reds, then all greens, then all blues, of 16 bits each. Those that are left out are black.
fn palette(tags: &Directory<'_>) -> Result<Vec<[u8; 3]>> {
    let list = tags.integers(COLORS).ok_or_else(|| refused("its palette is missing"))?;
    let list: Vec<_> = list.take(3 * 256 + 3).map(|value| u8::try_from(value >> 8)).collect();
    let count = list.len() / 3;
    if count > 256 {
        return Err(refused("its palette has more than 256 colors"));
    }
    let color = |at: usize| list[at].map_err(|_| refused("a color of its palette has more than 16 bits"));
    let colors = (0..count).map(|i| Ok([color(i)?, color(count + i)?, color(2 * count + i)?]));
    let mut colors = colors.collect::<Result<Vec<_>>>()?;
    colors.resize(256, [0; 3]);
    Ok(colors)
}
