//! AugMix: several chains side by side, mixed with the image by drawn weights.

use std::fmt;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::instantiate::Instantiator;
use super::{Draws, text};
use crate::convention::Convention;
use crate::draw::{Context, StepStream};
use crate::error::{Error, Result};
use crate::ops::{self, Branch, MixRule, Op, OpKind};
use crate::random::dirichlet::dirichlet;
use crate::random::{Purpose, beta};

/// `width` branches of `depth` operations each, drawn uniformly, at a magnitude below `severity`. Their results are
/// mixed with the image (Hendrycks et al., arXiv 1912.02781).
///
/// The image's weight comes from Beta(alpha, alpha). The rest is divided among the branches by Dirichlet(alpha, ...).
///
/// Source: torchvision's `AugMix` (0.29, transforms v2) with its 10 magnitudes. torchvision runs the operations through
/// its kernels for tensors, even on PIL images. Here they are Pillow's, and the mixture is torchvision's to the byte.
/// timm's is [`TimmAugMix`](super::TimmAugMix).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TorchvisionAugMix {
    /// The number of smallest magnitudes to draw from, 1..=10; 3 unless set.
    pub severity: u32,
    /// Branches, 1..=32; 3 unless set.
    pub width: usize,
    /// Operations of a branch, 0..=100. The default, 0, means 1 to 3 by chance.
    pub depth: usize,
    /// The parameter of both distributions. The default, 1, makes all weights equally likely.
    pub alpha: f64,
    /// Whether Brightness, Color, Contrast and Sharpness are among the operations; true unless set. They resemble the
    /// corruptions with which the paper measures robustness.
    pub all_ops: bool,
}

impl Default for TorchvisionAugMix {
    fn default() -> Self {
        TorchvisionAugMix { severity: 3, width: 3, depth: 0, alpha: 1.0, all_ops: true }
    }
}

impl TorchvisionAugMix {
    /// The name in text.
    pub(super) const NAME: &'static str = "augmix";

    /// Sets the number of smallest magnitudes.
    #[must_use]
    pub fn severity(self, severity: u32) -> Self {
        TorchvisionAugMix { severity, ..self }
    }

    /// Sets the number of branches.
    #[must_use]
    pub fn width(self, width: usize) -> Self {
        TorchvisionAugMix { width, ..self }
    }

    /// Sets the number of operations per branch; 0 means 1 to 3 by chance.
    #[must_use]
    pub fn depth(self, depth: usize) -> Self {
        TorchvisionAugMix { depth, ..self }
    }

    /// Sets the parameter of the distributions.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        TorchvisionAugMix { alpha, ..self }
    }

    /// Includes or excludes the operations that the paper leaves out.
    #[must_use]
    pub fn all_ops(self, all_ops: bool) -> Self {
        TorchvisionAugMix { all_ops, ..self }
    }

    fn kinds(&self) -> &'static [OpKind] {
        if self.all_ops { &OPERATIONS } else { &OPERATIONS[..9] }
    }
}

pub(super) const CONVENTION: Convention = Convention::TorchvisionAugMix;

/// The operations of the paper, and the four that it leaves out. timm's `_AUGMIX_TRANSFORMS` are the same.
pub(super) const OPERATIONS: [OpKind; 13] = [
    OpKind::ShearX,
    OpKind::ShearY,
    OpKind::TranslateX,
    OpKind::TranslateY,
    OpKind::Rotate,
    OpKind::Posterize,
    OpKind::Solarize,
    OpKind::AutoContrast,
    OpKind::Equalize,
    OpKind::Brightness,
    OpKind::Color,
    OpKind::Contrast,
    OpKind::Sharpness,
];

impl Draws for TorchvisionAugMix {
    fn check(&self) -> Result<()> {
        if !(1..=10).contains(&self.severity) {
            let (op, parameter, value) = (Self::NAME, "severity", f64::from(self.severity));
            return Err(Error::Parameter { op, parameter, value, rule: "is outside 1..=10" });
        }
        check_shape(Self::NAME, self.width, self.depth)?;
        check_alpha(Self::NAME, self.alpha)
    }

    fn operations(&self) -> Vec<OpKind> {
        with_mixture(self.kinds())
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let mut stream = context.stream(Purpose::Weights);
        let kept = beta::symmetric(self.alpha, stream.random(), stream.random());
        // Both are rounded before they are multiplied.
        let left = (1.0 - kept) as f32;
        let weights = dirichlet(&mut stream, self.alpha, self.width).into_iter().map(|w| f64::from(w as f32 * left));
        let mut steps = Instantiator::new(context, CONVENTION);
        let mut magnitudes = StepStream::new(Purpose::Magnitude);
        let chains = chains(context, self.kinds(), self.width, self.depth, |k, op| {
            let magnitude = (magnitudes.unit(context, k) * f64::from(self.severity)).floor();
            steps.op(k, op, magnitude)
        });
        let branches = weights.zip(chains).map(|(weight, ops)| Branch { weight, ops }).collect();
        ops.push(ops::AugMix { rule: MixRule::Sum(f64::from(kept as f32)), branches }.into());
        Ok(None)
    }
}

impl fmt::Display for TorchvisionAugMix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(f, Self::NAME, self)
    }
}

/// Draws `width` chains of `depth` operations, or of 1 to 3 by chance if `depth` is 0. `op` makes the k-th operation.
pub(super) fn chains(
    context: &Context<'_>,
    operations: &[OpKind],
    width: usize,
    depth: usize,
    mut op: impl FnMut(usize, OpKind) -> Op,
) -> Vec<Vec<Op>> {
    let mut depths = StepStream::new(Purpose::Depth);
    let mut kinds = StepStream::new(Purpose::Operation);
    let longest = if depth > 0 { depth } else { 3 };
    let mut chain = |i: usize| {
        let length = if depth > 0 { depth } else { 1 + (3.0 * depths.unit(context, i)) as usize };
        // Every place in every chain has its own numbers, however long the chains before are.
        let places = i * longest..i * longest + length;
        places.map(|k| op(k, operations[(kinds.unit(context, k) * operations.len() as f64) as usize])).collect()
    };
    (0..width).map(&mut chain).collect()
}

/// Every operation that can be drawn, and AugMix, which mixes them.
pub(super) fn with_mixture(operations: &[OpKind]) -> Vec<OpKind> {
    operations.iter().copied().chain([OpKind::AugMix]).collect()
}

/// Refuses branches that the operation AugMix cannot have, and chains that are far too long.
pub(super) fn check_shape(scheme: &'static str, width: usize, depth: usize) -> Result<()> {
    let refuse =
        |parameter, value: usize, rule| Err(Error::Parameter { op: scheme, parameter, value: value as f64, rule });
    match (width, depth) {
        (1..=ops::AugMix::MOST_BRANCHES, 0..=100) => Ok(()),
        (1..=ops::AugMix::MOST_BRANCHES, _) => refuse("depth", depth, "is outside 0..=100"),
        _ => refuse("width", width, "is outside 1..=32"),
    }
}

/// Refuses an alpha that the distributions do not have, or with which `f64` cannot tell them from their limits.
pub(super) fn check_alpha(scheme: &'static str, alpha: f64) -> Result<()> {
    let rule = "is outside 0.000001..=1000000";
    if (1e-6..=1e6).contains(&alpha) {
        return Ok(());
    }
    Err(Error::Parameter { op: scheme, parameter: "alpha", value: alpha, rule })
}
