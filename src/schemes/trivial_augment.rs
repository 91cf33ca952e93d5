//! TrivialAugment: one operation at any magnitude.

use std::fmt;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::instantiate::Instantiator;
use super::{Draws, TORCHVISION, text};
use crate::convention::Convention;
use crate::draw::Context;
use crate::error::Result;
use crate::ops::{Op, OpKind};
use crate::random::Purpose;

/// One of 14 operations at one of 31 magnitudes, both drawn uniformly (Müller and Hutter, arXiv 2103.10158).
///
/// Source: torchvision's `TrivialAugmentWide` (0.29, transforms v2) on PIL images. The authors' own code differs from
/// it in Rotate (whole degrees), Posterize, Solarize and the enhancing operations, which have no sign there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrivialAugment {}

impl TrivialAugment {
    /// The name in text.
    pub(super) const NAME: &'static str = "trivialaugment";
}

pub(super) const CONVENTION: Convention = Convention::TorchvisionTrivialAugment;

impl Draws for TrivialAugment {
    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn operations(&self) -> Vec<OpKind> {
        TORCHVISION.to_vec()
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let op = TORCHVISION[context.stream(Purpose::Operation).random_range(0..TORCHVISION.len())];
        let magnitude = context.stream(Purpose::Magnitude).random_range(0..=CONVENTION.last_magnitude());
        ops.push(Instantiator::new(context, CONVENTION).op(0, op, f64::from(magnitude)));
        Ok(None)
    }
}

impl fmt::Display for TrivialAugment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(f, Self::NAME, self)
    }
}
