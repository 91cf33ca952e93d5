//! Flip: the image is mirrored, left and right or top and bottom.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::magnitude::Range;

/// Declares flips, each with the place in the source of the output's pixel `(x, y)` of an image of `size`.
macro_rules! flips {
    ($(
        $(#[$doc:meta])*
        pub struct $Name:ident;
        const SUMMARY = $summary:literal;
        const EXAMPLES = $examples:expr;
        lowered $lowered:expr;
        source |$size:ident, $x:ident, $y:ident| $source:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Name {}

        impl Operation for $Name {
            const NAME: &'static str = stringify!($Name);
            const SUMMARY: &'static str = $summary;
            const EXAMPLES: &'static [&'static str] = $examples;
            const CATEGORY: Category = Category::CropOrFlip;
            const RANGE: Range = Range::NONE;
            const WGSL: &'static str = "";

            fn from_draw(_: &mut Draw<'_>) -> Self {
                $Name {}
            }

            fn reference(&self, image: Image, _: &Images<'_>) -> Image {
                let $size = image.size();
                image.rebuild([0; 3], |$x, $y, pixel| {
                    let (x, y) = $source;
                    pixel.copy_from_slice(image.pixel(x, y));
                })
            }

            fn lower(&self, _: Size) -> Lowered {
                $lowered
            }
        }
    )*};
}

flips! {
    /// Column `x` becomes column `width - 1 - x`.
    ///
    /// Source: Pillow's `Image.Transpose.FLIP_LEFT_RIGHT`.
    pub struct HorizontalFlip;
    const SUMMARY = "mirrors left and right";
    const EXAMPLES = &["HorizontalFlip"];
    lowered Lowered::Flip { horizontal: true, vertical: false };
    source |size, x, y| (size.width - 1 - x, y);

    /// Row `y` becomes row `height - 1 - y`.
    ///
    /// Source: Pillow's `Image.Transpose.FLIP_TOP_BOTTOM`.
    pub struct VerticalFlip;
    const SUMMARY = "mirrors top and bottom";
    const EXAMPLES = &["VerticalFlip"];
    lowered Lowered::Flip { horizontal: false, vertical: true };
    source |size, x, y| (x, size.height - 1 - y);
}
