//! SearchSpace: the policies that a search chooses from, as lists of tokens.

use rand::RngExt;

use super::{Policy, Step, SubPolicy};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::ops::OpKind;
use crate::random::{Purpose, Stream, Streams};

/// The policies that a search chooses from.
///
/// A policy has some sub-policies of some steps. A step is three tokens: the operation, the probability in tenths
/// (0 to 10), and the magnitude (0 to 9). The tokens of a policy follow each other step by step. The space of the
/// AutoAugment paper (section 3.1) has 5 sub-policies of 2 steps, so 30 tokens, and 16 operations.
///
/// ```
/// use autoaugment::policy::SearchSpace;
/// let space = SearchSpace::paper();
/// assert_eq!(space.len(), 30);
/// let tokens = space.random(7, 0);
/// let policy = space.policy(&tokens)?;
/// assert_eq!(space.tokens(&policy)?, tokens);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchSpace {
    convention: Convention,
    operations: Vec<OpKind>,
    sub_policies: usize,
    steps: usize,
}

/// Probabilities of a step: 0, 0.1, ..., 1.
const PROBABILITIES: usize = 11;
/// Magnitudes of a step: 0, 1, ..., 9.
const MAGNITUDES: usize = 10;
/// Tokens of a step.
const TOKENS: usize = 3;

impl SearchSpace {
    /// The paper's: 5 sub-policies of 2 steps with 16 operations, in the `torchvision` convention.
    pub fn paper() -> Self {
        let mut operations = OpKind::PAPER.to_vec();
        operations.push(OpKind::SamplePairing);
        SearchSpace { convention: Convention::Torchvision, operations, sub_policies: 5, steps: 2 }
    }

    /// Policies of these operations, with 5 sub-policies of 2 steps.
    ///
    /// # Errors
    /// [`Error::Config`] if there are no operations, more than 256, or one occurs twice. Those of [`Policy::check`] if
    /// the convention lacks one of the magnitudes 0 to 9 for one of them.
    pub fn new(convention: Convention, operations: &[OpKind]) -> Result<Self> {
        let refused = |reason: String| Err(Error::Config { option: "operations", reason });
        if operations.is_empty() || operations.len() > 256 {
            return refused(format!("expected 1 to 256 operations, got {}", operations.len()));
        }
        for (i, &op) in operations.iter().enumerate() {
            if operations[..i].contains(&op) {
                return refused(format!("{op} occurs twice"));
            }
            for magnitude in 0..MAGNITUDES {
                let step = Step { op, probability: 1.0, magnitude: magnitude as f64 };
                Policy::new(convention, vec![SubPolicy { steps: vec![step] }])?;
            }
        }
        Ok(SearchSpace { convention, operations: operations.to_vec(), sub_policies: 5, steps: 2 })
    }

    /// The same with other numbers of sub-policies and of steps in each.
    ///
    /// # Errors
    /// [`Error::Config`] if a number is 0, or there are more than 65,536 steps in all.
    pub fn sized(self, sub_policies: usize, steps: usize) -> Result<Self> {
        let all = sub_policies.saturating_mul(steps);
        if all == 0 || all > 1 << 16 {
            let reason = format!("expected 1 to 65536 steps in all, got {sub_policies} sub-policies of {steps} steps");
            return Err(Error::Config { option: "sized", reason });
        }
        Ok(SearchSpace { sub_policies, steps, ..self })
    }

    /// The meaning of the magnitudes.
    pub fn convention(&self) -> Convention {
        self.convention
    }

    /// The operations, in the order of their tokens.
    pub fn operations(&self) -> &[OpKind] {
        &self.operations
    }

    /// The number of sub-policies.
    pub fn sub_policies(&self) -> usize {
        self.sub_policies
    }

    /// The number of steps of each sub-policy.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The number of tokens of a policy.
    #[allow(clippy::len_without_is_empty)] // A space is never empty.
    pub fn len(&self) -> usize {
        self.sub_policies * self.steps * TOKENS
    }

    /// The number of values that the token at `position` can have: operations, 11 or 10, in turns.
    pub fn choices(&self, position: usize) -> usize {
        [self.operations.len(), PROBABILITIES, MAGNITUDES][position % TOKENS]
    }

