//! Scaled: JPEGs decoded at an eighth, a quarter or half their size, on request.
//!
//! The decoder leaves out frequencies instead of decoding them, which is much faster for large photographs. Its bytes
//! differ from those of decoding and resizing, so it is off by default. They are libjpeg's, which Pillow's `draft` has.

use super::decode::{DecodeOptions, scale};
use crate::batch::Size;
use crate::error::{Error, Result};

/// The size and channels of a JPEG at the smallest scale with both sides at least those of `least`. `None` if that is
/// the full size, or if this is no JPEG.
pub(super) fn measure(bytes: &[u8], least: Size) -> Option<(Size, usize)> {
    let (_, size, channels) = smallest(bytes, least)?;
    Some((size, channels))
}

/// Decodes to `out`, which has exactly the number of bytes from [`measure`].
pub(super) fn decode_into(bytes: &[u8], least: Size, options: DecodeOptions, out: &mut [u8]) -> Result<()> {
    let Some((scale, ..)) = smallest(bytes, least) else {
        return Err(Error::Decode("this file cannot be decoded at a smaller scale".to_string()));
    };
    scale::decode_into(bytes, scale, options, out)
}

/// The scale's denominator, the size at that scale, and the channels.
fn smallest(bytes: &[u8], least: Size) -> Option<(usize, Size, usize)> {
    let (sizes, channels) = scale::measure(bytes)?;
    let full = sizes[0].1;
    let enough = |(_, size): &&(usize, Size)| size.width >= least.width && size.height >= least.height;
    let (scale, size) = *sizes.iter().rev().find(enough)?;
    (size.pixels() < full.pixels()).then_some((scale, size, channels))
}
