//! Policy as a stage: a sub-policy, the gates of its steps, their signs.

use rand::RngExt;

use super::{Context, Draws};
use crate::error::Result;
use crate::ops::{Op, OpKind};
use crate::policy::Policy;
use crate::sample::{Draw, Purpose};

impl Draws for Policy {
    fn check(&self) -> Result<()> {
        Policy::check(self)
    }

    fn operations(&self) -> Vec<OpKind> {
        Policy::operations(self)
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let number = context.stream(Purpose::SubPolicy).random_range(0..self.sub_policies.len());
        let steps = &self.sub_policies[number].steps;
        let mut gates = context.stream(Purpose::Gate);
        let gates: Vec<bool> = steps.iter().map(|s| gates.random::<f64>() < s.probability).collect();
        let mut signs = None;
        let mut signs_drawn = 0;
        for (k, step) in steps.iter().enumerate().filter(|(k, _)| gates[*k]) {
            let convention = self.convention;
            let mut negative = false;
            if convention.is_signed(step.op) {
                let stream = signs.get_or_insert_with(|| context.stream(Purpose::Sign));
                for _ in signs_drawn..=k {
                    negative = stream.random::<u32>() >> 31 == 1;
                }
                signs_drawn = k + 1;
            }
            ops.push(step.op.drawn(&mut Draw {
                value: convention.value(step.op, step.magnitude, negative, context.size)?,
                interpolation: context.interpolation.unwrap_or_else(|| convention.interpolation(step.op)),
                fill: context.fill.unwrap_or_else(|| convention.fill()),
                context: *context,
                step: k,
            }));
        }
        Ok(Some(number))
    }
}
