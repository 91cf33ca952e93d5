//! Contrast: the image is blended with its mean gray.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, ImageStats, Operation, RequiredStats, Table, check_finite};
use crate::arithmetic::blend::blend;
use crate::arithmetic::luma::mean_luma;
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::Result;
use crate::magnitude::Range;

/// blend(mean, image; factor) with the mean of luma over the image, rounded half up.
///
/// Source: `ImageEnhance.Contrast`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contrast {
    /// The weight of the image: 0 gives the degenerate image, 1 the image itself, and more exaggerates.
    pub factor: f64,
}

impl Operation for Contrast {
    const NAME: &'static str = "Contrast";
    const SUMMARY: &'static str = "moves values away from or toward the mean gray";
    #[rustfmt::skip]
    const EXAMPLES: &'static [&'static str] = &[
        "Contrast(factor=1.45)", "Contrast(factor=-1.5)", "Contrast(factor=-0.01)", "Contrast(factor=0)",
        "Contrast(factor=0.0000001)", "Contrast(factor=0.5)", "Contrast(factor=0.999999)", "Contrast(factor=1)",
        "Contrast(factor=1.000001)", "Contrast(factor=2)", "Contrast(factor=40)",
    ];
    const CATEGORY: Category = Category::Point(RequiredStats::Luma);
    const RANGE: Range = Range::around_one(0.9);
    const WGSL: &'static str = include_str!("../../shaders/ops/contrast.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        Contrast { factor: draw.value }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "factor", self.factor)
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        let mean = mean_luma(&image);
        image.map_values(|v| blend(mean, v, self.factor as f32))
    }

    fn table(&self, stats: &ImageStats) -> Table {
        std::array::from_fn(|v| blend(stats.luma, v as u8, self.factor as f32))
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Point(Arg::Blend(self.factor as f32))
    }
}
