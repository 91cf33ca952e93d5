//! timm's AutoAugment: learned policies with noise on their magnitudes.

use super::Draws;
use super::policy::draw_with;
use super::timm_noise::{Noise, check_mstd};
use crate::convention::Convention;
use crate::draw::Context;
use crate::error::{Error, Result};
use crate::ops::{Op, OpKind};
use crate::policy::{Policy, Step, SubPolicy};

/// One of timm's lists of sub-policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimmList {
    /// The ImageNet policy with `PosterizeOriginal`.
    Original,
    /// The ImageNet policy with `PosterizeIncreasing`.
    OriginalR,
    /// TensorFlow's EfficientNet policy.
    V0,
    /// The same with `PosterizeIncreasing`.
    V0R,
    /// One of Solarize, Desaturate and `GaussianBlurRand`, always.
    ThreeA,
}

impl TimmList {
    /// All of them.
    pub const ALL: [TimmList; 5] =
        [TimmList::Original, TimmList::OriginalR, TimmList::V0, TimmList::V0R, TimmList::ThreeA];

    /// timm's name: `original`, `originalr`, `v0`, `v0r` or `3a`.
    pub const fn name(self) -> &'static str {
        match self {
            TimmList::Original => "original",
            TimmList::OriginalR => "originalr",
            TimmList::V0 => "v0",
            TimmList::V0R => "v0r",
            TimmList::ThreeA => "3a",
        }
    }

    fn policy(self) -> Policy {
        let (sub_policies, convention) = match self {
            TimmList::Original => (Policy::imagenet().sub_policies, Convention::TimmOriginal),
            TimmList::OriginalR => (Policy::imagenet().sub_policies, Convention::TimmResearch),
            TimmList::V0 => (Policy::v0().sub_policies, Convention::Timm),
            TimmList::V0R => (Policy::v0().sub_policies, Convention::TimmResearch),
            TimmList::ThreeA => (three_a(), Convention::TimmRandomBlur),
        };
        Policy { convention, sub_policies }
    }
}

fn three_a() -> Vec<SubPolicy> {
    let alone = |(op, magnitude)| SubPolicy { steps: vec![Step { op, probability: 1.0, magnitude }] };
    let ops = [(OpKind::Solarize, 5.0), (OpKind::Desaturate, 10.0), (OpKind::GaussianBlur, 10.0)];
    ops.map(alone).to_vec()
}

/// timm's learned policies, with noise on their magnitudes.
///
/// ```
/// use autoaugment::{Scheme, schemes::{TimmAutoAugment, TimmList}};
/// let scheme = TimmAutoAugment::new(TimmList::Original).mstd(0.5);
/// assert_eq!(Scheme::from(scheme).to_string(), "original-mstd0.5");
/// ```
///
/// Source: `auto_augment_transform` of timm 1.0.31. Fill and interpolation are as for
/// [`TimmRandAugment`](super::TimmRandAugment).
#[derive(Clone, Debug, PartialEq)]
pub struct TimmAutoAugment {
    list: TimmList,
    policy: Policy,
    mstd: f64,
}

impl TimmAutoAugment {
    /// A list of sub-policies, without noise.
    pub fn new(list: TimmList) -> Self {
        TimmAutoAugment { list, policy: list.policy(), mstd: 0.0 }
    }

    /// Sets the standard deviation of the magnitudes.
    #[must_use]
    pub fn mstd(self, mstd: f64) -> Self {
        TimmAutoAugment { mstd, ..self }
    }

    /// The list.
    pub fn list(&self) -> TimmList {
        self.list
    }

    /// Its sub-policies, in the convention of its magnitudes.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The standard deviation of the magnitudes.
    pub fn deviation(&self) -> f64 {
        self.mstd
    }
}

impl Draws for TimmAutoAugment {
    fn check(&self) -> Result<()> {
        let op = self.list.name();
        if self.mstd == f64::INFINITY {
            return Err(Error::Parameter { op, parameter: "mstd", value: self.mstd, rule: "is infinite" });
        }
        check_mstd(op, self.mstd)
    }

    fn operations(&self) -> Vec<OpKind> {
        Draws::operations(&self.policy)
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let mut noise = Noise::new(context, self.mstd, 10.0);
        Ok(Some(draw_with(&self.policy, context, ops, |k, magnitude| noise.on(k, magnitude))))
    }
}
