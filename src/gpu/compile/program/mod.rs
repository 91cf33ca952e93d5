//! Programs: the kernels' instructions for each image.
//!
//! A chain of operations becomes *stages*. A run of point operations is one stage (a table), and every other
//! operation is a stage of its own. A *segment* has one or two stages, which a kernel can evaluate on the fly,
//! backwards from the output pixel. Nearly every sub-policy of two operations is a single segment. A new segment
//! begins, and the result between is stored, in two cases:
//!
//! * The second stage reads many pixels of an expensive first stage, such as a filter or a statistic after an
//!   interpolated warp.
//! * A crop or resize follows another operation.
//!
//! A blur is six such stages, one for each pass of its box. The first shares a segment with the stage before it, and
//! the last with the stage after it.
//!
//! The branches of an AugMix are chains with the same source. A segment of its own mixes their stored results. So an
//! image's segments are not always consecutive. Each segment has a *level* above the levels of its inputs, and stores
//! its result in a *buffer slot*. The results of one level go to one of two buffers, and those of the next level to
//! the other. A kernel cannot read the buffer that it writes.
//!
//! Crops and flips before a segment's stages are its [`SourceView`], a map of coordinates at no cost. A resize is a
//! segment that sums along one axis and is stored. The pixels of the next segment's source are the sums along the
//! other axis.

mod chain;
mod segmented;
mod write;

pub(crate) use chain::segments_of_all;
pub(crate) use segmented::{Segmented, SegmentedImages};
pub(crate) use write::Places;

use std::sync::Arc;

use smallvec::SmallVec;

use super::view::SourceView;
use crate::arithmetic::resample::Weights;
use crate::batch::Size;
use crate::ops::{Category, MixRule, OpKind, RequiredStats};

/// Words of a program.
pub(crate) const PROGRAM_WORDS: usize = 32;
/// Words of an image's statistics: 3 x 256 counts and two 64-bit sums.
pub(crate) const COUNTS_WORDS: usize = 772;
/// The most steps of one table, so that prefixes fit a byte. Longer runs are cut.
const MOST_STEPS: usize = 128;

/// Words of a program, by name. The shaders get these as constants.
pub(crate) mod word {
    /// First byte of the image in `source`, or first word in `intermediate`.
    pub const SOURCE: usize = 0;
    /// Whether the image is in `intermediate`.
    pub const FROM_INTERMEDIATE: usize = 1;
    /// Place of the image's first value in the destination.
    pub const DESTINATION: usize = 2;
    /// Kinds of the two stages.
    pub const FIRST: usize = 3;
    pub const SECOND: usize = 4;
    /// The place of the table's steps, two words each, and their number.
    pub const STEPS: usize = 5;
    pub const STEP_COUNT: usize = 6;
    /// Number of the image's statistics.
    pub const COUNTS: usize = 7;
    /// The needed statistics, and the number of steps before each of the two sums of luma.
    pub const STATISTICS: usize = 8;
    /// The number of remaining segments, with this one.
    pub const SEGMENTS: usize = 9;
    /// Arguments of the stages, seven words each.
    pub const FIRST_ARGS: usize = 10;
    pub const SECOND_ARGS: usize = 17;
    /// The size of the segment's result.
    pub const WIDTH: usize = 24;
    pub const HEIGHT: usize = 25;
    /// The size of its source, and the source's pixel that is its first.
    pub const SOURCE_WIDTH: usize = 26;
    pub const SOURCE_HEIGHT: usize = 27;
    pub const VIEW_X: usize = 28;
    pub const VIEW_Y: usize = 29;
    /// The view's fill and, in the upper bits, its flags.
    pub const VIEW: usize = 30;
    /// The place of the weights of a resize, which follow the width of the image between its passes. For a mixture, the
    /// place of its inputs; see `shaders/kernels/mixture.wgsl`.
    pub const WEIGHTS: usize = 31;
}

/// Place of the operation's number, and of the fill, among a stage's arguments.
pub(crate) const ARG_OP: usize = 5;
pub(crate) const ARG_FILL: usize = 6;

/// Bits of `word::STATISTICS`. The bit of round 1 follows that of round 0.
pub(crate) const WANT_HISTOGRAM: u32 = 1;
pub(crate) const WANT_LUMA_0: u32 = 2;

/// The rules of a mixture, as numbers in programs.
pub(crate) const RULE_SUM: u32 = 0;
pub(crate) const RULE_SUM_THEN_BLEND: u32 = 1;
pub(crate) const RULE_BLENDS: u32 = 2;

