//! Controller: the paper's search, a network that learns by PPO which policies have a high reward.
//!
//! Each policy is drawn with its probability. When the rewards of a batch are known, the network takes some steps that
//! make good policies likelier. PPO (arXiv 1707.06347) clips the ratio of the new and the old probability, so that a
//! batch can be used several times. The advantage of a policy is its reward above a moving mean.

mod adam;
mod layout;
mod network;

use autoaugment::policy::SearchSpace;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub(crate) use adam::Adam;
use layout::Layout;
use network::Network;

use crate::strategy::{Judged, Proposal, Strategy};

/// The numbers of the controller's learning.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ppo {
    /// Adam's rate.
    pub rate: f32,
    /// Steps with each batch.
    pub steps: usize,
    /// The distance from 1 at which a ratio is clipped.
    pub clip: f32,
    /// The weight of the entropy, which rewards variety.
    pub entropy: f32,
    /// The part of the old baseline that a new reward leaves.
    pub baseline: f64,
    /// Policies of a batch.
    pub batch: usize,
    /// Whether advantages are divided by their root mean square.
    pub normalized: bool,
}

impl Ppo {
    /// Measured on small networks with some hundred children: ten times the paper's rate, and normalized advantages.
    /// With the paper's rate nothing is learned from 600 children. With higher ones or smaller batches, the best
    /// policies resemble each other.
    pub const FAST: Ppo =
        Ppo { rate: 3.5e-3, steps: 4, clip: 0.2, entropy: 1e-5, baseline: 0.95, batch: 20, normalized: true };

    /// For children that begin from a shared network: they have less noise, and half the time.
    pub const WARM: Ppo = Ppo { rate: 5e-3, batch: 10, ..Ppo::FAST };

    /// The paper's rate (0.00035), weight of the entropy (0.00001) and baseline (0.95), for its 15,000 children. It
    /// leaves clip, steps and batch open; these are the usual ones, and the batch of NASNet, whose search it follows.
    pub const PAPER: Ppo =
        Ppo { rate: 3.5e-4, steps: 4, clip: 0.2, entropy: 1e-5, baseline: 0.95, batch: 20, normalized: false };
}

/// The controller as a strategy of a search.
#[derive(Clone, Debug)]
pub struct Controller {
    settings: Ppo,
    seed: u64,
    network: Network,
    adam: Adam,
    /// The moving mean of rewards; none before the first batch.
    baseline: Option<f64>,
    /// Judged policies that make no batch yet.
    waiting: Vec<Judged>,
    /// The mean entropy of the last batch's policies, in nats.
    entropy: f32,
}

impl Controller {
    /// A new network. `seed` gives its weights and all draws.
    pub fn new(space: &SearchSpace, settings: Ppo, seed: u64) -> Self {
        let network = Network::new(Layout::new(space), seed);
        let adam = Adam::new(network.parameters.len());
        let choices = (0..space.len()).map(|position| (space.choices(position) as f32).ln());
        Controller { settings, seed, network, adam, baseline: None, waiting: Vec::new(), entropy: choices.sum() }
    }

    /// The mean entropy of the policies of the last batch, in nats; that of uniform policies before the first one. The
    /// paper's space has 74.8. Where it comes near 0, all policies are the same.
    pub fn entropy(&self) -> f32 {
        self.entropy
    }

    fn update(&mut self, batch: &[Judged]) {
        let Ppo { rate, steps, clip, entropy, baseline, normalized, .. } = self.settings;
        let count = batch.len() as f32;
        let mean = batch.iter().map(|judged| judged.reward).sum::<f64>() / f64::from(count);
        let mut level = self.baseline.unwrap_or(mean);
        let mut advantages = Vec::with_capacity(batch.len());
        for judged in batch {
            advantages.push(judged.reward - level);
            level = baseline * level + (1.0 - baseline) * judged.reward;
        }
        self.baseline = Some(level);
        if normalized {
            let square = advantages.iter().map(|a| a * a).sum::<f64>() / f64::from(count);
            advantages.iter_mut().for_each(|a| *a /= square.sqrt().max(1e-8));
        }
        let mut gradient = vec![0.0; self.network.parameters.len()];
        for step in 0..steps {
            gradient.fill(0.0);
            let mut entropies = 0.0;
            for (judged, &advantage) in batch.iter().zip(&advantages) {
                let walk = self.network.follow(&judged.tokens);
                entropies += walk.entropy;
                let advantage = advantage as f32;
                let ratio = (walk.log_probability - judged.log_probability).exp();
                let is_clipped = match advantage > 0.0 {
                    true => ratio > 1.0 + clip,
                    false => ratio < 1.0 - clip,
                };
                // The loss is the negative of what PPO raises.
                let slope = if is_clipped { 0.0 } else { -ratio * advantage / count };
                self.network.add_gradient(&walk, slope, -entropy / count, &mut gradient);
            }
            if step == 0 {
                self.entropy = entropies / count;
            }
            self.adam.step(rate, 0.0, &mut self.network.parameters, &gradient);
        }
    }
}

impl Strategy for Controller {
    fn propose(&mut self, number: u64) -> Proposal {
        let mut stream = ChaCha8Rng::seed_from_u64(self.seed);
        // The first stream made the weights.
        stream.set_stream(number + 1);
        let walk = self.network.draw(&mut stream);
        Proposal { tokens: walk.tokens, log_probability: walk.log_probability }
    }

    fn learn(&mut self, judged: Judged) {
        self.waiting.push(judged);
        if self.waiting.len() == self.settings.batch {
            let batch = std::mem::take(&mut self.waiting);
            self.update(&batch);
        }
    }

    fn batch(&self) -> usize {
        self.settings.batch
    }

    fn entropy(&self) -> Option<f32> {
        Some(self.entropy)
    }
}
