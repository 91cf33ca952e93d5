//! Shaders: WGSL files assembled into one kernel, with only the parts that its programs can need.
//!
//! There is no preprocessor. The files are joined, with constants in front. The few `switch` statements over operations
//! and kinds are generated from the one list of operations. The files of `shaders/stages` are written once and occur in
//! a kernel twice, for the first and the second stage of a segment. In them, `stage_` becomes `first_` or `second_`.
//! `below_at` becomes the stage's source: the image or the stage before it.

mod constants;
mod dispatch;

use constants::constants;
use dispatch::{dispatch_by_op, operations, point_op, stage_at, stage_point};

use super::program::{Kinds, StageKind};
use super::schedule::Kernel;
use crate::batch::Layout;
use crate::ops::OpKind;
use crate::output::Dtype;

/// Groups of four pixels per workgroup: seven per thread. Fewer groups cost more tables, and more groups leave a GPU
/// idle.
pub(crate) const SLICE_QUADS: usize = 1792;
/// Threads of a workgroup.
pub(crate) const THREADS: usize = 256;

/// Everything that a kernel's text depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Variant {
    pub kernel: Kernel,
    pub kinds: Kinds,
    /// Sorted.
    pub operations: Vec<OpKind>,
    pub from_intermediate: bool,
    pub viewed: bool,
    pub weighted: bool,
    pub channels: usize,
    pub input: Layout,
    pub output: Layout,
    pub dtype: Dtype,
    /// Whether every image has a multiple of four pixels, so that no two groups of four share a word.
    pub whole_quads: bool,
    /// Pixels of workgroup memory, for small images.
    pub tile: usize,
    /// Histograms that the threads of a workgroup count into; see [`histograms`].
    pub histograms: usize,
}

impl Variant {
    /// Whether this kernel can run all programs of `other`: it is the same kernel, perhaps with more operations.
    pub fn serves(&self, other: &Variant) -> bool {
        let has_all = other.operations.iter().all(|op| self.operations.binary_search(op).is_ok());
        has_all && *self == Variant { operations: self.operations.clone(), ..other.clone() }
    }
}

macro_rules! wgsl {
    ($name:literal) => {
        include_str!(concat!("../../../../shaders/", $name, ".wgsl"))
    };
}

/// The entry point's name.
pub(crate) fn entry_point(kernel: Kernel) -> &'static str {
    match kernel {
        Kernel::Statistics(_) => "statistics",
        Kernel::Small => "small",
        _ => "apply",
    }
}

/// Words from one histogram of a workgroup to the next: 3 x 256, padded so that they begin in different banks of
/// memory.
const HISTOGRAM_STRIDE: usize = 768 + 8;

/// Words of this many histograms.
fn bins(histograms: usize) -> usize {
    (histograms - 1) * HISTOGRAM_STRIDE + 768
}

/// The number of histograms that the threads of a workgroup fill in turns. On a flat image, all threads add to the same
/// count. With four histograms, they queue a quarter as long. Small images get as many as the device's workgroup memory
/// holds beside the tile.
pub(crate) fn histograms(kernel: Kernel, tile: usize, workgroup_memory: usize) -> usize {
    match kernel {
        Kernel::Statistics(_) => 4,
        Kernel::Small => (2..=4).rev().find(|&n| small_memory(tile, n) <= workgroup_memory).unwrap_or(1),
        _ => 1,
    }
}

/// Bytes of workgroup memory of the small kernel for a tile of this many pixels. As WebGPU counts them, each variable
/// takes a multiple of 16.
pub(crate) fn small_memory(tile: usize, histograms: usize) -> usize {
    let [table, ends, luma_sums] = [256, 6, 2];
    [tile, table, bins(histograms), ends, luma_sums].iter().map(|words| (4 * words).next_multiple_of(16)).sum()
}

