//! Pointwise steps: operations on pixels in place, on a band of rows in the first-level cache.

use std::ops::Range;

use super::kernels::blend::Blend;
use super::kernels::lut::{Tables, map_values};
use super::kernels::nearest::repeat;
use super::kernels::planar::interleave;
use crate::batch::Images;

/// One step. A boxed table would be an allocation per image.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Copy, Debug)]
pub(super) enum Pointwise {
    /// Every value through its channel's table.
    Tables(Tables),
    /// A blend with the pixel's own gray.
    Color(Blend),
    /// `fill` for columns `left..right` of rows `top..bottom`.
    Mask { left: usize, top: usize, right: usize, bottom: usize, fill: [u8; 3] },
    /// A blend with the same pixel of another image.
    Mix { blend: Blend, partner: usize },
}

/// Rows of an image.
#[derive(Clone, Debug)]
pub(super) struct Band {
    pub rows: Range<usize>,
    pub width: usize,
    pub channels: usize,
}

impl Pointwise {
    /// Whether it does the same to a pixel at every place.
    pub fn is_anywhere(&self) -> bool {
        matches!(self, Pointwise::Tables(_) | Pointwise::Color(_))
    }

    /// Runs it on the pixels of a band.
    pub fn apply(&self, pixels: &mut [u8], band: &Band, batch: &Images<'_>) {
        match *self {
            Pointwise::Tables(ref tables) => map_values(pixels, band.channels, tables),
            Pointwise::Color(ref blend) => blend.color(pixels),
            Pointwise::Mask { left, top, right, bottom, ref fill } => {
                let row_length = band.width * band.channels;
                for y in band.rows.start.max(top)..band.rows.end.min(bottom) {
                    let row = &mut pixels[(y - band.rows.start) * row_length..][..row_length];
                    repeat(&fill[..band.channels], &mut row[left * band.channels..right * band.channels]);
                }
            }
            Pointwise::Mix { ref blend, partner } => {
                let partner = batch.view(partner);
                let (bytes, row_length) = (partner.data(), band.width * band.channels);
                if !partner.is_interleaved() {
                    let plane = partner.size().pixels();
                    let mut others = [0; 3 * 256];
                    for (k, pixels) in pixels.chunks_mut(others.len()).enumerate() {
                        let first = band.rows.start * band.width + 256 * k;
                        let others = &mut others[..pixels.len()];
                        interleave(std::array::from_fn(|c| &bytes[c * plane + first..][..pixels.len() / 3]), others);
                        blend.bytes(pixels, others);
                    }
                } else if partner.contiguous().is_some() {
                    blend.bytes(pixels, &bytes[band.rows.start * row_length..band.rows.end * row_length]);
                } else {
                    for (y, pixels) in band.rows.clone().zip(pixels.chunks_exact_mut(row_length)) {
                        blend.bytes(pixels, &bytes[y * partner.row_stride()..][..row_length]);
                    }
                }
            }
        }
    }
}
