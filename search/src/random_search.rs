//! RandomSearch: policies at random, the control of every other strategy.

use autoaugment::policy::SearchSpace;

use crate::strategy::{Judged, Proposal, Strategy};

/// Uniform policies. It learns nothing.
#[derive(Clone, Debug)]
pub struct RandomSearch {
    space: SearchSpace,
    seed: u64,
}

impl RandomSearch {
    /// Policies of a space. `seed` gives them.
    pub fn new(space: SearchSpace, seed: u64) -> Self {
        RandomSearch { space, seed }
    }
}

impl Strategy for RandomSearch {
    fn propose(&mut self, number: u64) -> Proposal {
        Proposal { tokens: self.space.random(self.seed, number), log_probability: 0.0 }
    }

    fn learn(&mut self, _: Judged) {}

    fn batch(&self) -> usize {
        // Any number; as many as keep the processors of a machine busy.
        64
    }
}
