//! TranslateX: the image is moved sideways.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation, affine, check_finite};
use crate::batch::{Image, Images, Size};
use crate::interpolation::Interpolation;
use crate::magnitude::Range;
use crate::error::Result;
use crate::draw::Draw;

/// Source coordinates are `(x - pixels, y)`.
///
/// Source: `Image.transform` with `AFFINE`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslateX {
    /// How far the content moves to the right, in pixels; negative moves it left.
    pub pixels: f64,
    /// The interpolation between pixels.
    #[serde(default)]
    pub interpolation: Interpolation,
    /// The color outside the image: red, green and blue. Gray images take the first value.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl Operation for TranslateX {
    const NAME: &'static str = "TranslateX";
    const SUMMARY: &'static str = "moves the image sideways";
    const CATEGORY: Category = Category::Warp;
    const RANGE: Range = Range::signed(0.0, 150.0 / 331.0).of_width();
    const WGSL: &'static str = "";

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        TranslateX { pixels: draw.value, interpolation: draw.interpolation, fill: draw.fill }
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

impl TranslateX {
    pub(crate) fn affine(&self, _: Size) -> affine::Affine {
        let geometry = affine::Geometry::Matrix([1.0, 0.0, -self.pixels, 0.0, 1.0, 0.0]);
        affine::Affine { geometry, interpolation: self.interpolation, fill: self.fill }
    }
}
