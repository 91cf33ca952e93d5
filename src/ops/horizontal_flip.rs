//! HorizontalFlip: the image is mirrored, left and right change places.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation};
use crate::batch::{Image, Images, Size};
use crate::magnitude::Range;
use crate::draw::Draw;

/// Column `x` becomes column `width - 1 - x`.
///
/// Source: Pillow's `Image.Transpose.FLIP_LEFT_RIGHT`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HorizontalFlip {}

impl Operation for HorizontalFlip {
    const NAME: &'static str = "HorizontalFlip";
    const SUMMARY: &'static str = "mirrors left and right";
    const CATEGORY: Category = Category::CropOrFlip;
    const RANGE: Range = Range::NONE;
    const WGSL: &'static str = "";

    fn from_draw(_: &mut Draw<'_>) -> Self {
        HorizontalFlip {}
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        image.rebuild([0; 3], |x, y, pixel| pixel.copy_from_slice(image.pixel(image.width - 1 - x, y)))
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Flip { horizontal: true, vertical: false }
    }
}
