//! Strategy: what proposes policies and learns from their rewards.

/// A proposed policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The tokens of the search's space.
    pub tokens: Vec<u8>,
    /// The logarithm of the probability with which it was drawn; 0 where the strategy has none.
    pub log_probability: f32,
}

/// A policy with its reward.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The tokens of the search's space.
    pub tokens: Vec<u8>,
    /// As it was proposed.
    pub log_probability: f32,
    /// The higher, the better.
    pub reward: f64,
}

/// What proposes policies and learns from their rewards.
///
/// The same calls in the same order give the same policies. So a search continues from its journal.
pub trait Strategy: Send {
    /// The policy with this number. Numbers count up from 0.
    fn propose(&mut self, number: u64) -> Proposal;

    /// Takes the reward of a policy, in the order of the numbers.
    fn learn(&mut self, judged: Judged);

    /// The policies after which [`Strategy::learn`] changes what is proposed. As many can be judged at once.
    fn batch(&self) -> usize;

    /// The variety of what it proposes, in nats, if it knows.
    fn entropy(&self) -> Option<f32> {
        None
    }
}
