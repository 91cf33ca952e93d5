//! Solarize: values at or above a threshold are inverted.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, ImageStats, Operation, RequiredStats, Table, check_finite};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::Result;
use crate::magnitude::Range;

/// 255 - v for values v >= threshold.
///
/// Only the first whole number at or above the threshold matters. 0 inverts all values, and a threshold above 255
/// inverts none.
///
/// Source: `ImageOps.solarize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solarize {
    /// The threshold in gray levels, usually 0..=256.
    pub threshold: f64,
}

impl Operation for Solarize {
    const NAME: &'static str = "Solarize";
    const SUMMARY: &'static str = "inverts values at or above a threshold";
    #[rustfmt::skip]
    const EXAMPLES: &'static [&'static str] = &[
        "Solarize(threshold=141.7)", "Solarize(threshold=-5)", "Solarize(threshold=0.5)", "Solarize(threshold=1)",
        "Solarize(threshold=127.5)", "Solarize(threshold=128)", "Solarize(threshold=254.5)",
        "Solarize(threshold=255)", "Solarize(threshold=255.5)", "Solarize(threshold=256)", "Solarize(threshold=300)",
    ];
    const CATEGORY: Category = Category::Point(RequiredStats::Nothing);
    const RANGE: Range = Range::unsigned(256.0, 0.0);
    const WGSL: &'static str = include_str!("../../shaders/ops/solarize.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        Solarize { threshold: draw.value }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "threshold", self.threshold)
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        let first = self.first_inverted();
        image.map_values(|v| solarize(v, first))
    }

    fn table(&self, _: &ImageStats) -> Table {
        let first = self.first_inverted();
        std::array::from_fn(|v| solarize(v as u8, first))
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Point(Arg::Word(self.first_inverted()))
    }
}

impl Solarize {
    /// The first value that is inverted, 0..=256.
    fn first_inverted(&self) -> u32 {
        self.threshold.ceil().clamp(0.0, 256.0) as u32
    }
}

fn solarize(value: u8, first: u32) -> u8 {
    if u32::from(value) < first { value } else { 255 - value }
}
