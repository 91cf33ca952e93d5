//! timm's sets of operations, which its RandAugment draws from.

use crate::ops::OpKind;

/// Which operations timm's RandAugment draws from, and how often each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimmSet {
    /// 15 operations, each as likely as the others.
    #[default]
    All,
    /// The same by weights, `tweights`: most often rotations and shears.
    Weights,
    /// Solarize, Desaturate and GaussianBlur, each as likely as the others, `t3a`.
    ThreeA,
    /// These three and 11 more by weights, `t3aw`.
    ThreeAWeights,
}

/// `_RAND_TRANSFORMS` in its order, each with its weight of `_RAND_WEIGHTED_0`.
const ALL: [(OpKind, f64); 15] = [
    (OpKind::AutoContrast, 0.25),
    (OpKind::Equalize, 0.05),
    (OpKind::Invert, 0.05),
    (OpKind::Rotate, 3.0),
    (OpKind::Posterize, 0.05),
    (OpKind::Solarize, 0.05),
    (OpKind::SolarizeAdd, 0.05),
    (OpKind::Color, 0.25),
    (OpKind::Contrast, 0.05),
    (OpKind::Brightness, 0.05),
    (OpKind::Sharpness, 0.25),
    (OpKind::ShearX, 2.0),
    (OpKind::ShearY, 2.0),
    (OpKind::TranslateX, 1.0),
    (OpKind::TranslateY, 1.0),
];

/// `_RAND_WEIGHTED_3A`, which begins with `_RAND_3A`.
const THREE_A: [(OpKind, f64); 14] = [
    (OpKind::Solarize, 6.0),
    (OpKind::Desaturate, 6.0),
    (OpKind::GaussianBlur, 6.0),
    (OpKind::Rotate, 3.0),
    (OpKind::ShearX, 2.0),
    (OpKind::ShearY, 2.0),
    (OpKind::Posterize, 1.0),
    (OpKind::AutoContrast, 1.0),
    (OpKind::Color, 1.0),
    (OpKind::Sharpness, 1.0),
    (OpKind::Contrast, 1.0),
    (OpKind::Brightness, 1.0),
    (OpKind::Equalize, 1.0),
    (OpKind::Invert, 1.0),
];

impl TimmSet {
    /// What stands behind the `t` of a configuration string; nothing for all.
    pub(super) const NAMES: [(&'static str, TimmSet); 3] =
        [("weights", TimmSet::Weights), ("3a", TimmSet::ThreeA), ("3aw", TimmSet::ThreeAWeights)];

    /// Whether operations are drawn by weights, and none twice.
    pub(super) fn is_weighted(self) -> bool {
        matches!(self, TimmSet::Weights | TimmSet::ThreeAWeights)
    }

    /// The operations with their weights, which only count where it is weighted.
    pub(super) fn operations(self) -> &'static [(OpKind, f64)] {
        match self {
            TimmSet::All | TimmSet::Weights => &ALL,
            TimmSet::ThreeA => &THREE_A[..3],
            TimmSet::ThreeAWeights => &THREE_A,
        }
    }
}
