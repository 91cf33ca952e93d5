//! Brightness: the image is blended with black.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, ImageStats, Operation, RequiredStats, Table, check_finite};
use crate::arithmetic::blend::blend;
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::Result;
use crate::magnitude::Range;

/// blend(black, image; factor): darker below 1, brighter above.
///
/// Source: `ImageEnhance.Brightness`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brightness {
    /// The weight of the image: 0 gives the degenerate image, 1 the image itself, and more exaggerates.
    pub factor: f64,
}

impl Operation for Brightness {
    const NAME: &'static str = "Brightness";
    const SUMMARY: &'static str = "makes the image darker or brighter";
    #[rustfmt::skip]
    const EXAMPLES: &'static [&'static str] = &[
        "Brightness(factor=1.36)", "Brightness(factor=-1.5)", "Brightness(factor=-0.01)", "Brightness(factor=0)",
        "Brightness(factor=0.0000001)", "Brightness(factor=0.5)", "Brightness(factor=0.999999)",
        "Brightness(factor=1)", "Brightness(factor=1.000001)", "Brightness(factor=2)", "Brightness(factor=40)",
    ];
    const CATEGORY: Category = Category::Point(RequiredStats::Nothing);
    const RANGE: Range = Range::around_one(0.9);
    const WGSL: &'static str = include_str!("../../shaders/ops/brightness.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        Brightness { factor: draw.value }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "factor", self.factor)
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        image.map_values(|v| blend(0, v, self.factor as f32))
    }

    fn table(&self, _: &ImageStats) -> Table {
        std::array::from_fn(|v| blend(0, v as u8, self.factor as f32))
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Point(Arg::Blend(self.factor as f32))
    }
}
