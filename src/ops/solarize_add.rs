//! SolarizeAdd: a constant is added to values below a threshold.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, ImageStats, Operation, RequiredStats, Table};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::magnitude::Range;

/// min(255, v + add) for values v < threshold. The other values stay unchanged.
///
/// Despite the name, it inverts no value. kornia and some others add to all values and then solarize.
///
/// Source: TensorFlow's TPU EfficientNet `autoaugment.py`; timm's `solarize_add`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SolarizeAdd {
    /// The constant to add, 0..=255.
    pub add: u8,
    /// The first value that stays unchanged, 0..=256.
    #[serde(default = "half")]
    pub threshold: u16,
}

impl Operation for SolarizeAdd {
    const NAME: &'static str = "SolarizeAdd";
    const SUMMARY: &'static str = "adds a constant to values below 128";
    const EXAMPLES: &'static [&'static str] = &[
        "SolarizeAdd(add=77, threshold=128)",
        "SolarizeAdd(add=0, threshold=0)",
        "SolarizeAdd(add=255, threshold=256)",
    ];
    const CATEGORY: Category = Category::Point(RequiredStats::Nothing);
    const RANGE: Range = Range::unsigned(0.0, 110.0).whole();
    const WGSL: &'static str = include_str!("../../shaders/ops/solarize_add.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        SolarizeAdd { add: draw.value as u8, threshold: 128 }
    }

    fn check(&self) -> Result<()> {
        if self.threshold <= 256 {
            return Ok(());
        }
        let value = f64::from(self.threshold);
        Err(Error::Parameter { op: Self::NAME, parameter: "threshold", value, rule: "is outside 0..=256" })
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        image.map_values(|v| solarize_add(v, self.add, self.threshold))
    }

    fn table(&self, _: &ImageStats) -> Table {
        std::array::from_fn(|v| solarize_add(v as u8, self.add, self.threshold))
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Point(Arg::Word(u32::from(self.add) | u32::from(self.threshold) << 8))
    }
}

fn solarize_add(value: u8, add: u8, threshold: u16) -> u8 {
    if u16::from(value) < threshold { value.saturating_add(add) } else { value }
}

/// The threshold of every framework.
fn half() -> u16 {
    128
}
