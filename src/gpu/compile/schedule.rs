//! Schedule: the dispatches of a batch, their order and their images.
//!
//! Images are sorted into dispatches by the needs of their segments, never by sub-policy. The number of dispatches
//! depends only on the length of the longest chain and on whether there are branches. Shorter chains wait for the last
//! level, so that all images are finished together. A level has at most the first pass of a resize, two statistics
//! passes and the apply dispatches of its classes. Each blur in a chain adds five levels, usually of one dispatch each.
//! Branches run side by side. AugMix therefore has the levels of its longest branch, and one more level with one
//! dispatch for the mixture.
//!
//! # Tried
//! A prototype of this design was counted on 256 images of 224 x 224 under the ImageNet policy. One dispatch per
//! operation through memory: 22 dispatches and 2.29 times the bytes of a copy. One specialized pipeline per operation
//! pair: 46 dispatches, which a driver runs in order, because they write one buffer. This design: 4 dispatches, 1.31
//! times the bytes. Splitting by class keeps the registers of the window class away from the point class. Splitting by
//! pair of kinds is better on software adapters, which execute every branch. It is worse elsewhere.
//!
//! Measured on lavapipe, by CPU time in one run, relative to grouping by pair. 256 images of 32 x 32 (CIFAR policy)
//! take 4.5 times as long in the single dispatch for small images. 16 images of 224 x 224 (ImageNet policy) take 1.25
//! times as long by class, and 2.75 times as long in one dispatch (predicted: 3.2). Grouping by pair has two to three
//! times as many pipelines, which take 0.9 to 1.4 times as long to compile. It takes 30 to 60 such batches to win that
//! back. So software adapters group by pair, which pays in every run that is worth timing. Tests choose the grouping of
//! GPUs.
//!
//! Plain chains store few images between segments, so one dispatch with all kinds makes them. With branches, nearly all
//! images are stored, so classes have dispatches of their own. Predicted for lavapipe, from the above: 0.45 times the
//! CPU time. Measured on 16 images of 224 x 224 under torchvision's AugMix with nearest warps: 0.68 times, with 10
//! dispatches instead of 6. The bytes are 8.7 times those of a copy, because each of three branches is stored and read
//! again, one word per pixel.

use super::grouping::Grouping;
use super::program::{Kinds, PROGRAM_WORDS, Segment, SegmentedImages, StageKind};
use super::tables::BlendPlaces;
use super::write_programs::{ImagePrograms, write_all};
use crate::output::Dtype;

/// The kernel of a dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kernel {
    /// The statistics pass of this round.
    Statistics(u32),
    /// The first pass of images that are resized, into `intermediate`.
    Resize,
    /// An apply pass into `intermediate`.
    ApplyToIntermediate,
    /// An apply pass into the destination.
    Apply,
    /// The mixtures of branches, into `intermediate`.
    MixtureToIntermediate,
    /// The mixtures of branches, into the destination.
    Mixture,
    /// All passes of small images.
    Small,
}

impl Kernel {
    /// Whether its results are read by another kernel.
    pub fn is_to_intermediate(self) -> bool {
        matches!(self, Kernel::Resize | Kernel::ApplyToIntermediate | Kernel::MixtureToIntermediate)
    }

    /// Whether it only adds up weighted pixels, without any stages.
    pub fn only_sums(self) -> bool {
        matches!(self, Kernel::Resize | Kernel::MixtureToIntermediate | Kernel::Mixture)
    }
}

/// One dispatch.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub kernel: Kernel,
    /// The kinds of stages of its shader.
    pub kinds: Kinds,
    /// Some segments read from `intermediate`.
    pub from_intermediate: bool,
    /// Some sources have a view.
    pub viewed: bool,
    /// Some sources are made of weighted rows.
    pub weighted: bool,
    /// Pixels of the largest segment.
    pub pixels: usize,
    /// The place and length of its list of programs, among the programs.
    pub list: u32,
    pub images: u32,
    pub level: usize,
}

/// All dispatches of a chunk and their inputs.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    pub programs: Vec<u32>,
    pub dispatches: Vec<Dispatch>,
    /// Images' statistics to make room for, and words of stored intermediate images.
    pub counts: usize,
    pub intermediate_words: usize,
    pub bytes_read: u64,
    pub bytes_written: u64,
}

/// The sizes from which places are computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Values of an image in the destination.
    pub values_per_image: usize,
    pub channels: usize,
    pub dtype: Dtype,
    /// The place of the first image's first value in the destination.
    pub first_value: usize,
    /// Whether one workgroup can hold an image.
    pub small: bool,
}

