//! UniformAugment: some operations, with all their parameters drawn uniformly.

use std::fmt;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::instantiate::Instantiator;
use super::{Draws, check_count, text};
use crate::convention::Convention;
use crate::draw::{Context, StepStream};
use crate::error::Result;
use crate::ops::{Op, OpKind};
use crate::random::Purpose;

/// `n` of 15 operations, drawn uniformly with repetition. Each has any level of its range and is applied with any
/// probability (LingChen et al., arXiv 2003.14348).
///
/// A probability drawn from 0..1, used once, amounts to a probability of one half. So each operation is applied with
/// one half.
///
/// Source: the authors' repository tgilewicz/uniformaugment, with the operations and ranges of the
/// [fast-autoaugment](Convention::FastAutoAugment) convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UniformAugment {
    /// Operations per image; 2 unless set.
    pub n: usize,
}

impl Default for UniformAugment {
    fn default() -> Self {
        UniformAugment { n: 2 }
    }
}

impl UniformAugment {
    /// The name in text.
    pub(super) const NAME: &'static str = "uniformaugment";

    /// Sets the number of operations per image.
    #[must_use]
    pub fn n(self, n: usize) -> Self {
        UniformAugment { n }
    }
}

pub(super) const CONVENTION: Convention = Convention::FastAutoAugment;

impl Draws for UniformAugment {
    fn check(&self) -> Result<()> {
        check_count(Self::NAME, self.n)
    }

    fn operations(&self) -> Vec<OpKind> {
        OpKind::PAPER.to_vec()
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let mut operations = context.stream(Purpose::Operation);
        let (mut applied, mut levels) = (StepStream::new(Purpose::Apply), StepStream::new(Purpose::Magnitude));
        let mut steps = Instantiator::new(context, CONVENTION);
        for k in 0..self.n {
            let op = OpKind::PAPER[operations.random_range(0..OpKind::PAPER.len())];
            if applied.unit(context, k) < 0.5 {
                ops.push(steps.op(k, op, levels.unit(context, k)));
            }
        }
        Ok(None)
    }
}

impl fmt::Display for UniformAugment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(f, Self::NAME, self)
    }
}
