//! Diagnosis: whether a search could tell policies apart, and how different its best ones are.

use crate::comparison::Spread;
use crate::error::Result;
use crate::search::Search;

/// How far rewards of different policies lie apart, and those of one policy with different seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// The standard deviation between policies, without the noise; 0 if noise explains all of it.
    pub policies: f64,
    /// The standard deviation of one policy's rewards over seeds.
    pub noise: f64,
}

/// What is wrong with a search. Its `Display` says what to do.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// The strategy proposes nearly the same policy each time.
    #[error(
        "the strategy has collapsed: its policies have an entropy of {entropy:.1} of {most:.1} nats, so that the best \
         ones are copies of each other; search with a lower rate, larger batches or fewer children"
    )]
    Collapsed {
        /// Of the last batch.
        entropy: f32,
        /// That of uniform policies.
        most: f32,
    },

    /// Seeds change rewards more than policies do.
    #[error(
        "your proxy cannot tell policies apart: rewards differ by {policies:.4} between policies, and by {noise:.4} \
         between seeds of one; give it more images for validation, more epochs or a higher rate"
    )]
    NoSignal {
        /// The deviation between policies.
        policies: f64,
        /// The deviation over seeds.
        noise: f64,
    },

    /// The best policies are nearly the same.
    #[error(
        "the best {count} policies are near copies: they differ in {mean:.1} of {tokens} tokens on average, and random \
         ones in {random:.1}; joined, they are worth little more than one"
    )]
    Alike {
        /// Policies.
        count: usize,
        /// The mean distance between two of them.
        mean: f64,
        /// The tokens of a policy.
        tokens: usize,
        /// The mean distance between random policies.
        random: f64,
    },
}

/// The part of the entropy of uniform policies below which a strategy has collapsed.
const COLLAPSED: f32 = 0.27;
/// The deviation between policies, in parts of the noise, below which there is no signal. With proxies that searches
/// work with it was 1.1 and more.
const LEAST_SIGNAL: f64 = 0.5;
/// The part of the distance between random policies below which the best are near copies. Evolution's best five, which
/// are worth no more than random search's, had 0.36, and those of the controller 0.58 and more.
const ALIKE: f64 = 0.45;

impl Search {
    /// The signal and the noise of rewards; none if no policy was tried again with two seeds.
    pub fn signal(&self) -> Option<Signal> {
        let (mut squares, mut freedom) = (0.0, 0);
        let mut first = Vec::new();
        for job in self.jobs().iter().filter(|job| job.again.is_none()) {
            first.extend(self.reward_of(job));
            // The first reward is why the policy was tried again, so that it is no fair sample.
            let again = self.jobs().iter().filter(|other| other.again == Some(job.id));
            let again: Vec<f64> = again.filter_map(|job| self.reward_of(job)).collect();
            if let Some(spread) = Spread::of(&again).filter(|spread| spread.seeds > 1) {
                squares += spread.deviation.powi(2) * (spread.seeds - 1) as f64;
                freedom += spread.seeds - 1;
            }
        }
        if freedom == 0 {
            return None;
        }
        let noise = squares / freedom as f64;
        let all = Spread::of(&first)?.deviation.powi(2);
        Some(Signal { policies: (all - noise).max(0.0).sqrt(), noise: noise.sqrt() })
    }

    /// The distances between the `count` best policies, a row for each.
    ///
    /// # Errors
    /// Those of [`SearchSpace::distance`](autoaugment::policy::SearchSpace::distance).
    pub fn distances(&self, count: usize) -> Result<Vec<Vec<usize>>> {
        let best = self.best(count);
        let distance = |one: &[u8], other: &[u8]| Ok(self.space().distance(one, other)?);
        let row = |tokens: &[u8]| best.iter().map(|(other, _)| distance(tokens, &other.tokens)).collect();
        best.iter().map(|(job, _)| row(&job.tokens)).collect()
    }

    /// What the numbers of a search say against it. `joined` policies are joined.
    ///
    /// # Errors
    /// Those of [`Search::distances`].
    pub fn warnings(&self, joined: usize) -> Result<Vec<Warning>> {
        let mut warnings = Vec::new();
        let space = self.space();
        let choices = || (0..space.len()).map(|position| space.choices(position) as f64);
        let most = choices().map(f64::ln).sum::<f64>() as f32;
        if let Some(entropy) = self.strategy().entropy().filter(|entropy| *entropy < COLLAPSED * most) {
            warnings.push(Warning::Collapsed { entropy, most });
        }
        if let Some(Signal { policies, noise }) = self.signal()
            && policies < LEAST_SIGNAL * noise
        {
            warnings.push(Warning::NoSignal { policies, noise });
        }
        let distances = self.distances(joined)?;
        let count = distances.len();
        if count > 1 {
            let mean = distances.iter().flatten().sum::<usize>() as f64 / (count * (count - 1)) as f64;
            let random: f64 = choices().map(|choices| 1.0 - 1.0 / choices).sum();
            if mean < ALIKE * random {
                warnings.push(Warning::Alike { count, mean, tokens: space.len(), random });
            }
        }
        Ok(warnings)
    }
}
