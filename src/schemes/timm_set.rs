//! The sets of operations of timm's RandAugment.

use crate::ops::OpKind;

/// The operations of timm's RandAugment, with their weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimmSet {
    /// 15 operations with equal weights.
    #[default]
    All,
    /// The same with the weights `tweights`: rotations and shears are the most frequent.
    Weights,
    /// Solarize, Desaturate and GaussianBlur with equal weights, `t3a`.
    ThreeA,
    /// These three and 11 more with weights, `t3aw`.
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
    /// The text after the `t` of a configuration string; empty for all operations.
    pub(super) const NAMES: [(&'static str, TimmSet); 3] =
        [("weights", TimmSet::Weights), ("3a", TimmSet::ThreeA), ("3aw", TimmSet::ThreeAWeights)];

    /// Whether operations are drawn by weights, without repetition.
    pub(super) fn is_weighted(self) -> bool {
        matches!(self, TimmSet::Weights | TimmSet::ThreeAWeights)
    }

    /// The operations with their weights. Weights count only in a weighted set.
    pub(super) fn operations(self) -> &'static [(OpKind, f64)] {
        match self {
            TimmSet::All | TimmSet::Weights => &ALL,
            TimmSet::ThreeA => &THREE_A[..3],
            TimmSet::ThreeAWeights => &THREE_A,
        }
    }
}