    /// The policy of these tokens.
    ///
    /// # Errors
    /// [`Error::Config`] if there are more or fewer tokens, or one has no such value.
    pub fn policy(&self, tokens: &[u8]) -> Result<Policy> {
        self.check(tokens)?;
        let step = |tokens: &[u8; TOKENS]| Step {
            op: self.operations[usize::from(tokens[0])],
            probability: f64::from(tokens[1]) / 10.0,
            magnitude: f64::from(tokens[2]),
        };
        let steps: Vec<Step> = tokens.as_chunks().0.iter().map(step).collect();
        let sub_policies = steps.chunks(self.steps).map(|steps| SubPolicy { steps: steps.to_vec() });
        Policy::new(self.convention, sub_policies.collect())
    }

    /// The tokens of a policy of this space.
    ///
    /// # Errors
    /// [`Error::Config`] if the policy is not of this space.
    pub fn tokens(&self, policy: &Policy) -> Result<Vec<u8>> {
        let refused = |reason: String| Error::Config { option: "policy", reason };
        let Policy { convention, sub_policies } = policy;
        if *convention != self.convention {
            let own = self.convention;
            return Err(refused(format!("expected the convention {own} of the space, got {convention}")));
        }
        let lengths = |steps: usize| format!("{} sub-policies of {steps} steps", self.sub_policies);
        if sub_policies.len() != self.sub_policies || sub_policies.iter().any(|s| s.steps.len() != self.steps) {
            return Err(refused(format!("expected {}", lengths(self.steps))));
        }
        let mut tokens = Vec::with_capacity(self.len());
        for step in sub_policies.iter().flat_map(|s| &s.steps) {
            let Some(op) = self.operations.iter().position(|op| *op == step.op) else {
                return Err(refused(format!("{} is none of the space's operations", step.op)));
            };
            let probability = (0..PROBABILITIES).position(|tenths| tenths as f64 / 10.0 == step.probability);
            let magnitude = (0..MAGNITUDES).position(|magnitude| magnitude as f64 == step.magnitude);
            let (Some(probability), Some(magnitude)) = (probability, magnitude) else {
                let Step { op, probability, magnitude } = step;
                return Err(refused(format!("{op} {probability} {magnitude} is no step of the space")));
            };
            tokens.extend([op as u8, probability as u8, magnitude as u8]);
        }
        Ok(tokens)
    }

    /// The tokens of a random policy, each uniform. `seed` and `number` give them.
    pub fn random(&self, seed: u64, number: u64) -> Vec<u8> {
        let mut stream = stream(seed, number, 0);
        (0..self.len()).map(|position| stream.random_range(0..self.choices(position)) as u8).collect()
    }

    /// The same tokens but for one, which has another value. `seed` and `number` give the place and the value.
    ///
    /// # Errors
    /// Those of [`SearchSpace::policy`].
    pub fn mutated(&self, tokens: &[u8], seed: u64, number: u64) -> Result<Vec<u8>> {
        self.check(tokens)?;
        let mut stream = stream(seed, number, 1);
        let mut tokens = tokens.to_vec();
        // A space of one operation has no other value at some places; those of probabilities have.
        let places: Vec<usize> = (0..self.len()).filter(|&position| self.choices(position) > 1).collect();
        let position = places[stream.random_range(0..places.len())];
        let other = stream.random_range(1..self.choices(position)) as u16;
        tokens[position] = ((u16::from(tokens[position]) + other) % self.choices(position) as u16) as u8;
        Ok(tokens)
    }

    /// The number of tokens in which two policies differ (Hamming's distance), at most [`SearchSpace::len`]. Random
    /// policies of the paper's space differ in 27 of 30 on average.
    ///
    /// # Errors
    /// Those of [`SearchSpace::policy`], for either.
    pub fn distance(&self, tokens: &[u8], others: &[u8]) -> Result<usize> {
        self.check(tokens)?;
        self.check(others)?;
        Ok(tokens.iter().zip(others).filter(|(one, other)| one != other).count())
    }

    fn check(&self, tokens: &[u8]) -> Result<()> {
        let refused = |reason: String| Err(Error::Config { option: "tokens", reason });
        if tokens.len() != self.len() {
            return refused(format!("expected {} tokens, got {}", self.len(), tokens.len()));
        }
        match (0..).zip(tokens).find(|&(position, &token)| usize::from(token) >= self.choices(position)) {
            None => Ok(()),
            Some((position, token)) => {
                refused(format!("token {token} at {position} is outside 0..{}", self.choices(position)))
            }
        }
    }
}

