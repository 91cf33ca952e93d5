//! Sharpness: the image is blended with a smoothed version of itself.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, Operation, check_finite};
use crate::arithmetic::blend::blend;
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::Result;
use crate::magnitude::Range;

/// blend(smoothed, image; factor). The smoothed image is Pillow's `SMOOTH`: the weights 1 1 1, 1 5 1, 1 1 1 over 13,
/// rounded. The outermost rows and columns are copied, and so is an image with a side below 3.
///
/// Source: `ImageEnhance.Sharpness`, `ImageFilter.SMOOTH`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sharpness {
    /// The weight of the image: 0 gives the degenerate image, 1 the image itself, and more exaggerates.
    pub factor: f64,
}

impl Operation for Sharpness {
    const NAME: &'static str = "Sharpness";
    const SUMMARY: &'static str = "smooths or sharpens";
    #[rustfmt::skip]
    const EXAMPLES: &'static [&'static str] = &[
        "Sharpness(factor=1.9)", "Sharpness(factor=-1.5)", "Sharpness(factor=-0.01)", "Sharpness(factor=0)",
        "Sharpness(factor=0.0000001)", "Sharpness(factor=0.5)", "Sharpness(factor=0.999999)", "Sharpness(factor=1)",
        "Sharpness(factor=1.000001)", "Sharpness(factor=2)", "Sharpness(factor=40)",
    ];
    const CATEGORY: Category = Category::Window;
    const RANGE: Range = Range::around_one(0.9);
    const WGSL: &'static str = include_str!("../../shaders/ops/sharpness.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        Sharpness { factor: draw.value }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "factor", self.factor)
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        let inside = |at: usize, length: usize| at > 0 && at + 1 < length;
        image.rebuild([0; 3], |x, y, pixel| {
            pixel.copy_from_slice(image.pixel(x, y));
            if inside(x, image.width) && inside(y, image.height) {
                for (channel, value) in pixel.iter_mut().enumerate() {
                    *value = blend(smooth(&image, x, y, channel), *value, self.factor as f32);
                }
            }
        })
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Window(Arg::Blend(self.factor as f32))
    }
}

/// The smoothed value of an inner pixel: `(S + 6) / 13`, where S is the sum of the nine values with the middle one five
/// times.
///
/// Pillow sums in `f32` and rounds. S / 13 is never closer than 1 / 26 to a half, so integers give the same result.
fn smooth(image: &Image, x: usize, y: usize, channel: usize) -> u8 {
    let mut sum = 4 * u32::from(image.pixel(x, y)[channel]);
    for row in y - 1..=y + 1 {
        for column in x - 1..=x + 1 {
            sum += u32::from(image.pixel(column, row)[channel]);
        }
    }
    ((sum + 6) / 13) as u8
}
