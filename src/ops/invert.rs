//! Invert: every value is replaced by 255 minus it.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, ImageStats, Operation, RequiredStats, Table};
use crate::batch::Size;
use crate::magnitude::Range;

use crate::batch::{Image, Images};
use crate::draw::Draw;

/// 255 - v for every value.
///
/// Source: `ImageOps.invert`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invert {}

impl Operation for Invert {
    const NAME: &'static str = "Invert";
    const SUMMARY: &'static str = "replaces every value v by 255 - v";
    const EXAMPLES: &'static [&'static str] = &["Invert"];
    const CATEGORY: Category = Category::Point(RequiredStats::Nothing);
    const RANGE: Range = Range::NONE;
    const WGSL: &'static str = include_str!("../../shaders/ops/invert.wgsl");

    fn from_draw(_: &mut Draw<'_>) -> Self {
        Invert {}
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        image.map_values(invert)
    }

    fn table(&self, _: &ImageStats) -> Table {
        std::array::from_fn(|v| invert(v as u8))
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Point(Arg::Word(0))
    }
}

fn invert(value: u8) -> u8 {
    255 - value
}
