//! SamplePairing: the image is blended with another one of the batch.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, Operation};
use crate::arithmetic::blend::blend;
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::magnitude::Range;

/// blend(image, partner; weight), with the partner as it was before augmentation. Labels are unchanged (Inoue, arXiv
/// 1801.02929). In a batch of one image, the partner is the image itself.
///
/// Source: `Image.blend`; the range is the AutoAugment paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplePairing {
    /// The weight of the partner, 0..=1.
    pub weight: f64,
    /// The partner's place in the batch, from 0.
    pub partner: usize,
}

impl Operation for SamplePairing {
    const NAME: &'static str = "SamplePairing";
    const SUMMARY: &'static str = "blends with another image of the batch";
    const EXAMPLES: &'static [&'static str] = &[
        "SamplePairing(weight=0.4, partner=1)",
        "SamplePairing(weight=0, partner=0)",
        "SamplePairing(weight=1, partner=1)",
    ];
    const CATEGORY: Category = Category::Mix;
    const RANGE: Range = Range::unsigned(0.0, 0.4);
    const WGSL: &'static str = include_str!("../../shaders/ops/sample_pairing.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        SamplePairing { weight: draw.value, partner: draw.partner() }
    }

    fn check(&self) -> Result<()> {
        if (0.0..=1.0).contains(&self.weight) {
            return Ok(());
        }
        Err(Error::Parameter { op: Self::NAME, parameter: "weight", value: self.weight, rule: "is outside 0..=1" })
    }

    fn reference(&self, image: Image, batch: &Images<'_>) -> Image {
        let mut image = image;
        let partner = batch.image(self.partner);
        for (value, &other) in image.data.iter_mut().zip(&partner.data) {
            *value = blend(*value, other, self.weight as f32);
        }
        image
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Mix { arg: Arg::Blend(self.weight as f32), partner: self.partner }
    }
}
