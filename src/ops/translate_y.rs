//! TranslateY: the image is moved up or down.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation, affine, check_finite};
use crate::batch::{Image, Images, Size};
use crate::interpolation::Interpolation;
use crate::magnitude::Range;
use crate::error::Result;
use crate::draw::Draw;

/// Source coordinates are `(x, y - pixels)`.
///
/// Source: `Image.transform` with `AFFINE`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslateY {
    /// How far the content moves down, in pixels; negative moves it up.
    pub pixels: f64,
    /// The interpolation between pixels.
    #[serde(default)]
    pub interpolation: Interpolation,
    /// The color outside the image: red, green and blue. Gray images take the first value.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl Operation for TranslateY {
    const NAME: &'static str = "TranslateY";
    const SUMMARY: &'static str = "moves the image up or down";
    const CATEGORY: Category = Category::Warp;
    const RANGE: Range = Range::signed(0.0, 150.0 / 331.0).of_height();
    const WGSL: &'static str = "";

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        TranslateY { pixels: draw.value, interpolation: draw.interpolation, fill: draw.fill }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "pixels", self.pixels)
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        self.affine(image.size()).warp(&image)
    }

    fn lower(&self, size: Size) -> Lowered {
        self.affine(size).lower(size)
    }
}

impl TranslateY {
    pub(crate) fn affine(&self, _: Size) -> affine::Affine {
        let geometry = affine::Geometry::Matrix([1.0, 0.0, 0.0, 0.0, 1.0, -self.pixels]);
        affine::Affine { geometry, interpolation: self.interpolation, fill: self.fill }
    }
}