/// The first byte of an image's pixels.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub images: &'a [u32],
    pub partners: &'a (dyn Fn(usize) -> u32 + Sync),
}

/// The words of each slot of an image: enough for its largest stored result.
pub(super) fn slots(segments: &[Segment]) -> Vec<usize> {
    let mut slots = Vec::new();
    for stored in segments.split_last().map_or(&[][..], |(_, stored)| stored) {
        if slots.len() <= stored.slot {
            slots.resize(stored.slot + 1, 0);
        }
        slots[stored.slot] = stored.size.pixels().next_multiple_of(4).max(slots[stored.slot]);
    }
    slots
}

/// Words of all slots of an image.
pub(crate) fn intermediate_words(segments: &[Segment]) -> usize {
    slots(segments).iter().sum()
}

/// The number of levels of an image.
fn depth(segments: &[Segment]) -> usize {
    segments.last().map_or(1, |last| last.level + 1)
}

/// Whether one workgroup can run all segments of this image after the first pass of a resize. It can if no segment
/// after the first changes coordinates.
fn is_small(segments: &[Segment]) -> bool {
    let rest = if segments[0].is_first_pass() { &segments[1..] } else { segments };
    // A mixture reads more than one image.
    rest.iter().skip(1).all(|segment| segment.is_plain() && segment.branches() == 0)
}

/// Makes the schedule for images cut into segments. `possible` are the kinds of all possible operations of such
/// batches, so that the next batch finds its shaders made.
pub(crate) fn schedule(
    images: SegmentedImages<'_>,
    sources: &Sources<'_>,
    blends: &BlendPlaces,
    sizes: Sizes,
    grouping: Grouping,
    possible: Kinds,
) -> Schedule {
    let mut schedule = Schedule::default();
    let deepest = images.iter().map(depth).max().unwrap_or(1);
    let any_branches = images.segments().iter().any(|segment| segment.branches() > 0);
    let small = sizes.small && grouping.on(false) == Grouping::Whole && images.iter().all(is_small);
    // Small images have one level, and one before it where something is resized.
    let any_resize = images.iter().any(|segments| segments[0].is_first_pass());
    let levels = if small { 1 + usize::from(any_resize) } else { deepest };
    let mut by_level: Vec<Entries<'_>> = vec![Entries::default(); levels];
    let (of_last, of_stored) = match any_branches {
        // Nearly all that is done with branches is stored.
        true => (Some(grouping), Some(Grouping::ByClass)),
        false => (Some(grouping), None),
    };
    let mut program = 0;
    let mut behind_at = PROGRAM_WORDS * images.segments().len();
    let mut programs = Vec::with_capacity(images.len());
    for (i, segments) in images.iter().enumerate() {
        let resizes = usize::from(segments[0].is_first_pass());
        let kept = if small { &segments[..=resizes] } else { segments };
        let words_behind = segments.iter().map(Segment::words_behind).sum();
        programs.push(ImagePrograms {
            segments,
            image: sources.images[i],
            result: (sizes.first_value + i * sizes.values_per_image) as u32,
            slots_at: schedule.intermediate_words,
            kept: kept.len(),
            small: small.then_some(resizes),
            counts: schedule.counts,
            behind_at,
            words_behind,
        });
        behind_at += words_behind;
        schedule.intermediate_words += intermediate_words(kept);
        for (k, segment) in segments.iter().enumerate() {
            // A small image's segments are one, and stay in workgroup memory.
            let inside = small && k >= resizes;
            if !inside || k == resizes {
                let level = match (small, inside) {
                    (true, true) => levels - 1,
                    (true, false) => 0,
                    (false, _) => deepest - depth(segments) + segment.level,
                };
                let seen = if inside { &segments[k..] } else { std::slice::from_ref(segment) };
                let partners = seen.iter().map(|s| s.partners().count()).sum();
                let grouping = if level + 1 == levels { of_last } else { of_stored };
                let (allowed, class) = group_of(segment.kinds(), grouping, possible);
                let entry = Entry { program, segment, partners, allowed, class };
                let Entries { first_passes, mixtures, rest } = &mut by_level[level];
                let list = match () {
                    () if segment.is_first_pass() => first_passes,
                    () if segment.branches() > 0 => mixtures,
                    () => rest,
                };
                list.push(entry);
            }
            schedule.counts += usize::from(segment.has_statistics() && !small);
            program += 1;
        }
    }
    schedule.programs = write_all(&programs, sources.partners, blends);
    for (level, Entries { first_passes, mixtures, mut rest }) in by_level.into_iter().enumerate() {
        schedule.push(Kernel::Resize, &first_passes, Kinds::default(), level, sizes);
        let last = level + 1 == levels;
        let mixture = if last { Kernel::Mixture } else { Kernel::MixtureToIntermediate };
        schedule.push(mixture, &mixtures, Kinds::default(), level, sizes);
        if small {
            if last {
                let all = images.segments().iter().map(Segment::kinds).fold(possible, Kinds::union);
                schedule.push(Kernel::Small, &rest, all, level, sizes);
            }
            continue;
        }
        for round in 0..2 {
            let wanting: Vec<_> = rest.iter().filter(|e| e.segment.wants(round)).copied().collect();
            schedule.push(Kernel::Statistics(round), &wanting, possible, level, sizes);
        }
        let kernel = if last { Kernel::Apply } else { Kernel::ApplyToIntermediate };
        rest.sort_by_key(|e| e.class);
        for group in rest.chunk_by(|a, b| a.allowed == b.allowed) {
            schedule.push(kernel, group, group[0].allowed, level, sizes);
        }
    }
    schedule
}