/// A stream of a search: of random policies (0) or of mutations (1).
fn stream(seed: u64, number: u64, kind: u64) -> Stream {
    Streams::new(seed, kind, number).of(Purpose::Search, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_policies_of_a_seed_never_change() {
        let space = SearchSpace::paper();
        let policy = space.policy(&space.random(1, 2)).unwrap();
        assert_eq!(policy.sub_policies.len(), 5);
        assert_ne!(space.random(1, 2), space.random(1, 3));
        assert_ne!(space.random(1, 2), space.random(2, 2));
        assert_eq!(space.random(1, 2), PINNED);
    }

    /// Made by this code once.
    const PINNED: [u8; 30] =
        [12, 8, 9, 14, 9, 4, 15, 6, 1, 5, 9, 9, 15, 9, 3, 15, 4, 1, 11, 5, 2, 7, 2, 4, 1, 8, 9, 10, 1, 9];

    #[test]
    fn every_token_occurs_equally_often() {
        let space = SearchSpace::paper();
        let mut counts = vec![[0u32; 16]; space.len()];
        for number in 0..16_000 {
            for (counts, token) in counts.iter_mut().zip(space.random(0, number)) {
                counts[usize::from(token)] += 1;
            }
        }
        for (position, counts) in counts.iter().enumerate() {
            let choices = space.choices(position);
            let expected = 16_000.0 / choices as f64;
            for (token, &count) in counts.iter().enumerate() {
                let expected = if token < choices { expected } else { 0.0 };
                // Five standard deviations.
                assert!((f64::from(count) - expected).abs() <= 5.0 * expected.sqrt(), "{position} {token} {count}");
            }
        }
    }

    #[test]
    fn a_mutation_changes_one_token_to_any_other_value() {
        let space = SearchSpace::new(Convention::Torchvision, &[OpKind::Rotate]).unwrap().sized(1, 1).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..1000 {
            let mutated = space.mutated(&[0, 3, 4], 5, number).unwrap();
            assert_eq!(mutated.iter().zip([0, 3, 4]).filter(|(a, b)| **a != *b).count(), 1);
            seen.insert(mutated);
        }
        assert_eq!(seen.len(), 10 + 9);
    }

    #[test]
    fn random_policies_lie_far_apart() {
        let space = SearchSpace::paper();
        let policies: Vec<Vec<u8>> = (0..200).map(|number| space.random(1, number)).collect();
        let mut sum = 0;
        for pair in policies.windows(2) {
            let distance = space.distance(&pair[0], &pair[1]).unwrap();
            assert_eq!(space.distance(&pair[1], &pair[0]).unwrap(), distance);
            sum += distance;
        }
        // 30 less 10 times 1/16 + 1/11 + 1/10.
        assert!((sum as f64 / 199.0 - 27.5).abs() < 0.5, "{sum}");
        assert_eq!(space.distance(&policies[0], &policies[0]).unwrap(), 0);
        let mutated = space.mutated(&policies[0], 1, 1).unwrap();
        assert_eq!(space.distance(&policies[0], &mutated).unwrap(), 1);
        assert!(space.distance(&policies[0], &[0; 29]).is_err());
    }

    #[test]
    fn what_is_not_of_the_space_is_refused() {
        let space = SearchSpace::paper();
        let message = |result: Result<Policy>| result.unwrap_err().to_string();
        assert_eq!(message(space.policy(&[0; 29])), "tokens: expected 30 tokens, got 29");
        let mut tokens = [0; 30];
        tokens[4] = 11;
        assert_eq!(message(space.policy(&tokens)), "tokens: token 11 at 4 is outside 0..11");
        let refused = space.tokens(&Policy::imagenet()).unwrap_err().to_string();
        assert_eq!(refused, "policy: expected 5 sub-policies of 2 steps");
        let twice = SearchSpace::new(Convention::Torchvision, &[OpKind::Rotate, OpKind::Rotate]).unwrap_err();
        assert_eq!(twice.to_string(), "operations: Rotate occurs twice");
        let crop = SearchSpace::new(Convention::Torchvision, &[OpKind::Crop]).unwrap_err();
        assert!(crop.to_string().ends_with("Crop: a policy cannot contain it; use it in a transform"), "{crop}");
    }
}
