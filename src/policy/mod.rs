//! Policy: sub-policies of steps, as plain data.

mod fast_autoaugment;
mod found;
mod import;
mod json;
mod presets;
mod search_space;
mod text;

pub use import::Framework;
pub use search_space::SearchSpace;
pub use text::STEP_FORM;

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::ops::OpKind;

/// A learned policy. For every image, one sub-policy is drawn uniformly, and its steps are applied in order.
///
/// ```
/// use autoaugment::Policy;
/// let policy = Policy::imagenet();
/// assert_eq!(policy.sub_policies.len(), 25);
/// let own: Policy = "convention torchvision
///     Rotate 0.6 9 + Solarize 0.4 5
///     Identity 1 0".parse()?;
/// assert_eq!(own.to_string().parse::<Policy>()?, own);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The meaning of the magnitudes.
    pub convention: Convention,
    /// At least one. A sub-policy that occurs twice is drawn twice as often.
    pub sub_policies: Vec<SubPolicy>,
}

/// At least one step, applied in order.
#[derive(Clone, Debug, PartialEq)]
pub struct SubPolicy {
    /// In the order of application.
    pub steps: Vec<Step>,
}

/// One operation with the probability that it is applied and its magnitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The operation.
    pub op: OpKind,
    /// 0 (never) to 1 (always).
    pub probability: f64,
    /// The convention gives its meaning. Operations without a magnitude ignore it.
    pub magnitude: f64,
}

impl Policy {
    /// A checked policy.
    ///
    /// # Errors
    /// Those of [`Policy::check`].
    pub fn new(convention: Convention, sub_policies: Vec<SubPolicy>) -> Result<Self> {
        let policy = Policy { convention, sub_policies };
        policy.check()?;
        Ok(policy)
    }

    /// One policy with the sub-policies of all of these, in order. A search joins its best ones so.
    ///
    /// # Errors
    /// [`Error::EmptyPolicy`] if there are none, and [`Error::Config`] if their conventions differ.
    pub fn concat<'a>(policies: impl IntoIterator<Item = &'a Policy>) -> Result<Self> {
        let mut policies = policies.into_iter();
        let mut all = policies.next().ok_or(Error::EmptyPolicy)?.clone();
        for policy in policies {
            if policy.convention != all.convention {
                let reason = format!("a policy of {} cannot follow one of {}", policy.convention, all.convention);
                return Err(Error::Config { option: "convention", reason });
            }
            all.sub_policies.extend_from_slice(&policy.sub_policies);
        }
        all.check()?;
        Ok(all)
    }

    /// Refuses an empty policy or sub-policy, probabilities outside 0..=1, and magnitudes without a value in the
    /// convention. The error names the step.
    ///
    /// # Errors
    /// [`Error::EmptyPolicy`], or [`Error::At`] with the place and the reason. Places count from 1.
    pub fn check(&self) -> Result<()> {
        if self.sub_policies.is_empty() {
            return Err(Error::EmptyPolicy);
        }
        for (i, sub_policy) in self.sub_policies.iter().enumerate() {
            if sub_policy.steps.is_empty() {
                return Err(Error::EmptySubPolicy.at(format!("sub-policy {}", i + 1)));
            }
            for (k, step) in sub_policy.steps.iter().enumerate() {
                step.check(self.convention).map_err(|e| e.at(format!("sub-policy {}, step {}", i + 1, k + 1)))?;
            }
        }
        Ok(())
    }

    /// The number of steps of the longest sub-policy.
    pub fn depth(&self) -> usize {
        self.sub_policies.iter().map(|s| s.steps.len()).max().unwrap_or(0)
    }

    /// Each operation that can be applied, once.
    pub(crate) fn operations(&self) -> Vec<OpKind> {
        let steps = self.sub_policies.iter().flat_map(|s| &s.steps);
        let mut ops: Vec<_> = steps.filter(|s| s.probability > 0.0).map(|s| s.op).collect();
        ops.sort();
        ops.dedup();
        ops
    }
}

impl Step {
    fn check(self, convention: Convention) -> Result<()> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(Error::Probability { op: self.op.name(), probability: self.probability });
        }
        convention.check(self.op, self.magnitude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_joined_in_order() {
        let joined = Policy::concat([&Policy::imagenet(), &Policy::cifar10()]).unwrap();
        assert_eq!(joined.sub_policies[..25], Policy::imagenet().sub_policies);
        assert_eq!(joined.sub_policies[25..], Policy::cifar10().sub_policies);
        assert_eq!(Policy::concat([]), Err(Error::EmptyPolicy));
        let mixed = Policy::concat([&Policy::imagenet(), &Policy::v0()]).unwrap_err().to_string();
        assert_eq!(mixed, "convention: a policy of tensorflow cannot follow one of torchvision");
    }

    #[test]
    fn operations_that_are_never_applied_are_left_out() {
        let policy: Policy = "Rotate 0.1 9 + Invert 0 1\nRotate 0 1 + Color 1 1".parse().unwrap();
        assert_eq!(policy.operations(), [OpKind::Rotate, OpKind::Color]);
    }
}
