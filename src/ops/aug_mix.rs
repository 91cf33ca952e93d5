//! AugMix: several chains of operations run on the image, and their results are mixed with it.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Op, Operation};
use crate::arithmetic::blend::blend;
use crate::arithmetic::mixture::weighted_sum;
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::magnitude::Range;
use crate::ops::OpKind;

/// Each branch runs its operations on the image by itself, and the results are mixed by weight (Hendrycks et al., arXiv
/// 1912.02781). All weights are rounded to `f32`.
///
/// In a plan it is
/// `{"op": "AugMix", "rule": {"sum": 0.3}, "branches": [{"weight": 0.7, "ops": [{"op": "Invert"}]}]}`.
///
/// Sources: `AugMix` of torchvision (0.29) and `AugMixAugment` of timm (1.0.31); see [`MixRule`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugMix {
    /// How the results are mixed.
    pub rule: MixRule,
    /// 1 to 32 branches, in the order of addition.
    pub branches: Vec<Branch>,
}

/// One chain of operations of an [`AugMix`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The weight of the branch's result, 0..=2.
    pub weight: f64,
    /// Its operations, in order. Without any, the branch is the image itself. All operations of policies are allowed
    /// except SamplePairing.
    pub ops: Vec<Op>,
}

/// How an [`AugMix`] mixes. x is the image's byte, bᵢ the byte of branch i, and wᵢ the branch's weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MixRule {
    /// `m x + w₁ b₁ + w₂ b₂ + ...` for this m of 0..=2. Every product and every sum is rounded to `f32`, and the result
    /// is truncated. This is torchvision's rule.
    Sum(f64),
    /// `w₁ b₁ + w₂ b₂ + ...`, rounded and truncated in the same way. Then `blend(x, sum; m)` for this m of 0..=2. This
    /// is timm's rule.
    SumThenBlend(f64),
    /// `blend(... blend(blend(x, b₁; w₁), b₂; w₂) ...)`, truncated each time. This is timm's rule with `b1`.
    Blends,
}

impl MixRule {
    /// m, if the rule has one.
    fn weight(self) -> Option<f64> {
        match self {
            MixRule::Sum(weight) | MixRule::SumThenBlend(weight) => Some(weight),
            MixRule::Blends => None,
        }
    }
}

impl AugMix {
    pub(crate) const MOST_BRANCHES: usize = 32;

    /// All operations of all branches.
    pub(crate) fn ops(&self) -> impl Iterator<Item = &Op> {
        self.branches.iter().flat_map(|branch| &branch.ops)
    }

    /// Whether both give the same bytes for every image of `size`; see [`Op::does_the_same`].
    pub(crate) fn does_the_same(&self, other: &AugMix, size: Size) -> bool {
        let rounded = |rule: MixRule| (std::mem::discriminant(&rule), rule.weight().map(|weight| weight as f32));
        let alike = |(a, b): (&Branch, &Branch)| {
            let mut ops = a.ops.iter().zip(&b.ops);
            a.weight as f32 == b.weight as f32
                && a.ops.len() == b.ops.len()
                && ops.all(|(a, b)| a.does_the_same(b, size))
        };
        rounded(self.rule) == rounded(other.rule)
            && self.branches.len() == other.branches.len()
            && self.branches.iter().zip(&other.branches).all(alike)
    }

    /// The mixed byte, from the image's byte and those of the branches.
    fn mixed(&self, value: u8, results: impl Iterator<Item = u8>) -> u8 {
        let mut weighted = self.branches.iter().map(|branch| branch.weight as f32).zip(results);
        match self.rule {
            MixRule::Sum(weight) => weighted_sum(std::iter::once((weight as f32, value)).chain(weighted)),
            MixRule::SumThenBlend(weight) => blend(value, weighted_sum(weighted), weight as f32),
            MixRule::Blends => {
                weighted.try_fold(value, |value, (weight, result)| Some(blend(value, result, weight))).unwrap_or(value)
            }
        }
    }
}

impl Operation for AugMix {
    const NAME: &'static str = "AugMix";
    const SUMMARY: &'static str = "mixes what several chains of operations make of the image";
    const EXAMPLES: &'static [&'static str] =
        &[r#"AugMix(rule={"sum":0.4}, branches=[{"weight":0.6,"ops":[{"op":"Invert"},{"op":"Posterize","bits":4}]}])"#];
    const CATEGORY: Category = Category::Branches;
    const RANGE: Range = Range::NONE;
    const WGSL: &'static str = "";

    fn from_draw(_: &mut Draw<'_>) -> Self {
        AugMix { rule: MixRule::Sum(0.0), branches: vec![Branch { weight: 1.0, ops: Vec::new() }] }
    }

    fn check(&self) -> Result<()> {
        let refuse = |parameter, value, rule| Err(Error::Parameter { op: Self::NAME, parameter, value, rule });
        let is_weight = |weight: f64| (0.0..=2.0).contains(&weight);
        if !(1..=AugMix::MOST_BRANCHES).contains(&self.branches.len()) {
            return refuse("branches", self.branches.len() as f64, "is outside 1..=32");
        }
        if let Some(weight) = self.rule.weight().filter(|&weight| !is_weight(weight)) {
            return refuse("the rule's weight", weight, "is outside 0..=2");
        }
        for (i, branch) in self.branches.iter().enumerate() {
            let at = |e: Error| e.at(format!("AugMix, branch {}", i + 1));
            if !is_weight(branch.weight) {
                return refuse("weight", branch.weight, "is outside 0..=2").map_err(at);
            }
            for op in &branch.ops {
                let kind = op.kind();
                if !OpKind::ALL.contains(&kind) || kind.category() == Category::Mix {
                    return Err(at(Error::NotInBranches { op: kind.name() }));
                }
                op.check().map_err(at)?;
            }
        }
        Ok(())
    }

    fn reference(&self, image: Image, batch: &Images<'_>) -> Image {
        let through = |branch: &Branch| branch.ops.iter().fold(image.clone(), |image, op| op.reference(image, batch));
        let results: Vec<Image> = self.branches.iter().map(through).collect();
        let mixed = |(i, &value)| self.mixed(value, results.iter().map(|result| result.data[i]));
        Image { data: image.data.iter().enumerate().map(mixed).collect(), ..image }
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Branches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(rule: MixRule, value: u8, branches: &[(f64, u8)]) -> u8 {
        let branch = |&(weight, _): &(f64, u8)| Branch { weight, ops: Vec::new() };
        AugMix { rule, branches: branches.iter().map(branch).collect() }.mixed(value, branches.iter().map(|b| b.1))
    }

    #[test]
    fn rules() {
        // Sums are rounded: branches that do nothing may lose 1.
        let sums = |value| mixed(MixRule::Sum(0.2), value, &[0.5, 0.2, 0.1].map(|weight| (weight, value)));
        let lost: Vec<u8> = (0..30).filter(|&value| sums(value) != value).collect();
        assert_eq!(lost, [3, 6, 12, 24, 29]);
        assert_eq!(mixed(MixRule::Sum(0.5), 100, &[(0.25, 200), (0.25, 0)]), 100);
        assert_eq!(mixed(MixRule::Sum(2.0), 200, &[(1.0, 1)]), 255);
        assert_eq!(mixed(MixRule::SumThenBlend(0.5), 0, &[(0.5, 255), (0.5, 100)]), 88);
        assert_eq!(mixed(MixRule::Blends, 0, &[(0.5, 255), (0.5, 100)]), 113);
        assert_eq!(mixed(MixRule::Blends, 7, &[(1.0, 9), (0.0, 255)]), 9);
    }
}
