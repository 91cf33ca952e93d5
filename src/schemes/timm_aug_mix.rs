//! timm's AugMix.

use rand::RngExt;

use super::Draws;
use super::aug_mix::{OPERATIONS, chains, check_alpha, check_shape, with_mixture};
use super::instantiate::Instantiator;
use super::timm_noise::{Noise, check_mstd};
use crate::convention::Convention;
use crate::draw::Context;
use crate::error::Result;
use crate::ops::{self, Branch, MixRule, Op, OpKind};
use crate::random::dirichlet::dirichlet;
use crate::random::{Purpose, beta};

/// timm's AugMix: `width` branches of `depth` operations each, at magnitudes near or below `m`.
///
/// ```
/// use autoaugment::{Scheme, schemes::TimmAugMix};
/// let scheme = TimmAugMix::default().m(5).width(4).depth(2);
/// assert_eq!(Scheme::from(scheme).to_string(), "augmix-m5-w4-d2");
/// ```
///
/// Source: `augment_and_mix_transform` of timm 1.0.31. The interpolation of each warp is bilinear or bicubic by chance.
/// Fill and interpolation can be set as for [`TimmRandAugment`](super::TimmRandAugment).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimmAugMix {
    /// The magnitude; 3 unless set. Drawn magnitudes are clipped to 10.
    pub m: u32,
    /// The standard deviation of the magnitude. The default, infinite, means any magnitude from 0 to `m`.
    pub mstd: f64,
    /// Branches, 1..=32; 3 unless set.
    pub width: usize,
    /// Operations of a branch, 0..=100. The default, 0, means 1 to 3 by chance.
    pub depth: usize,
    /// The parameter of the Beta and the Dirichlet distribution of the weights; 1 unless set.
    pub alpha: f64,
    /// Whether branches are blended in order, with bytes between, instead of added up.
    pub blended: bool,
}

impl Default for TimmAugMix {
    fn default() -> Self {
        TimmAugMix { m: 3, mstd: f64::INFINITY, width: 3, depth: 0, alpha: 1.0, blended: false }
    }
}

impl TimmAugMix {
    /// Sets the magnitude.
    #[must_use]
    pub fn m(self, m: u32) -> Self {
        TimmAugMix { m, ..self }
    }

    /// Sets the standard deviation of the magnitude.
    #[must_use]
    pub fn mstd(self, mstd: f64) -> Self {
        TimmAugMix { mstd, ..self }
    }

    /// Sets the number of branches.
    #[must_use]
    pub fn width(self, width: usize) -> Self {
        TimmAugMix { width, ..self }
    }

    /// Sets the number of operations per branch; 0 means 1 to 3 by chance.
    #[must_use]
    pub fn depth(self, depth: usize) -> Self {
        TimmAugMix { depth, ..self }
    }

    /// Sets the parameter of the distributions.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        TimmAugMix { alpha, ..self }
    }

    /// Blends the branches in order.
    #[must_use]
    pub fn blended(self, blended: bool) -> Self {
        TimmAugMix { blended, ..self }
    }
}

pub(super) const CONVENTION: Convention = Convention::TimmAugMix;

impl Draws for TimmAugMix {
    fn check(&self) -> Result<()> {
        check_mstd("augmix", self.mstd)?;
        check_shape("augmix", self.width, self.depth)?;
        check_alpha("augmix", self.alpha)
    }

    fn operations(&self) -> Vec<OpKind> {
        with_mixture(&OPERATIONS)
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let mut stream = context.stream(Purpose::Weights);
        let mixed = beta::symmetric(self.alpha, stream.random(), stream.random()) as f32;
        let mut weights: Vec<f32> =
            dirichlet(&mut stream, self.alpha, self.width).into_iter().map(|w| w as f32).collect();
        let rule = match self.blended {
            false => MixRule::SumThenBlend(f64::from(mixed)),
            true => {
                one_after_the_other(&mut weights, mixed);
                MixRule::Blends
            }
        };
        let mut noise = Noise::new(context, self.mstd, 10.0);
        let mut steps = Instantiator::new(context, CONVENTION);
        let chains = chains(context, &OPERATIONS, self.width, self.depth, |k, op| {
            steps.op(k, op, noise.on(k, f64::from(self.m)))
        });
        let weights = weights.into_iter().map(f64::from);
        let branches = weights.zip(chains).map(|(weight, ops)| Branch { weight, ops }).collect();
        ops.push(ops::AugMix { rule, branches }.into());
        Ok(None)
    }
}

/// Turns the weights of a sum into the weights of successive blends, within the precision of `f32`. Each blend scales
/// down the earlier weights, and the new weights leave that out.
fn one_after_the_other(weights: &mut [f32], mixed: f32) {
    let mut left = 1.0;
    for weight in weights.iter_mut().rev() {
        // Nothing is left where the last ones take it all.
        *weight = if left > 0.0 { (*weight * mixed / left).min(2.0) } else { 0.0 };
        left *= 1.0 - *weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blends_one_after_the_other_have_the_weights_of_the_sum() {
        let mut weights = [0.5, 0.3, 0.2];
        one_after_the_other(&mut weights, 0.8);
        let [a, b, c] = weights;
        let shares = [a * (1.0 - b) * (1.0 - c), b * (1.0 - c), c];
        for (share, weight) in shares.iter().zip([0.4, 0.24, 0.16]) {
            assert!((share - weight).abs() < 1e-6, "{shares:?}");
        }
        let mut all = [0.0, 0.0, 1.0];
        one_after_the_other(&mut all, 1.0);
        assert_eq!(all, [0.0, 0.0, 1.0]);
    }
}
