//! RandAugment: some operations, all at one magnitude.

use std::fmt;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::instantiate::Instantiator;
use super::{Draws, TORCHVISION, check_count, text};
use crate::convention::Convention;
use crate::draw::Context;
use crate::error::{Error, Result};
use crate::ops::{Op, OpKind};
use crate::random::Purpose;

/// `n` of 14 operations at magnitude `m`, drawn uniformly with repetition. All of them are applied (Cubuk et al., arXiv
/// 1909.13719).
///
/// Source: torchvision's `RandAugment` (0.29, transforms v2) with its 31 magnitudes, on PIL images. timm's is
/// [`TimmRandAugment`](super::TimmRandAugment).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandAugment {
    /// Operations per image; 2 unless set.
    pub n: usize,
    /// Their magnitude, 0..=30; 9 unless set.
    pub m: u32,
}

impl Default for RandAugment {
    fn default() -> Self {
        RandAugment { n: 2, m: 9 }
    }
}

impl RandAugment {
    /// The name in text.
    pub(super) const NAME: &'static str = "randaugment";

    /// Sets the number of operations per image.
    #[must_use]
    pub fn n(self, n: usize) -> Self {
        RandAugment { n, ..self }
    }

    /// Sets the magnitude.
    #[must_use]
    pub fn m(self, m: u32) -> Self {
        RandAugment { m, ..self }
    }
}

pub(super) const CONVENTION: Convention = Convention::TorchvisionRandAugment;

impl Draws for RandAugment {
    fn check(&self) -> Result<()> {
        check_count(Self::NAME, self.n)?;
        if self.m > CONVENTION.last_magnitude() {
            let (op, parameter, value) = (Self::NAME, "m", f64::from(self.m));
            return Err(Error::Parameter { op, parameter, value, rule: "is outside 0..=30" });
        }
        Ok(())
    }

    fn operations(&self) -> Vec<OpKind> {
        TORCHVISION.to_vec()
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let mut operations = context.stream(Purpose::Operation);
        let mut steps = Instantiator::new(context, CONVENTION);
        for k in 0..self.n {
            let op = TORCHVISION[operations.random_range(0..TORCHVISION.len())];
            ops.push(steps.op(k, op, f64::from(self.m)));
        }
        Ok(None)
    }
}

impl fmt::Display for RandAugment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(f, Self::NAME, self)
    }
}