/// The segments of a level.
#[derive(Clone, Default)]
struct Entries<'a> {
    /// First passes of resizes.
    first_passes: Vec<Entry<'a>>,
    /// Mixtures of branches.
    mixtures: Vec<Entry<'a>>,
    rest: Vec<Entry<'a>>,
}

/// A segment in a dispatch.
#[derive(Clone, Copy)]
struct Entry<'a> {
    program: u32,
    segment: &'a Segment,
    /// The number of other images that it reads.
    partners: usize,
    /// See [`group_of`].
    allowed: Kinds,
    class: (u32, Kinds),
}

/// The kinds that a dispatch with such a segment allows, and the order among the segments of a level. Stored results
/// have no grouping, unless there are branches. There, passes of a blur have their own dispatches, and the rest is one
/// dispatch.
fn group_of(kinds: Kinds, grouping: Option<Grouping>, possible: Kinds) -> (Kinds, (u32, Kinds)) {
    let with_warps = Kinds::POINTS.union(Kinds::WARPS);
    let boxes = Kinds::of(&[StageKind::None, StageKind::Box]);
    let (allowed, class) = match grouping {
        None if kinds == boxes => (boxes, 0),
        None => (possible, 1),
        Some(Grouping::Single) => (possible, 0),
        Some(Grouping::ByPair) => (kinds, 0),
        _ if kinds.is_within(Kinds::POINTS) => (possible.intersection(Kinds::POINTS), 0),
        _ if kinds.is_within(with_warps) => (possible.intersection(with_warps), 1),
        _ => (possible, 2),
    };
    (allowed, (class, kinds))
}

impl Schedule {
    fn push(&mut self, kernel: Kernel, entries: &[Entry<'_>], allowed: Kinds, level: usize, sizes: Sizes) {
        if entries.is_empty() {
            return;
        }
        let mut dispatch = Dispatch {
            kernel,
            kinds: allowed,
            from_intermediate: false,
            viewed: false,
            weighted: false,
            pixels: 0,
            list: self.programs.len() as u32,
            images: entries.len() as u32,
            level,
        };
        let bytes_written_a_pixel = match kernel {
            Kernel::Statistics(_) => 0,
            between if between.is_to_intermediate() => 4,
            _ => (sizes.channels * sizes.dtype.bytes()) as u64,
        };
        for &Entry { program, segment, partners, .. } in entries {
            self.programs.push(program);
            dispatch.kinds = dispatch.kinds.union(segment.kinds());
            dispatch.from_intermediate |= segment.from.is_some();
            dispatch.viewed |= !segment.is_plain();
            dispatch.weighted |= segment.is_weighted();
            let pixels = segment.size.pixels();
            dispatch.pixels = dispatch.pixels.max(pixels);
            let bytes_a_pixel = if segment.from.is_some() { 4 } else { sizes.channels as u64 };
            let others = (segment.branches() * 4 + partners * sizes.channels) as u64;
            self.bytes_read += segment.pixels_read() as u64 * bytes_a_pixel + pixels as u64 * others;
            self.bytes_written += pixels as u64 * bytes_written_a_pixel;
        }
        if matches!(kernel, Kernel::Statistics(_)) {
            dispatch.kinds = dispatch.kinds.without(StageKind::Interpolated);
        }
        self.dispatches.push(dispatch);
    }
}
