//! Identity: the image is left alone.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation};
use crate::batch::Size;
use crate::magnitude::Range;

use crate::batch::{Image, Images};
use crate::draw::Draw;

/// The image as it is.
///
/// Source: the RandAugment paper's operation of that name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {}

impl Operation for Identity {
    const NAME: &'static str = "Identity";
    const SUMMARY: &'static str = "leaves the image alone";
    const EXAMPLES: &'static [&'static str] = &["Identity"];
    const CATEGORY: Category = Category::Copy;
    const RANGE: Range = Range::NONE;
    const WGSL: &'static str = "";

    fn from_draw(_: &mut Draw<'_>) -> Self {
        Identity {}
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        image
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Copy
    }
}
