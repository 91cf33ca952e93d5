//! Shaders: WGSL files put together into one kernel, with only what its programs can need.
//!
//! No preprocessor: the files are joined, constants are written in front, and the few `switch` statements over operations
//! and kinds are generated from the one list of operations. The files of `shaders/slots` are written once and stand in a
//! kernel twice, for the first and the second slot of a segment: `slot_` becomes `first_` or `second_`, and `below_at`,
//! what a slot fetches from, the image or the slot before.

use std::fmt::Write as _;

use super::frame;
use super::program::{
    ARG_FILL, ARG_OP, COUNTS_WORDS, Kinds, PROGRAM_WORDS, RULE_BLENDS, RULE_SUM_THEN_BLEND, SlotKind, WANT_HISTOGRAM,
    WANT_LUMA_0, word,
};
use super::schedule::Kernel;
use super::tables::STRETCH;
use crate::batch::Layout;
use crate::ops::{Border, Kind, Needs, OpKind};
use crate::output::Dtype;

/// Groups of four pixels that a workgroup does: seven a thread. Fewer cost more tables, more leave a GPU idle.
pub(super) const SLICE_QUADS: usize = 1792;
/// Threads of a workgroup.
pub(super) const THREADS: usize = 256;

/// Everything that a kernel's text depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Variant {
    pub kernel: Kernel,
    pub kinds: Kinds,
    /// Sorted.
    pub operations: Vec<OpKind>,
    pub from_middle: bool,
    pub framed: bool,
    pub weighted: bool,
    pub channels: usize,
    pub input: Layout,
    pub output: Layout,
    pub dtype: Dtype,
    /// Whether every image's values begin and end with a word.
    pub whole_words: bool,
    /// Pixels of workgroup memory, for small images.
    pub tile: usize,
    /// Histograms that the threads of a workgroup count into; see [`histograms`].
    pub histograms: usize,
}

impl Variant {
    /// Whether this kernel can run whatever `other` can: the same but for operations that it has besides.
    pub fn serves(&self, other: &Variant) -> bool {
        let has_all = other.operations.iter().all(|op| self.operations.binary_search(op).is_ok());
        has_all && *self == Variant { operations: self.operations.clone(), ..other.clone() }
    }
}

macro_rules! wgsl {
    ($name:literal) => {
        include_str!(concat!("../../shaders/", $name, ".wgsl"))
    };
}

/// The entry point's name.
pub(super) fn entry_point(kernel: Kernel) -> &'static str {
    match kernel {
        Kernel::Statistics(_) => "statistics",
        Kernel::Small => "small",
        _ => "apply",
    }
}

/// Words from one histogram of a workgroup to the next: 3 x 256, and some so that they begin in different banks of memory.
const HISTOGRAM_STRIDE: usize = 768 + 8;

/// Words of so many histograms.
fn bins(histograms: usize) -> usize {
    (histograms - 1) * HISTOGRAM_STRIDE + 768
}

/// How many histograms the threads of a workgroup count into, in turns. On a flat image all threads add to the same count;
/// with four they queue a quarter as long. Small images get as many as the device's workgroup memory holds beside the tile.
pub(super) fn histograms(kernel: Kernel, tile: usize, workgroup_memory: usize) -> usize {
    match kernel {
        Kernel::Statistics(_) => 4,
        Kernel::Small => (2..=4).rev().find(|&n| small_memory(tile, n) <= workgroup_memory).unwrap_or(1),
        _ => 1,
    }
}

/// Bytes of workgroup memory that the small kernel needs for a tile of this many pixels, as WebGPU counts them: each
/// variable takes a multiple of 16.
pub(super) fn small_memory(tile: usize, histograms: usize) -> usize {
    let [table, ends, luma_sums] = [256, 6, 2];
    [tile, table, bins(histograms), ends, luma_sums].iter().map(|words| (4 * words).next_multiple_of(16)).sum()
}

