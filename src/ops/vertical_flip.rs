//! VerticalFlip: the image is mirrored, top and bottom change places.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation};
use crate::batch::{Image, Images, Size};
use crate::magnitude::Range;
use crate::draw::Draw;

/// Row `y` becomes row `height - 1 - y`.
///
/// Source: Pillow's `Image.Transpose.FLIP_TOP_BOTTOM`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerticalFlip {}

impl Operation for VerticalFlip {
    const NAME: &'static str = "VerticalFlip";
    const SUMMARY: &'static str = "mirrors top and bottom";
    const CATEGORY: Category = Category::CropOrFlip;
    const RANGE: Range = Range::NONE;
    const WGSL: &'static str = "";

    fn from_draw(_: &mut Draw<'_>) -> Self {
        VerticalFlip {}
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        image.rebuild([0; 3], |x, y, pixel| pixel.copy_from_slice(image.pixel(x, image.height - 1 - y)))
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Flip { horizontal: false, vertical: true }
    }
}
