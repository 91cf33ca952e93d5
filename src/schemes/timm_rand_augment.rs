//! timm's RandAugment: operations at magnitudes with noise.

use super::instantiate::Instantiator;
use super::timm_noise::{Noise, check_mstd};
use super::{Draws, TimmSet};
use crate::convention::Convention;
use crate::draw::{Context, StepStream};
use crate::error::{Error, Result};
use crate::ops::{Op, OpKind};
use crate::random::Purpose;

/// timm's RandAugment: each of `n` operations is applied with probability `p`, at a magnitude near `m`.
///
/// ```
/// use autoaugment::{Scheme, schemes::TimmRandAugment};
/// let scheme = TimmRandAugment::default().m(9).mstd(0.5).increasing(true);
/// assert_eq!(Scheme::from(scheme).to_string(), "rand-m9-mstd0.5-inc1");
/// # Ok::<(), autoaugment::Error>(())
/// ```
///
/// Source: `rand_augment_transform` of timm 1.0.31. Operations can repeat, unless they are weighted. The interpolation
/// of each warp is bilinear or bicubic by chance. timm's training script adds the data set's mean as fill, and perhaps
/// one interpolation. Here these are the sampler's [`fill`](crate::Sampler::fill) and
/// [`interpolation`](crate::Sampler::interpolation).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimmRandAugment {
    /// The magnitude, clipped to `mmax`; 10 unless set.
    pub m: u32,
    /// Operations per image; 2 unless set.
    pub n: usize,
    /// The probability of each; 0.5 unless set.
    pub p: f64,
    /// The standard deviation of the magnitude; 0 unless set. Infinite means any magnitude from 0 to `m`.
    pub mstd: f64,
    /// The largest magnitude, 1..=100; 10 unless set. Larger ones are clipped to it.
    pub mmax: u32,
    /// Whether all operations get stronger with the magnitude.
    pub increasing: bool,
    /// The set of operations. All sets except the first have the increasing ones.
    pub set: TimmSet,
}

impl Default for TimmRandAugment {
    fn default() -> Self {
        TimmRandAugment { m: 10, n: 2, p: 0.5, mstd: 0.0, mmax: 10, increasing: false, set: TimmSet::All }
    }
}

impl TimmRandAugment {
    /// Sets the magnitude.
    #[must_use]
    pub fn m(self, m: u32) -> Self {
        TimmRandAugment { m, ..self }
    }

    /// Sets the number of operations per image.
    #[must_use]
    pub fn n(self, n: usize) -> Self {
        TimmRandAugment { n, ..self }
    }

    /// Sets the probability of each operation.
    #[must_use]
    pub fn p(self, p: f64) -> Self {
        TimmRandAugment { p, ..self }
    }

    /// Sets the standard deviation of the magnitude.
    #[must_use]
    pub fn mstd(self, mstd: f64) -> Self {
        TimmRandAugment { mstd, ..self }
    }

    /// Sets the largest magnitude.
    #[must_use]
    pub fn mmax(self, mmax: u32) -> Self {
        TimmRandAugment { mmax, ..self }
    }

    /// Chooses operations that get stronger with the magnitude.
    #[must_use]
    pub fn increasing(self, increasing: bool) -> Self {
        TimmRandAugment { increasing, ..self }
    }

    /// Sets the set of operations.
    #[must_use]
    pub fn set(self, set: TimmSet) -> Self {
        TimmRandAugment { set, ..self }
    }

    pub(super) fn convention(&self) -> Convention {
        if self.increasing || self.set != TimmSet::All { Convention::TimmIncreasing } else { Convention::Timm }
    }
}

impl Draws for TimmRandAugment {
    fn check(&self) -> Result<()> {
        let refuse = |parameter, value, rule| Err(Error::Parameter { op: "rand", parameter, value, rule });
        super::check_count("rand", self.n)?;
        if !(0.0..=1.0).contains(&self.p) {
            return refuse("p", self.p, "is outside 0..=1");
        }
        if !(1..=100).contains(&self.mmax) {
            return refuse("mmax", f64::from(self.mmax), "is outside 1..=100");
        }
        if self.set.is_weighted() && self.n > self.set.operations().len() {
            let rule = match self.set {
                TimmSet::ThreeAWeights => "is more than the 14 operations of which weights draw each once",
                _ => "is more than the 15 operations of which weights draw each once",
            };
            return refuse("n", self.n as f64, rule);
        }
        if self.mstd > 100.0 && self.mstd.is_finite() {
            return refuse("mstd", self.mstd, "is above 100 and not infinite");
        }
        check_mstd("rand", self.mstd)
    }

    fn operations(&self) -> Vec<OpKind> {
        self.set.operations().iter().map(|(op, _)| *op).collect()
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let (mut operations, mut applied) = (StepStream::new(Purpose::Operation), StepStream::new(Purpose::Apply));
        let mut noise = Noise::new(context, self.mstd, f64::from(self.mmax));
        let mut steps = Instantiator::new(context, self.convention());
        let (set, is_weighted) = (self.set.operations(), self.set.is_weighted());
        let mut weights: Vec<_> = set.iter().map(|(_, weight)| if is_weighted { *weight } else { 1.0 }).collect();
        for k in 0..self.n {
            let i = weighted_choice(&weights, operations.unit(context, k));
            if is_weighted {
                weights[i] = 0.0;
            }
            if applied.unit(context, k) < self.p {
                ops.push(steps.op(k, set[i].0, noise.on(k, f64::from(self.m))));
            }
        }
        Ok(None)
    }
}

/// The index of the weight at the fraction `at`, 0..1, of the sum of the weights.
fn weighted_choice(weights: &[f64], at: f64) -> usize {
    let mut left = at * weights.iter().sum::<f64>();
    let mut last = 0;
    for (i, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        last = i;
        if left < weight {
            break;
        }
        left -= weight;
    }
    last
}