/// The kernel's WGSL.
pub(super) fn assemble(variant: &Variant) -> String {
    let has = |kind| variant.kinds.has(kind);
    let is_small = variant.kernel == Kernel::Small;
    let resizes = variant.kernel == Kernel::Resize;
    let mixes = matches!(variant.kernel, Kernel::Mixture | Kernel::MixtureToMiddle);
    let whole_words = variant.whole_words || variant.dtype == Dtype::F32 || variant.kernel.is_to_middle();
    let store = if whole_words { wgsl!("kernels/store_words") } else { wgsl!("kernels/store_bits") };
    let is_statistics = matches!(variant.kernel, Kernel::Statistics(_));
    let with_tables = has(SlotKind::Table) || is_small || is_statistics;
    let mut text = constants(variant);
    let mut join = |part: &str| {
        text.push_str(part);
        text.push('\n');
    };
    join(wgsl!("kernels/bindings"));
    join(wgsl!("arithmetic/pixel"));
    join(wgsl!("arithmetic/blend"));
    join(wgsl!("arithmetic/luma"));
    join(wgsl!("arithmetic/wide"));
    match (variant.input, variant.channels) {
        (Layout::Nhwc, 3) => join(wgsl!("kernels/source_rgb")),
        _ => join(wgsl!("kernels/source_planes")),
    }
    join(wgsl!("kernels/fetch_memory"));
    if resizes || variant.weighted {
        join(wgsl!("arithmetic/resample"));
    }
    join(if variant.weighted { wgsl!("kernels/framed_weighted") } else { wgsl!("kernels/framed_plain") });
    if resizes {
        for part in [wgsl!("kernels/resize"), store, NOTHING_TO_PREPARE, wgsl!("kernels/apply")] {
            join(part);
        }
        return text;
    }
    if mixes {
        let arithmetic = [wgsl!("arithmetic/binary32"), wgsl!("arithmetic/mixture")];
        let kernel = [wgsl!("kernels/mixture"), store, NOTHING_TO_PREPARE, wgsl!("kernels/apply")];
        arithmetic.into_iter().chain(kernel).for_each(join);
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
    if has(SlotKind::Mix) {
        join(wgsl!("kernels/partner"));
    }
    if has(SlotKind::Warp) {
        join(wgsl!("ops/affine"));
    }
    if has(SlotKind::Interpolated) {
        join(wgsl!("arithmetic/softf64"));
        join(wgsl!("ops/affine_interpolated"));
    }
    join(&dispatch_by_op(variant));
    for slot in ["first", "second"] {
        // What a kind of slot fetches from. Behind a filter or an interpolated warp there is never another interpolated warp,
        // and behind an interpolated warp no filter; a pass of a blur has none of them in front of it, and is in front of none:
        // leaving them out keeps kernels from growing with their product.
        let below = |kind| match (slot, kind) {
            ("first", _) => "source_at",
            (_, SlotKind::Interpolated | SlotKind::Box) => "first_plain_at",
            (_, SlotKind::Window) => "first_local_at",
            _ => "first_at",
        };
        let instance = |text: &str, kind| text.replace("slot_", &format!("{slot}_")).replace("below_at", below(kind));
        for (kind, part) in [
            (SlotKind::Warp, wgsl!("slots/warp")),
            (SlotKind::Listed, wgsl!("slots/listed")),
            (SlotKind::Interpolated, wgsl!("slots/interpolated")),
            (SlotKind::Window, wgsl!("slots/window")),
            (SlotKind::Box, wgsl!("slots/box")),
        ] {
            if has(kind) {
                join(&instance(part, kind));
            }
        }
        let point = slot_point(variant, slot);
        join(&instance(&point, SlotKind::None));
        let all = variant.kinds;
        let local = all.without(SlotKind::Interpolated).without(SlotKind::Box);
        join(&instance(&slot_at(all, slot, "slot_at"), SlotKind::None));
        if slot == "first" {
            join(&instance(&slot_at(local, slot, "slot_local_at"), SlotKind::None));
            join(&instance(&slot_at(local.without(SlotKind::Window), slot, "slot_plain_at"), SlotKind::None));
        }
    }
    join(wgsl!("kernels/pixels"));
    if is_statistics {
        join(wgsl!("kernels/statistics"));
        return text;
    }
    join(store);
    if is_small {
        join(wgsl!("kernels/small"));
        return text;
    }
    join(if with_tables {
        "fn prepare(base: u32, t: u32) {\n  let steps = programs[base + WORD_STEP_COUNT];\n  if (steps != 0u) { build_table(base, steps, t); }\n}"
    } else {
        NOTHING_TO_PREPARE
    });
    join(if has(SlotKind::Interpolated) { wgsl!("kernels/apply_exactly") } else { wgsl!("kernels/apply") });
    text
}

/// A kernel without a table.
const NOTHING_TO_PREPARE: &str = "fn prepare(base: u32, t: u32) {}";

/// The operations whose WGSL the kernel needs.
fn operations(variant: &Variant) -> impl Iterator<Item = &OpKind> {
    let kinds = variant.kinds;
    variant.operations.iter().filter(move |op| match op.class() {
        Kind::Point(_) => kinds.has(SlotKind::Table),
        Kind::Pixel => kinds.has(SlotKind::Pixel),
        Kind::Window => kinds.has(SlotKind::Window),
        Kind::Mask => kinds.has(SlotKind::Mask),
        Kind::Mix => kinds.has(SlotKind::Mix),
        Kind::Copy | Kind::Warp | Kind::Blur | Kind::Frame | Kind::Resize | Kind::Branches => false,
    })
}

/// The constants that the files expect, so that each number stands in one place only.
fn constants(variant: &Variant) -> String {
    let mut text = String::new();
    let mut number = |name: &str, value: usize| {
        let _ = writeln!(text, "const {name} = {value}u;");
    };
    number("PROGRAM_WORDS", PROGRAM_WORDS);
    number("COUNTS_WORDS", COUNTS_WORDS);
    number("WORD_SOURCE", word::SOURCE);
    number("WORD_FROM_MIDDLE", word::FROM_MIDDLE);
    number("WORD_DESTINATION", word::DESTINATION);
    number("WORD_FIRST", word::FIRST);
    number("WORD_SECOND", word::SECOND);
    number("WORD_STEPS", word::STEPS);
    number("WORD_STEP_COUNT", word::STEP_COUNT);
    number("WORD_COUNTS", word::COUNTS);
    number("WORD_STATISTICS", word::STATISTICS);
    number("WORD_SEGMENTS", word::SEGMENTS);
    number("WORD_WIDTH", word::WIDTH);
    number("WORD_HEIGHT", word::HEIGHT);
    number("WORD_SOURCE_WIDTH", word::SOURCE_WIDTH);
    number("WORD_SOURCE_HEIGHT", word::SOURCE_HEIGHT);
    number("WORD_FRAME_X", word::FRAME_X);
    number("WORD_FRAME_Y", word::FRAME_Y);
    number("WORD_FRAME", word::FRAME);
    number("WORD_WEIGHTS", word::WEIGHTS);
    number("RULE_SUM_THEN_BLEND", RULE_SUM_THEN_BLEND as usize);
    number("RULE_BLENDS", RULE_BLENDS as usize);
    number("FLIP_X", frame::FLIP_X as usize);
    number("FLIP_Y", frame::FLIP_Y as usize);
    number("WEIGHTED", frame::WEIGHTED as usize);
    number("WHOLE", frame::WHOLE as usize);
    number("ALONG_ROWS", frame::ALONG_ROWS as usize);
    number("BORDER_EDGE", Border::Edge as usize);
    number("BORDER_REFLECT", Border::Reflect as usize);
    number("BORDER_SYMMETRIC", Border::Symmetric as usize);
    number("first_args", word::FIRST_ARGS);
    number("second_args", word::SECOND_ARGS);
    number("WANT_HISTOGRAM", WANT_HISTOGRAM as usize);
    number("WANT_LUMA_0", WANT_LUMA_0 as usize);
    number("KIND_TABLE", SlotKind::Table as usize);
    number("STRETCH", STRETCH);
    number("SLICE_QUADS", SLICE_QUADS);
    number("CHANNELS", variant.channels);
    number("TILE_PIXELS", variant.tile);
    number("HISTOGRAMS", variant.histograms);
    number("HISTOGRAM_STRIDE", HISTOGRAM_STRIDE);
    number("BINS", bins(variant.histograms));
    number("HELD_QUADS", (variant.tile / 4).div_ceil(THREADS).max(1));
    number("FORM_MIDDLE", 0);
    number("FORM_U8", 1);
    number("FORM_F32", 2);
    number("FORM_F16", 3);
    let form = match (variant.kernel, variant.dtype) {
        (kernel, _) if kernel.is_to_middle() => 0,
        (_, Dtype::U8) => 1,
        (_, Dtype::F32) => 2,
        (_, Dtype::F16) => 3,
    };
    number("FORM", form);
    let mut flag = |name: &str, value: bool| {
        let _ = writeln!(text, "const {name} = {value};");
    };
    flag("PLANAR", variant.input == Layout::Nchw);
    flag("OUT_PLANAR", variant.output == Layout::Nchw);
    flag("FROM_MIDDLE", variant.from_middle);
    flag("FRAMED", variant.framed);
    flag("POINTS_ONLY", variant.kinds.is_within(Kinds::POINTS));
    text
}

/// One step of a table, by operation.
fn point_op(variant: &Variant) -> String {
    let mut arms = String::new();
    for &op in operations(variant) {
        let Kind::Point(needs) = op.class() else { continue };
        let (number, f) = (op as u32, op.function());
        let each = |call: &str| {
            let channel = |c: &str| call.replace('@', &format!("value.{c}"));
            format!("return vec3<u32>({}, {}, {});", channel("x"), channel("y"), channel("z"))
        };
        let body = match needs {
            Needs::Nothing => each(&format!("{f}(@, arg)")),
            Needs::Histogram => {
                format!("return through({f}(pushed_counts(base, value, t), t), value, t);")
            }
            Needs::Luma => {
                format!(
                    "let mean = mean_of(luma_sum(base, round), image_pixels);\n      {}",
                    each(&format!("{f}(@, mean, arg)"))
                )
            }
        };
        let _ = writeln!(arms, "    case {number}u: {{\n      {body}\n    }}");
    }
    format!(
        "fn point_op(base: u32, op: u32, round: u32, arg: u32, value: vec3<u32>, t: u32) -> vec3<u32> {{\n  \
         switch (op) {{\n{arms}    default: {{ return value; }}\n  }}\n}}\n"
    )
}

/// The other kinds' functions, by operation; `args` is the place of the slot's arguments.
fn dispatch_by_op(variant: &Variant) -> String {
    let mut text = String::new();
    let mut by_op = |kind: SlotKind, class: Kind, signature: &str, call: &str, otherwise: &str| {
        if !variant.kinds.has(kind) {
            return;
        }
        let mut arms = String::new();
        for op in operations(variant).filter(|op| op.class() == class) {
            let call = call.replace('@', op.function());
            let _ = writeln!(arms, "    case {}u: {{ return {call}; }}", *op as u32);
        }
        let _ = writeln!(
            text,
            "fn {signature} {{\n  switch (programs[args + {ARG_OP}u]) {{\n{arms}    default: {{ return {otherwise}; }}\n  }}\n}}"
        );
    };
    by_op(
        SlotKind::Pixel,
        Kind::Pixel,
        "pixel_op(args: u32, pixel: vec3<u32>) -> vec3<u32>",
        "@(pixel, programs[args])",
        "pixel",
    );
    by_op(
        SlotKind::Window,
        Kind::Window,
        "window_op(args: u32, pixel: vec3<u32>, sum: vec3<u32>) -> vec3<u32>",
        "@(pixel, sum, programs[args])",
        "pixel",
    );
    by_op(
        SlotKind::Mask,
        Kind::Mask,
        "mask_op(args: u32, x: u32, y: u32) -> bool",
        "@(x, y, programs[args], programs[args + 1u], programs[args + 2u], programs[args + 3u])",
        "false",
    );
    by_op(
        SlotKind::Mix,
        Kind::Mix,
        "mix_op(args: u32, pixel: vec3<u32>, other: vec3<u32>) -> vec3<u32>",
        "@(pixel, other, programs[args])",
        "pixel",
    );
    text
}

/// What a slot makes of a pixel that was already fetched.
fn slot_point(variant: &Variant, slot: &str) -> String {
    let args = "program + slot_args";
    let arms = [
        (SlotKind::Table, "return look_up(pixel);".to_string()),
        (SlotKind::Pixel, format!("return pack(pixel_op({args}, unpack(pixel)));")),
        (SlotKind::Mask, format!("return select(pixel, programs[{args} + {ARG_FILL}u], mask_op({args}, x, y));")),
        (
            SlotKind::Mix,
            format!("return pack(mix_op({args}, unpack(pixel), partner_at(programs[{args} + 1u], x, y)));"),
        ),
    ];
    let arms = present(variant.kinds, &arms);
    let kind = kind_of(slot);
    format!(
        "fn slot_point(pixel: u32, x: u32, y: u32) -> u32 {{\n  switch ({kind}) {{\n{arms}    default: {{ return pixel; }}\n  }}\n}}\n"
    )
}

/// What a slot makes of the pixel at some coordinates.
fn slot_at(kinds: Kinds, slot: &str, name: &str) -> String {
    let whole = [
        (SlotKind::Interpolated, "return slot_interpolated(x, y);".to_string()),
        (SlotKind::Window, "return slot_window(x, y);".to_string()),
        (SlotKind::Box, "return slot_box(x, y);".to_string()),
    ];
    let places = [
        (SlotKind::Warp, "place = slot_warp(x, y);".to_string()),
        (SlotKind::Listed, "place = slot_listed(x, y);".to_string()),
    ];
    let mut arms = present(kinds, &whole);
    arms += &present(kinds, &places);
    let kind = kind_of(slot);
    let outside = if kinds.intersection(Kinds::WARPS) == Kinds::default() {
        String::new()
    } else {
        format!(
            "  if (place.x < 0 || place.x >= i32(image_width) || place.y < 0 || place.y >= i32(image_height)) {{\n    \
             return programs[program + slot_args + {ARG_FILL}u];\n  }}\n"
        )
    };
    format!(
        "fn {name}(x: u32, y: u32) -> u32 {{\n  var place = vec2<i32>(i32(x), i32(y));\n  \
         switch ({kind}) {{\n{arms}    default: {{}}\n  }}\n{outside}  \
         return slot_point(below_at(u32(place.x), u32(place.y)), x, y);\n}}\n"
    )
}

fn kind_of(slot: &str) -> String {
    format!("programs[program + WORD_{}]", slot.to_uppercase())
}

/// The arms of a switch for those kinds that are there.
fn present(kinds: Kinds, arms: &[(SlotKind, String)]) -> String {
    let there = arms.iter().filter(|(kind, _)| kinds.has(*kind));
    there.map(|(kind, body)| format!("    case {}u: {{ {body} }}\n", *kind as u32)).collect()
}
