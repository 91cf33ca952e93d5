//! Segmented: the segments of all images of a batch, one after the other in one piece of memory.

use std::ops::Range;

use super::Segment;

/// The segments of some images, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segmented {
    pub(super) segments: Vec<Segment>,
    /// The end of each image's segments.
    pub(super) ends: Vec<usize>,
}

impl Segmented {
    /// The segments of these images.
    pub fn images(&self, range: Range<usize>) -> SegmentedImages<'_> {
        let ends = self.ends.get(range.clone()).unwrap_or_default();
        let first = range.start.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        SegmentedImages { segments: &self.segments, first, ends }
    }

    /// The segments of all images.
    pub fn all(&self) -> SegmentedImages<'_> {
        self.images(0..self.ends.len())
    }

    /// Appends the segments of further images.
    pub(super) fn append(&mut self, mut further: Segmented) {
        let before = self.segments.len();
        self.segments.append(&mut further.segments);
        self.ends.extend(further.ends.into_iter().map(|end| before + end));
    }
}

/// The segments of consecutive images of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentedImages<'a> {
    /// Those of all images.
    segments: &'a [Segment],
    /// The first segment of the first image.
    first: usize,
    /// The end of each image's segments.
    ends: &'a [usize],
}

impl<'a> SegmentedImages<'a> {
    /// The number of images.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Each image's segments. There is at least one.
    pub fn iter(self) -> impl Iterator<Item = &'a [Segment]> + Clone {
        let mut start = self.first;
        self.ends.iter().map(move |&end| {
            let own = &self.segments[start..end];
            start = end;
            own
        })
    }

    /// All of them, image after image.
    pub fn segments(self) -> &'a [Segment] {
        &self.segments[self.first..self.ends.last().copied().unwrap_or(self.first)]
    }
}
