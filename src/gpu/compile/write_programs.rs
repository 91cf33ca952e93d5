//! Write programs: the programs of all images are written to their places, by several threads if there are very many.
//!
//! The length of each image's words is known before. So all words are allocated once, and no thread waits for another.
//! With weights that are shared between images and batches, 256 crops of photographs that become 224 x 224 take 13,800
//! instructions per image, and 153,000 before. A third of the rest is copying weights. Without a resize, an image took
//! 3,700 instructions. With the segments of all images in one list, and the places of blends in a sorted one, it takes
//! 0.64 of that.
//!
//! # Tried
//! Dividing 256 images, 32 at a time, between two threads of a virtual machine: 2.5 times as long under the ImageNet
//! policy, and 1.45 times with crops and resizes. Waking threads may be the reason; it was not profiled.

use rayon::prelude::*;

use super::program::{PROGRAM_WORDS, Places, Segment};
use super::schedule::slots;
use super::tables::BlendPlaces;
use crate::threads;

/// Images whose programs one thread writes at once. Waking a thread takes longer than a few.
const PART: usize = 512;

/// The places of an image's programs and of what they read and write.
pub(super) struct ImagePrograms<'a> {
    pub segments: &'a [Segment],
    /// First byte of the input image.
    pub image: u32,
    /// Its first value in the destination.
    pub result: u32,
    /// First word of its stored results, and the number of segments that store one or are the last.
    pub slots_at: usize,
    pub kept: usize,
    /// The first segment that stays in workgroup memory, if any does.
    pub small: Option<usize>,
    /// The number of its first statistics.
    pub counts: usize,
    /// The words that follow the programs.
    pub behind_at: usize,
    pub words_behind: usize,
}

/// The programs of all segments, and the words that follow them.
pub(super) fn write_all(
    images: &[ImagePrograms<'_>],
    partners: &(dyn Fn(usize) -> u32 + Sync),
    blends: &BlendPlaces,
) -> Vec<u32> {
    let all_programs = PROGRAM_WORDS * images.iter().map(|image| image.segments.len()).sum::<usize>();
    let total = images.last().map_or(0, |last| last.behind_at + last.words_behind);
    // Large memory from the system is zero, so that nothing has to be written twice.
    let mut words = vec![0; total];
    let (mut programs, mut behind) = words.split_at_mut(all_programs);
    let part = |part: &'_ [ImagePrograms<'_>]| {
        let own = part.iter().map(|image| image.segments.len()).sum::<usize>() * PROGRAM_WORDS;
        let own_behind = part.iter().map(|image| image.words_behind).sum();
        let (mine, rest) = std::mem::take(&mut programs).split_at_mut(own);
        let (mine_behind, rest_behind) = std::mem::take(&mut behind).split_at_mut(own_behind);
        (programs, behind) = (rest, rest_behind);
        (mine, mine_behind)
    };
    let places: Vec<_> = images.chunks(PART).map(part).collect();
    let write = |(images, (programs, behind)): (&[ImagePrograms<'_>], (&mut [u32], &mut [u32]))| {
        let mut programs = programs.as_chunks_mut::<PROGRAM_WORDS>().0.iter_mut();
        let mut behind = behind;
        for image in images {
            let (own, rest) = std::mem::take(&mut behind).split_at_mut(image.words_behind);
            behind = rest;
            image.write(partners, blends, programs.by_ref(), own);
        }
    };
    if images.len() <= PART || threads::count() == 1 {
        images.chunks(PART).zip(places).for_each(write);
    } else {
        images.par_chunks(PART).zip(places).for_each(write);
    }
    words
}

impl ImagePrograms<'_> {
    fn write<'p>(
        &self,
        partners: &(dyn Fn(usize) -> u32 + Sync),
        blends: &BlendPlaces,
        programs: impl Iterator<Item = &'p mut [u32; PROGRAM_WORDS]>,
        mut behind: &mut [u32],
    ) {
        let segments = self.segments;
        let mut slots_end = self.slots_at;
        let place = |words| {
            let start = slots_end;
            slots_end += words;
            start as u32
        };
        let slots: Vec<u32> = slots(&segments[..self.kept]).into_iter().map(place).collect();
        let (mut counts, mut behind_at) = (self.counts, self.behind_at);
        for ((k, segment), program) in segments.iter().enumerate().zip(programs) {
            let is_last = k + 1 == segments.len();
            let inside = self.small.is_some_and(|first| k >= first);
            let places = Places {
                image: self.image,
                slots: &slots,
                blends,
                result: (is_last || inside).then_some(self.result),
                counts: counts as u32,
                segments_left: (segments.len() - k) as u32,
            };
            let (own, rest) = std::mem::take(&mut behind).split_at_mut(segment.words_behind());
            segment.write(places, partners, program, own, behind_at);
            behind_at += own.len();
            behind = rest;
            counts += usize::from(segment.has_statistics() && self.small.is_none());
        }
    }
}
