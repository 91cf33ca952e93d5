//! Posterize: only the highest bits of every value are kept.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, ImageStats, Operation, RequiredStats, Table};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::magnitude::Range;

/// Keeps the `bits` highest bits of every value and clears the others.
///
/// 8 bits keep the image and 0 bits make it black. Pillow 13 refuses 0 bits, and older versions gave black. Policies
/// that were learned with 0 bits (v0) need them, so the result is black here.
///
/// Source: `ImageOps.posterize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posterize {
    /// How many bits are kept, 0..=8.
    pub bits: u8,
}

impl Operation for Posterize {
    const NAME: &'static str = "Posterize";
    const SUMMARY: &'static str = "keeps the highest bits of every value";
    #[rustfmt::skip]
    const EXAMPLES: &'static [&'static str] = &[
        "Posterize(bits=5)", "Posterize(bits=0)", "Posterize(bits=1)", "Posterize(bits=2)", "Posterize(bits=3)",
        "Posterize(bits=4)", "Posterize(bits=6)", "Posterize(bits=7)", "Posterize(bits=8)",
    ];
    const CATEGORY: Category = Category::Point(RequiredStats::Nothing);
    const RANGE: Range = Range::unsigned(8.0, 4.0).rounded();
    const WGSL: &'static str = include_str!("../../shaders/ops/posterize.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        Posterize { bits: draw.value as u8 }
    }

    fn check(&self) -> Result<()> {
        if self.bits <= 8 {
            return Ok(());
        }
        let value = f64::from(self.bits);
        Err(Error::Parameter { op: Self::NAME, parameter: "bits", value, rule: "is outside 0..=8" })
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        image.map_values(|v| posterize(v, self.bits))
    }

    fn table(&self, _: &ImageStats) -> Table {
        std::array::from_fn(|v| posterize(v as u8, self.bits))
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Point(Arg::Word(u32::from(self.bits)))
    }
}

fn posterize(value: u8, bits: u8) -> u8 {
    (u32::from(value) & (0xff00 >> bits)) as u8
}
