//! Chunks: the cuts of a batch for which the buffers of each chunk can be bound, and its upload is one buffer.

use std::ops::Range;

use super::ALIGNMENT;
use super::commands::PARAMETERS_STRIDE;
use super::program::{Segment, Segmented};
use super::schedule::intermediate_words;
use crate::batch::Placement;
use crate::error::{Error, Result};

/// The dispatches of a segment: two of statistics and one that applies it, or the first pass of a resize.
const MOST_DISPATCHES: usize = 3;

/// The bytes of some images in each buffer.
#[derive(Default)]
pub(crate) struct ChunkSize {
    /// The sources, from the first to the last.
    pub bytes: Range<usize>,
    /// The partners.
    pub foreign_partners: usize,
    /// Programs, and parameters as if each image had dispatches of its own.
    pub commands: usize,
    /// Statistics.
    pub counts: usize,
    /// The stored results between segments.
    pub intermediates: usize,
    /// The results.
    pub outputs: usize,
}

/// The limits of a device.
pub(crate) struct ChunkLimits {
    /// Bytes of a bound buffer.
    bound: usize,
    /// Bytes of an upload from host memory, with partners of other chunks after the images.
    sent: Option<usize>,
}

impl ChunkLimits {
    /// The limits of a device that can bind at most `bindable` bytes of a buffer, from multiples of `alignment` on.
    /// They are for images from host memory, or for images on the device.
    pub fn new(bindable: u64, max_buffer_size: u64, alignment: u64, from_host: bool) -> Self {
        let bindable = bindable.min(u64::from(u32::MAX));
        // Bindings begin at multiples of the alignment; up to as much is bound in vain.
        let slack = if from_host { 0 } else { alignment };
        // The bytes that alignment costs between programs, parameters and images.
        let gaps = (PARAMETERS_STRIDE + 4 * ALIGNMENT) as u64;
        let sent = max_buffer_size.saturating_sub(gaps);
        ChunkLimits {
            bound: bindable.saturating_sub(slack + 16) as usize,
            sent: from_host.then(|| usize::try_from(sent).unwrap_or(usize::MAX)),
        }
    }
}

impl ChunkSize {
    fn with(&self, other: &ChunkSize) -> ChunkSize {
        ChunkSize {
            bytes: self.bytes.start.min(other.bytes.start)..self.bytes.end.max(other.bytes.end),
            foreign_partners: self.foreign_partners + other.foreign_partners,
            commands: self.commands + other.commands,
            counts: self.counts + other.counts,
            intermediates: self.intermediates + other.intermediates,
            outputs: self.outputs + other.outputs,
        }
    }

    /// A buffer that is too large, and its limit.
    fn excess(&self, most: &ChunkLimits) -> Option<(usize, usize)> {
        let sources = match most.sent {
            Some(_) => self.bytes.len() + self.foreign_partners,
            None => self.bytes.len().max(self.foreign_partners),
        };
        let bound = sources.max(self.commands).max(self.counts).max(self.intermediates).max(self.outputs);
        let sent = most.sent.map(|most| (sources + self.commands, most));
        [Some((bound, most.bound)), sent].into_iter().flatten().find(|(needed, limit)| needed > limit)
    }
}

/// Cuts a batch into the largest ranges of images that fit, given the bytes of each image.
pub(crate) fn cut(images: impl Iterator<Item = ChunkSize>, most: &ChunkLimits) -> Result<Vec<Range<usize>>> {
    let mut chunks: Vec<Range<usize>> = Vec::new();
    let mut sum = ChunkSize::default();
    for (i, own) in images.enumerate() {
        if let Some((needed, limit)) = own.excess(most) {
            return Err(Error::DeviceLimit { what: "one image", needed: needed as u64, limit: limit as u64 });
        }
        let with = sum.with(&own);
        match chunks.last_mut() {
            Some(last) if with.excess(most).is_none() => {
                last.end = i + 1;
                sum = with;
            }
            _ => {
                chunks.push(i..i + 1);
                sum = own;
            }
        }
    }
    Ok(chunks)
}

/// Cuts a batch of images with these segments into chunks. Each result has `output_bytes`.
pub(crate) fn chunks(
    placed: &Placement<'_>,
    segmented: &Segmented,
    output_bytes: usize,
    most: &ChunkLimits,
) -> Result<Vec<Range<usize>>> {
    let room = |(i, segments): (usize, &[Segment])| ChunkSize {
        bytes: placed.range(i),
        foreign_partners: segments.iter().flat_map(Segment::partners).map(|p| placed.bytes_of(p) + 2 * ALIGNMENT).sum(),
        commands: segments.iter().map(|s| 4 * s.words() + MOST_DISPATCHES * PARAMETERS_STRIDE).sum(),
        counts: segments.iter().map(|segment| 4 * segment.counts_words()).sum(),
        intermediates: 4 * intermediate_words(segments),
        outputs: output_bytes,
    };
    cut(segmented.all().iter().enumerate().map(room), most)
}
