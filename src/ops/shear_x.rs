//! ShearX: every row is moved sideways, the further down the more.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation, affine, check_finite};
use crate::batch::{Image, Images, Size};
use crate::interpolation::Interpolation;
use crate::magnitude::Range;
use crate::error::Result;
use crate::draw::Draw;

/// Source coordinates are `(x + factor y, y)`; the top left corner stays.
///
/// Source: `Image.transform` with `AFFINE`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShearX {
    /// How many columns the source lies further right for each row down.
    pub factor: f64,
    /// The interpolation between pixels.
    #[serde(default)]
    pub interpolation: Interpolation,
    /// The color outside the image: red, green and blue. Gray images take the first value.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl Operation for ShearX {
    const NAME: &'static str = "ShearX";
    const SUMMARY: &'static str = "moves each row sideways, the further down the more";
    const CATEGORY: Category = Category::Warp;
    const RANGE: Range = Range::signed(0.0, 0.3);
    const WGSL: &'static str = "";

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        ShearX { factor: draw.value, interpolation: draw.interpolation, fill: draw.fill }
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

impl ShearX {
    pub(crate) fn affine(&self, _: Size) -> affine::Affine {
        let geometry = affine::Geometry::Matrix([1.0, self.factor, 0.0, 0.0, 1.0, 0.0]);
        affine::Affine { geometry, interpolation: self.interpolation, fill: self.fill }
    }
}
