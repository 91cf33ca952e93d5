//! Constants: the numbers that the WGSL files expect, each defined in one place.

use std::fmt::Write as _;

use super::super::program::{
    COUNTS_WORDS, Kinds, PROGRAM_WORDS, RULE_BLENDS, RULE_SUM, RULE_SUM_THEN_BLEND, StageKind, WANT_HISTOGRAM,
    WANT_LUMA_0, word,
};
use super::super::tables::STRETCH;
use super::super::view;
use super::{HISTOGRAM_STRIDE, SLICE_QUADS, THREADS, Variant, bins};
use crate::batch::Layout;
use crate::ops::Border;
use crate::output::Dtype;

/// All constants of a kernel, as WGSL.
pub(super) fn constants(variant: &Variant) -> String {
    let mut text = String::new();
    let mut number = |name: &str, value: usize| {
        let _ = writeln!(text, "const {name} = {value}u;");
    };
    number("PROGRAM_WORDS", PROGRAM_WORDS);
    number("COUNTS_WORDS", COUNTS_WORDS);
    number("WORD_SOURCE", word::SOURCE);
    number("WORD_FROM_INTERMEDIATE", word::FROM_INTERMEDIATE);
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
    number("WORD_VIEW_X", word::VIEW_X);
    number("WORD_VIEW_Y", word::VIEW_Y);
    number("WORD_VIEW", word::VIEW);
    number("WORD_WEIGHTS", word::WEIGHTS);
    number("RULE_SUM", RULE_SUM as usize);
    number("RULE_SUM_THEN_BLEND", RULE_SUM_THEN_BLEND as usize);
    number("RULE_BLENDS", RULE_BLENDS as usize);
    number("FLIP_X", view::FLIP_X as usize);
    number("FLIP_Y", view::FLIP_Y as usize);
    number("WEIGHTED", view::WEIGHTED as usize);
    number("WHOLE", view::WHOLE as usize);
    number("ALONG_ROWS", view::ALONG_ROWS as usize);
    number("BORDER_EDGE", Border::Edge as usize);
    number("BORDER_REFLECT", Border::Reflect as usize);
    number("BORDER_SYMMETRIC", Border::Symmetric as usize);
    number("first_args", word::FIRST_ARGS);
    number("second_args", word::SECOND_ARGS);
    number("WANT_HISTOGRAM", WANT_HISTOGRAM as usize);
    number("WANT_LUMA_0", WANT_LUMA_0 as usize);
    number("KIND_TABLE", StageKind::Table as usize);
    number("STRETCH", STRETCH);
    number("SLICE_QUADS", SLICE_QUADS);
    number("CHANNELS", variant.channels);
    number("TILE_PIXELS", variant.tile);
    number("HISTOGRAMS", variant.histograms);
    number("HISTOGRAM_STRIDE", HISTOGRAM_STRIDE);
    number("BINS", bins(variant.histograms));
    number("HELD_QUADS", (variant.tile / 4).div_ceil(THREADS).max(1));
    number("FORM_U8", Dtype::U8 as usize);
    number("FORM", variant.dtype as usize);
    let mut flag = |name: &str, value: bool| {
        let _ = writeln!(text, "const {name} = {value};");
    };
    flag("PLANAR", variant.input == Layout::Nchw);
    flag("OUT_PLANAR", variant.output == Layout::Nchw);
    flag("FROM_INTERMEDIATE", variant.from_intermediate);
    flag("VIEWED", variant.viewed);
    flag("POINTS_ONLY", variant.kinds.is_within(Kinds::POINTS));
    text
}
