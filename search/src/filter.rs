//! Filter: many random policies, of which those with the highest score of some cheap kind are proposed first.

use std::time::Instant;

use autoaugment::Policy;
use autoaugment::policy::SearchSpace;

use crate::error::Result;
use crate::run::is_over;
use crate::side_by_side::side_by_side;
use crate::strategy::{Judged, Proposal, Strategy};

/// Random policies in the order of a score, such as [`Density::score`](crate::Density::score). It learns nothing from
/// children.
#[derive(Clone, Debug)]
pub struct Filter {
    space: SearchSpace,
    seed: u64,
    /// Numbers of random policies, the one with the highest score first.
    ranked: Vec<u64>,
}

impl Filter {
    /// Scores so many random policies on so many threads. `score` gets each with its number. None is begun after
    /// `until`; then the first ones are scored.
    ///
    /// # Errors
    /// The first one of `score`.
    pub fn new(
        space: SearchSpace,
        seed: u64,
        candidates: u64,
        workers: usize,
        until: Option<Instant>,
        score: impl Fn(Policy, u64) -> Result<f64> + Sync,
    ) -> Result<Self> {
        let numbers: Vec<u64> = (0..candidates).collect();
        let mut scores = Vec::new();
        let work = |&number: &u64| score(space.policy(&space.random(seed, number))?, number);
        side_by_side(
            &numbers,
            workers,
            || is_over(until),
            work,
            |&number, score| {
                scores.push((number, score?));
                Ok(())
            },
        )?;
        scores.sort_by(|(a, one), (b, other)| other.total_cmp(one).then(a.cmp(b)));
        Ok(Filter::ranked(space, seed, scores.into_iter().map(|(number, _)| number).collect()))
    }

    /// A filter whose order is known, such as that of [`Filter::order`].
    pub fn ranked(space: SearchSpace, seed: u64, ranked: Vec<u64>) -> Self {
        Filter { space, seed, ranked }
    }

    /// The numbers of the policies, the one with the highest score first.
    pub fn order(&self) -> &[u64] {
        &self.ranked
    }

    /// The sub-policies of the `count` policies with the highest scores as one policy.
    ///
    /// # Errors
    /// Those of [`Policy::concat`], if there are none.
    pub fn policy(&self, count: usize) -> Result<Policy> {
        let best = self.ranked.iter().take(count);
        let best: Vec<Policy> =
            best.map(|number| self.space.policy(&self.space.random(self.seed, *number))).collect::<Result<_, _>>()?;
        Ok(Policy::concat(&best)?)
    }
}

impl Strategy for Filter {
    fn propose(&mut self, number: u64) -> Proposal {
        // Behind the last candidate, policies that were not scored.
        let candidate = self.ranked.get(number as usize).copied().unwrap_or(number);
        Proposal { tokens: self.space.random(self.seed, candidate), log_probability: 0.0 }
    }

    fn learn(&mut self, _: Judged) {}

    fn batch(&self) -> usize {
        // Any number; as many as keep the processors of a machine busy.
        64
    }
}