/// The kind of a stage: a number in programs, and a bit in [`Kinds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum StageKind {
    None = 0,
    Table = 1,
    Pixel = 2,
    Mask = 3,
    Mix = 4,
    Warp = 5,
    IndexMap = 6,
    Interpolated = 7,
    Window = 8,
    Box = 9,
}

/// A set of stage kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Kinds(u32);

impl Kinds {
    pub const POINTS: Kinds =
        Kinds::of(&[StageKind::None, StageKind::Table, StageKind::Pixel, StageKind::Mask, StageKind::Mix]);
    pub const WARPS: Kinds = Kinds::of(&[StageKind::Warp, StageKind::IndexMap, StageKind::Interpolated]);

    pub const fn of(kinds: &[StageKind]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < kinds.len() {
            bits |= 1 << kinds[i] as u32;
            i += 1;
        }
        Kinds(bits)
    }

    pub const fn union(self, other: Kinds) -> Self {
        Kinds(self.0 | other.0)
    }

    pub fn intersection(self, other: Kinds) -> Self {
        Kinds(self.0 & other.0)
    }

    pub fn without(self, kind: StageKind) -> Self {
        Kinds(self.0 & !(1 << kind as u32))
    }

    pub fn has(self, kind: StageKind) -> bool {
        self.0 >> kind as u32 & 1 == 1
    }

    pub fn is_within(self, other: Kinds) -> bool {
        self.0 & !other.0 == 0
    }

    /// The kinds that these operations can need.
    pub fn of_operations(operations: &[OpKind]) -> Self {
        let kind = |op: &OpKind| match op.category() {
            // A view becomes a stage only where it stands behind another operation.
            Category::Copy | Category::CropOrFlip | Category::Resize | Category::Branches => StageKind::None,
            Category::Point(_) => StageKind::Table,
            Category::Pixel => StageKind::Pixel,
            Category::Warp => StageKind::Warp,
            Category::Window => StageKind::Window,
            Category::Blur => StageKind::Box,
            Category::Mask => StageKind::Mask,
            Category::Mix => StageKind::Mix,
        };
        operations.iter().map(|op| Kinds::of(&[kind(op)])).fold(Kinds::default(), Kinds::union)
    }
}

/// One stage.
#[derive(Clone, Debug)]
struct Stage {
    kind: StageKind,
    args: [u32; 7],
    /// Whether `args[0]` is a blend's alpha, in place of its table.
    is_blend: bool,
    /// The target of `args[0]`.
    extra: Extra,
}

/// The argument of a step or stage: a word, or the bits of a blend's alpha. Its table is known when it is written.
#[derive(Clone, Copy, Debug)]
struct Argument {
    word: u32,
    is_blend: bool,
}

#[derive(Clone, Debug)]
enum Extra {
    Nothing,
    /// Words that follow the programs.
    Words(Vec<u32>),
    /// The partner of a mix. Its place in memory goes into `args[1]`.
    Partner(usize),
}

/// A run of point operations.
#[derive(Clone, Debug, Default)]
struct Table {
    /// Operation and round, argument. Policies rarely have more than two in a run.
    steps: SmallVec<[(u32, Argument); 2]>,
    statistics: u32,
    /// Whether a step so far needs statistics.
    dynamic: bool,
    /// The number of rounds of luma.
    rounds: u32,
}

/// One or two stages, evaluated together, on a source with a view.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    stages: [Stage; 2],
    table: Table,
    pub view: SourceView,
    /// The size of its result.
    pub size: Size,
    sums: Sums,
    /// The number of levels of segments before it.
    pub level: usize,
    /// The slot whose last result is its input. `None` for the input image.
    pub from: Option<usize>,
    /// The slot of its result, if it is not the last segment.
    pub slot: usize,
}

/// The sums of a segment.
#[derive(Clone, Debug)]
enum Sums {
    Nothing,
    /// It is the first pass, which is stored.
    First(Pass),
    /// Its source's pixels are those of the second pass.
    Second(Pass),
    /// It mixes its source with the results of branches.
    Mixture(Mixture),
}

/// The inputs of a mixture besides its source.
#[derive(Clone, Debug)]
struct Mixture {
    rule: MixRule,
    /// The branches' weights, in the order of their slots, which begin at 1.
    weights: Vec<f32>,
}

/// One of the two passes.
#[derive(Clone, Debug)]
struct Pass {
    weights: Arc<Weights>,
    along_rows: bool,
    /// The first stored column or row of the weights.
    shift: usize,
    /// Columns of the stored image.
    stride: usize,
}

