//! Color: the image is blended with its gray version.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, Operation, check_finite};
use crate::arithmetic::blend::blend;
use crate::arithmetic::luma::luma;
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::Result;
use crate::magnitude::Range;

/// blend(luma, image; factor) for every pixel. Gray images stay unchanged.
///
/// Source: `ImageEnhance.Color`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Color {
    /// The weight of the image: 0 gives the degenerate image, 1 the image itself, and more exaggerates.
    pub factor: f64,
}

impl Operation for Color {
    const NAME: &'static str = "Color";
    const SUMMARY: &'static str = "takes color away or adds to it";
    #[rustfmt::skip]
    const EXAMPLES: &'static [&'static str] = &[
        "Color(factor=0.27)", "Color(factor=-1.5)", "Color(factor=-0.01)", "Color(factor=0)",
        "Color(factor=0.0000001)", "Color(factor=0.5)", "Color(factor=0.999999)", "Color(factor=1)",
        "Color(factor=1.000001)", "Color(factor=2)", "Color(factor=40)",
    ];
    const CATEGORY: Category = Category::Pixel;
    const RANGE: Range = Range::around_one(0.9);
    const WGSL: &'static str = include_str!("../../shaders/ops/color.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        Color { factor: draw.value }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "factor", self.factor)
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        let mut image = image;
        if image.channels == 3 {
            for pixel in image.data.chunks_exact_mut(3) {
                let gray = luma(pixel[0], pixel[1], pixel[2]);
                for value in pixel {
                    *value = blend(gray, *value, self.factor as f32);
                }
            }
        }
        image
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Pixel(Arg::Blend(self.factor as f32))
    }
}