/// The kernel's WGSL.
pub(crate) fn assemble(variant: &Variant) -> String {
    let has = |kind| variant.kinds.has(kind);
    let is_small = variant.kernel == Kernel::Small;
    let resizes = variant.kernel == Kernel::Resize;
    let store = store(variant);
    let is_statistics = matches!(variant.kernel, Kernel::Statistics(_));
    let with_tables = has(StageKind::Table) || is_small || is_statistics;
    let mut text = constants(variant);
    let mut join = |part: &str| {
        text.push_str(part);
        text.push('\n');
    };
    join(wgsl!("kernels/bindings"));
    join(wgsl!("arithmetic/pixel"));
    join(wgsl!("arithmetic/blend"));
    join(wgsl!("arithmetic/luma"));
    join(wgsl!("arithmetic/u64"));
    match (variant.input, variant.channels) {
        (Layout::Nhwc, 3) => join(wgsl!("kernels/source_rgb")),
        _ => join(wgsl!("kernels/source_planes")),
    }
    join(wgsl!("kernels/fetch_memory"));
    let mixes = variant.kernel.only_sums() && !resizes;
    if resizes || variant.weighted {
        join(wgsl!("arithmetic/resample"));
    }
    join(if variant.weighted { wgsl!("kernels/viewed_weighted") } else { wgsl!("kernels/viewed_plain") });
    if mixes {
        join(wgsl!("arithmetic/binary32"));
        join(wgsl!("arithmetic/mixture"));
    }
    if resizes || mixes {
        join(if mixes { wgsl!("kernels/mixture") } else { wgsl!("kernels/resize") });
        [&store, NOTHING_TO_PREPARE, wgsl!("kernels/apply")].into_iter().for_each(join);
        return text;
    }
    join(if is_small { wgsl!("kernels/fetch_tile") } else { wgsl!("kernels/fetch_direct") });
    for &op in operations(variant) {
        join(op.wgsl());
    }
    if with_tables {
        join(match variant.kernel {
            Kernel::Small => wgsl!("kernels/counts_tile"),
            Kernel::Statistics(_) => wgsl!("kernels/counts_atomic"),
            _ => wgsl!("kernels/counts_memory"),
        });
        join(wgsl!("kernels/table"));
        join(&point_op(variant));
    }
    if has(StageKind::Mix) {
        join(wgsl!("kernels/partner"));
    }
    if has(StageKind::Warp) {
        join(wgsl!("ops/affine"));
    }
    if has(StageKind::Interpolated) {
        join(wgsl!("arithmetic/softf64"));
        join(wgsl!("ops/affine_interpolated"));
    }
    join(&dispatch_by_op(variant));
    for stage in ["first", "second"] {
        // The source of a kind of stage. An interpolated warp never follows a filter or another interpolated warp,
        // and a filter never follows an interpolated warp. A pass of a blur has none of them before or after it.
        // Leaving these pairs out keeps kernels small.
        let below = |kind| match (stage, kind) {
            ("first", _) => "source_at",
            (_, StageKind::Interpolated | StageKind::Box) => "first_plain_at",
            (_, StageKind::Window) => "first_local_at",
            _ => "first_at",
        };
        let instance = |text: &str, kind| text.replace("stage_", &format!("{stage}_")).replace("below_at", below(kind));
        for (kind, part) in [
            (StageKind::Warp, wgsl!("stages/warp")),
            (StageKind::IndexMap, wgsl!("stages/index_map")),
            (StageKind::Interpolated, wgsl!("stages/interpolated")),
            (StageKind::Window, wgsl!("stages/window")),
            (StageKind::Box, wgsl!("stages/box")),
        ] {
            if has(kind) {
                join(&instance(part, kind));
            }
        }
        let point = stage_point(variant, stage);
        join(&instance(&point, StageKind::None));
        let all = variant.kinds;
        let local = all.without(StageKind::Interpolated).without(StageKind::Box);
        join(&instance(&stage_at(all, stage, "stage_at"), StageKind::None));
        if stage == "first" {
            join(&instance(&stage_at(local, stage, "stage_local_at"), StageKind::None));
            join(&instance(&stage_at(local.without(StageKind::Window), stage, "stage_plain_at"), StageKind::None));
        }
    }
    join(wgsl!("kernels/pixels"));
    if is_statistics {
        join(wgsl!("kernels/statistics"));
        return text;
    }
    join(&store);
    if is_small {
        join(wgsl!("kernels/small"));
        return text;
    }
    join(if with_tables {
        "fn prepare(base: u32, t: u32) {\n  let steps = programs[base + WORD_STEP_COUNT];\n  \
         if (steps != 0u) { build_table(base, steps, t); }\n}"
    } else {
        NOTHING_TO_PREPARE
    });
    join(if has(StageKind::Interpolated) { wgsl!("kernels/apply_f64") } else { wgsl!("kernels/apply") });
    text
}

/// How the kernel stores four pixels, with as few and as wide accesses as the form and the images allow.
///
/// With 16 bytes an access, and without bounds of loops, the test of all forms in all groupings took 0.61 of the CPU
/// time on lavapipe, and that of the policies 0.81: one run each, compiling included. No GPU has run it yet.
fn store(variant: &Variant) -> String {
    let form = match variant.dtype {
        _ if variant.kernel.is_to_intermediate() => &[wgsl!("kernels/store_intermediate")][..],
        Dtype::F32 if variant.whole_quads => &[wgsl!("kernels/store_f32"), wgsl!("kernels/store_quads")],
        Dtype::F16 if variant.whole_quads => &[wgsl!("kernels/store_f16"), wgsl!("kernels/store_quads")],
        Dtype::U8 if !variant.whole_quads => &[wgsl!("kernels/store_bits")],
        Dtype::F16 => &[wgsl!("kernels/store_bits")],
        Dtype::U8 | Dtype::F32 => &[wgsl!("kernels/store_words")],
    };
    [&[wgsl!("kernels/normalized")], form].concat().join("\n")
}

/// A kernel without a table.
const NOTHING_TO_PREPARE: &str = "fn prepare(base: u32, t: u32) {}";
