//! Policy as a stage: a sub-policy, which of its steps are applied, and their signs.

use rand::RngExt;

use super::Draws;
use super::instantiate::Instantiator;
use crate::draw::{Context, StepStream};
use crate::error::Result;
use crate::ops::{Op, OpKind};
use crate::policy::Policy;
use crate::random::Purpose;

impl Draws for Policy {
    fn check(&self) -> Result<()> {
        Policy::check(self)
    }

    fn operations(&self) -> Vec<OpKind> {
        Policy::operations(self)
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        Ok(Some(draw_with(self, context, ops, |_, magnitude| magnitude)))
    }
}

/// Draws from a checked policy. `noise` gives the magnitude of the k-th step.
pub(super) fn draw_with(
    policy: &Policy,
    context: &Context<'_>,
    ops: &mut Vec<Op>,
    mut noise: impl FnMut(usize, f64) -> f64,
) -> usize {
    let number = context.stream(Purpose::SubPolicy).random_range(0..policy.sub_policies.len());
    let mut applied = StepStream::new(Purpose::Apply);
    let mut drawn = Instantiator::new(context, policy.convention);
    for (k, step) in policy.sub_policies[number].steps.iter().enumerate() {
        if applied.unit(context, k) < step.probability {
            ops.push(drawn.op(k, step.op, noise(k, step.magnitude)));
        }
    }
    number
}
