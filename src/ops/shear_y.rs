//! ShearY: every column is moved up or down, the further right the more.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation, affine, check_finite};
use crate::batch::{Image, Images, Size};
use crate::interpolation::Interpolation;
use crate::magnitude::Range;
use crate::error::Result;
use crate::draw::Draw;

/// Source coordinates are `(x, y + factor x)`; the top left corner stays.
///
/// Source: `Image.transform` with `AFFINE`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShearY {
    /// How many rows the source lies further down for each column to the right.
    pub factor: f64,
    /// The interpolation between pixels.
    #[serde(default)]
    pub interpolation: Interpolation,
    /// The color outside the image: red, green and blue. Gray images take the first value.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl Operation for ShearY {
    const NAME: &'static str = "ShearY";
    const SUMMARY: &'static str = "moves each column up or down, the further right the more";
    const CATEGORY: Category = Category::Warp;
    const RANGE: Range = Range::signed(0.0, 0.3);
    const WGSL: &'static str = "";

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        ShearY { factor: draw.value, interpolation: draw.interpolation, fill: draw.fill }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "factor", self.factor)
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        self.affine(image.size()).warp(&image)
    }

    fn lower(&self, size: Size) -> Lowered {
        self.affine(size).lower(size)
    }
}

impl ShearY {
    pub(crate) fn affine(&self, _: Size) -> affine::Affine {
        let geometry = affine::Geometry::Matrix([1.0, 0.0, 0.0, self.factor, 1.0, 0.0]);
        affine::Affine { geometry, interpolation: self.interpolation, fill: self.fill }
    }
}
