//! Desaturate: color is removed from the image.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Color, Operation};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::magnitude::{Range, Scale, Sign};

/// [`Color`](struct@Color) with the factor `1 - amount`, which never adds color.
///
/// The paper has no such operation. It and its range are timm's.
///
/// Source: timm's `desaturate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desaturate {
    /// The part of the color that is removed: 0 keeps the image, 1 makes it gray.
    pub amount: f64,
}

impl Desaturate {
    fn color(&self) -> Color {
        Color { factor: 1.0 - self.amount }
    }
}

impl Operation for Desaturate {
    const NAME: &'static str = "Desaturate";
    const SUMMARY: &'static str = "takes color away, up to all of it";
    #[rustfmt::skip]
    const EXAMPLES: &'static [&'static str] = &[
        "Desaturate(amount=0.63)", "Desaturate(amount=0)", "Desaturate(amount=0.000000001)", "Desaturate(amount=0.1)",
        "Desaturate(amount=0.5)", "Desaturate(amount=0.999999)", "Desaturate(amount=1)",
    ];
    const CATEGORY: Category = Category::Pixel;
    const RANGE: Range = Range::of(Scale::Between { from: 0.5, to: 1.0 }, Sign::None);
    const WGSL: &'static str = include_str!("../../shaders/ops/desaturate.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        Desaturate { amount: draw.value }
    }

    fn check(&self) -> Result<()> {
        if (0.0..=1.0).contains(&self.amount) {
            return Ok(());
        }
        Err(Error::Parameter { op: Self::NAME, parameter: "amount", value: self.amount, rule: "is outside 0..=1" })
    }

    fn reference(&self, image: Image, batch: &Images<'_>) -> Image {
        self.color().reference(image, batch)
    }

    fn lower(&self, size: Size) -> Lowered {
        self.color().lower(size)
    }
}
