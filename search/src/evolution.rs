//! Evolution: the best of a few is changed in one token and takes the place of the oldest.
//!
//! This is regularized evolution (arXiv 1802.01548, algorithm 1). A population of policies ages. Its members are near
//! copies of one another after a while, so the best five are worth less together than their rewards say.

use std::collections::VecDeque;

use autoaugment::policy::SearchSpace;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::strategy::{Judged, Proposal, Strategy};

/// The sizes of the population and of a tournament.
#[derive(Clone, Debug)]
pub struct Evolution {
    space: SearchSpace,
    seed: u64,
    population: VecDeque<Judged>,
    size: usize,
    tournament: usize,
}

impl Evolution {
    /// 40 policies, of which the best of 10 is changed.
    pub fn new(space: SearchSpace, seed: u64) -> Self {
        Evolution { space, seed, population: VecDeque::new(), size: 40, tournament: 10 }
    }
}

impl Strategy for Evolution {
    fn propose(&mut self, number: u64) -> Proposal {
        let random = || self.space.random(self.seed, number);
        let tokens = if self.population.len() < self.size {
            random()
        } else {
            let mut stream = ChaCha8Rng::seed_from_u64(self.seed);
            stream.set_stream(number);
            let members = (0..self.tournament).map(|_| &self.population[stream.random_range(0..self.population.len())]);
            let best = members.max_by(|a, b| a.reward.total_cmp(&b.reward));
            best.and_then(|best| self.space.mutated(&best.tokens, stream.random(), number).ok()).unwrap_or_else(random)
        };
        Proposal { tokens, log_probability: 0.0 }
    }

    fn learn(&mut self, judged: Judged) {
        self.population.push_back(judged);
        if self.population.len() > self.size {
            self.population.pop_front();
        }
    }

    fn batch(&self) -> usize {
        // Each child changes the next ones. Ten at once cost little and keep some processors busy.
        10
    }
}
