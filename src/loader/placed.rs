//! Placed: a sample of a batch, and where the decoded part of its image lies.

use std::ops::Range;

use super::dataset::Sample;
use super::region::Region;
use crate::batch::{ImageView, Place};
use crate::error::Result;

/// The fewest bytes of an image that is decoded to memory of its own.
pub(super) const LARGE: usize = 16 << 20;

/// A sample, and the place of the part of its image that is decoded.
pub(super) struct Placed<'a> {
    pub index: usize,
    pub sample: Sample<'a>,
    pub region: Region,
    /// The labels of its whole mask, if masks are wanted.
    pub mask: Vec<u8>,
    /// The pixels of a large image.
    pub own: Vec<u8>,
    /// The place in the batch's memory.
    offset: usize,
}

impl<'a> Placed<'a> {
    /// A sample that has no place yet.
    pub fn new(index: usize, sample: Sample<'a>, region: Region, mask: Vec<u8>) -> Self {
        Placed { index, sample, region, mask, own: Vec::new(), offset: 0 }
    }

    pub fn place(&self) -> Place {
        Place { offset: self.offset, size: self.region.size }
    }

    /// Its bytes in the batch's memory.
    pub fn span(&self, channels: usize) -> Range<usize> {
        self.offset..self.offset + self.region.size.pixels() * channels
    }

    /// The decoded image, from its own memory or from the batch's.
    pub fn view<'v>(&'v self, shared: &'v [u8], channels: usize) -> Result<ImageView<'v>> {
        let pixels = if self.own.is_empty() { &shared[self.span(channels)] } else { &self.own };
        ImageView::new(pixels, self.region.size, channels)
    }
}

/// Gives places to all images, at multiples of `alignment`.
#[cfg(feature = "gpu")]
pub(super) fn place_all(placed: &mut [Placed<'_>], channels: usize, alignment: usize) {
    let mut end = 0usize;
    for placed in placed {
        placed.offset = end.next_multiple_of(alignment);
        end = placed.span(channels).end;
    }
}

/// Gives places to the images without memory of their own, one after the other. Returns the end of the last one.
pub(super) fn place_small(placed: &mut [Placed<'_>], channels: usize) -> usize {
    let mut end = 0;
    for placed in placed.iter_mut().filter(|placed| placed.own.is_empty()) {
        placed.offset = end;
        end = placed.span(channels).end;
    }
    end
}