impl Segment {
    pub fn kinds(&self) -> Kinds {
        Kinds::of(&[self.stages[0].kind, self.stages[1].kind])
    }

    /// Its number of words, with the words that follow the programs and its places in lists of dispatches.
    pub fn words(&self) -> usize {
        PROGRAM_WORDS + 3 + self.words_behind()
    }

    /// The number of words that follow the programs.
    pub fn words_behind(&self) -> usize {
        let extra = |stage: &Stage| match &stage.extra {
            Extra::Words(words) => words.len(),
            _ => 0,
        };
        let weights = match &self.sums {
            Sums::Nothing => 0,
            Sums::First(pass) | Sums::Second(pass) => 1 + pass.weights.word_count(),
            Sums::Mixture(mixture) => 3 + 2 * mixture.weights.len(),
        };
        2 * self.table.steps.len() + weights + self.stages.iter().map(extra).sum::<usize>()
    }

    /// Whether this round of the statistics pass is needed.
    pub fn wants(&self, round: u32) -> bool {
        let any_histogram = round == 0 && self.table.statistics & WANT_HISTOGRAM != 0;
        any_histogram || self.table.statistics & (WANT_LUMA_0 << round) != 0
    }

    /// Whether it is the first pass of a resize, which has a kernel of its own.
    pub fn is_first_pass(&self) -> bool {
        matches!(self.sums, Sums::First(_))
    }

    /// Whether its source's pixels are those of the second pass.
    pub fn is_weighted(&self) -> bool {
        matches!(self.sums, Sums::Second(_))
    }

    /// Whether its source has no view.
    pub fn is_plain(&self) -> bool {
        matches!(self.sums, Sums::Nothing) && self.view.is_whole()
    }

    /// The number of branches that it mixes, in a kernel of its own. `None` for all other segments.
    pub fn branches(&self) -> usize {
        if let Sums::Mixture(mixture) = &self.sums { mixture.weights.len() } else { 0 }
    }

    /// The number of source pixels that it reads.
    pub fn pixels_read(&self) -> usize {
        let used = |pass: &Pass| {
            let (first, end) = pass.weights.used();
            end - first
        };
        match &self.sums {
            Sums::Nothing | Sums::Mixture(_) => self.size.pixels(),
            Sums::First(pass) => used(pass) * if pass.along_rows { self.size.height } else { self.size.width },
            Sums::Second(pass) => {
                used(pass) * if pass.along_rows { self.view.source.height } else { self.view.source.width }
            }
        }
    }

    /// Words of its statistics.
    pub fn counts_words(&self) -> usize {
        if self.has_statistics() { COUNTS_WORDS } else { 0 }
    }

    pub fn has_statistics(&self) -> bool {
        self.wants(0) || self.wants(1)
    }

    /// The alphas of this segment's blends.
    pub fn blends(&self) -> impl Iterator<Item = f32> + '_ {
        let steps = self.table.steps.iter().map(|(_, arg)| *arg);
        let stages = self.stages.iter().map(|s| Argument { word: s.args[0], is_blend: s.is_blend });
        steps.chain(stages).filter(|arg| arg.is_blend).map(|arg| f32::from_bits(arg.word))
    }

    /// The partners of this segment's mixes.
    pub fn partners(&self) -> impl Iterator<Item = usize> + '_ {
        self.stages.iter().filter_map(|s| match s.extra {
            Extra::Partner(partner) => Some(partner),
            _ => None,
        })
    }
}

impl Table {
    /// Adds a step if this table has room for it.
    fn push(&mut self, op: OpKind, arg: Argument) -> bool {
        if self.steps.len() == MOST_STEPS {
            return false;
        }
        let needs = match op.category() {
            Category::Point(needs) => needs,
            _ => RequiredStats::Nothing,
        };
        let mut round = 0;
        match needs {
            RequiredStats::Nothing => {}
            RequiredStats::Histogram => self.statistics |= WANT_HISTOGRAM,
            RequiredStats::Luma => {
                // Luma behind steps that need statistics themselves has to wait for those.
                round = self.rounds.max(u32::from(self.dynamic));
                if round > 1 {
                    return false;
                }
                self.statistics |= (WANT_LUMA_0 << round) | (self.steps.len() as u32) << (8 + 8 * round);
                self.rounds = round + 1;
            }
        }
        self.dynamic |= needs != RequiredStats::Nothing;
        self.steps.push((op as u32 | round << 16, arg));
        true
    }
}

impl Stage {
    const NONE: Stage = Stage { kind: StageKind::None, args: [0; 7], is_blend: false, extra: Extra::Nothing };
}
