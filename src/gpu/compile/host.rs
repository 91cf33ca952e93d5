//! Host: the images of a batch in host memory, and where they go when they are sent.

use std::collections::HashMap;
use std::ops::Range;

use super::ALIGNMENT;
use super::program::{Segment, SegmentedImages};
use super::written::Written;
use crate::batch::{Images, Placement, Size};

/// Images in host memory, with a place for each in the device's memory. Images in one piece of memory keep their
/// distances, and others are consecutive.
pub(crate) struct HostImages<'a> {
    images: Images<'a>,
    /// Empty for images in one piece of memory.
    sizes: Vec<Size>,
    offsets: Vec<usize>,
}

impl<'a> HostImages<'a> {
    pub fn new(images: Images<'a>) -> Self {
        let views = match images.packed() {
            Some(_) => 0,
            None => images.sizes().len(),
        };
        let sizes: Vec<Size> = (0..views).map(|i| images.sizes().get(i)).collect();
        let offsets = one_after_the_other(&sizes, images.channels());
        HostImages { images, sizes, offsets }
    }

    /// Where each image is in a buffer that all are sent to.
    pub fn placement(&self) -> Placement<'_> {
        match self.images.packed() {
            Some(packed) => packed.placement,
            None => {
                let placement = Placement::ragged(&self.sizes, &self.offsets, self.images.channels());
                placement.in_layout(self.images.layout())
            }
        }
    }

    /// The writes of all images, each to its own place.
    #[cfg(feature = "burn")]
    pub fn all(&self) -> Vec<Written<'a>> {
        match self.images.packed() {
            Some(packed) => vec![Written::bytes(0, packed.data)],
            None => self.written(&(0..self.offsets.len())),
        }
    }

    /// Image `index`, to be written at byte `at`.
    pub fn image(&self, index: usize, at: usize) -> Written<'a> {
        Written::image(at, &self.images.view(index))
    }

    /// The writes of these images, from byte 0 on.
    pub fn written(&self, range: &Range<usize>) -> Vec<Written<'a>> {
        match self.images.packed() {
            Some(packed) => vec![Written::bytes(0, &packed.data[span(&packed.placement, range)])],
            None => {
                let first = self.offsets.get(range.start).copied().unwrap_or(0);
                range.clone().map(|i| self.image(i, self.offsets[i] - first)).collect()
            }
        }
    }
}

/// Where images of these sizes begin that are sent one after the other.
pub(crate) fn one_after_the_other(sizes: &[Size], channels: usize) -> Vec<usize> {
    let mut end = 0;
    let mut place = |size: &Size| {
        let start = usize::next_multiple_of(end, ALIGNMENT);
        end = start + size.pixels() * channels;
        start
    };
    sizes.iter().map(&mut place).collect()
}

/// Where the images of a chunk go that is sent from host memory.
pub(crate) struct Sent {
    /// The first byte of each image.
    pub sources: Vec<u32>,
    /// Partners outside the chunk, which follow its images, and where they begin.
    pub foreign: Vec<(usize, usize)>,
    places: HashMap<usize, u32>,
    first: usize,
}

impl Sent {
    /// The places of images with these segments, which are `range` of a batch.
    pub fn of(placed: &Placement<'_>, range: &Range<usize>, images: SegmentedImages<'_>) -> Self {
        let bytes = span(placed, range);
        let mut foreign = Vec::new();
        let mut places = HashMap::new();
        let mut end = bytes.len().next_multiple_of(ALIGNMENT);
        for partner in partners(images).filter(|p| !range.contains(p)) {
            places.entry(partner).or_insert_with(|| {
                let at = end;
                foreign.push((partner, at));
                end = (end + placed.bytes_of(partner)).next_multiple_of(ALIGNMENT);
                at as u32
            });
        }
        let sources = range.clone().map(|image| (placed.range(image).start - bytes.start) as u32).collect();
        Sent { sources, foreign, places, first: bytes.start }
    }

    /// The first byte of a partner.
    pub fn partner(&self, placed: &Placement<'_>, partner: usize) -> u32 {
        self.places.get(&partner).copied().unwrap_or_else(|| (placed.range(partner).start - self.first) as u32)
    }
}

/// The partners of mixed images.
pub(crate) fn partners(images: SegmentedImages<'_>) -> impl Iterator<Item = usize> + '_ {
    images.segments().iter().flat_map(Segment::partners)
}

/// The bytes from the first of these images to the last.
pub(crate) fn span(placed: &Placement<'_>, range: &Range<usize>) -> Range<usize> {
    let ranges = || range.clone().map(|i| placed.range(i));
    ranges().map(|r| r.start).min().unwrap_or(0)..ranges().map(|r| r.end).max().unwrap_or(0)
}
