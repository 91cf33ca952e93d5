//! Layout: where each part of the network lies among its parameters.

use autoaugment::policy::SearchSpace;

/// Units of the LSTM (the paper's number).
pub(super) const UNITS: usize = 100;
/// Numbers of an embedding.
pub(super) const EMBEDDING: usize = 32;
/// Kinds of tokens: operation, probability, magnitude.
pub(super) const KINDS: usize = 3;

/// The places of matrices and vectors in one list of parameters.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The number of values of each kind of token.
    pub choices: [usize; KINDS],
    /// The tokens of a policy.
    pub tokens: usize,
    /// From the input to the gates: 4 x UNITS rows of EMBEDDING.
    pub input: usize,
    /// From the state to the gates: 4 x UNITS rows of UNITS.
    pub state: usize,
    /// Biases of the gates.
    pub bias: usize,
    /// The embedding before the first token.
    pub start: usize,
    /// Per kind: rows of UNITS for each value, then their biases.
    pub heads: [usize; KINDS],
    /// Per kind: rows of EMBEDDING for each value.
    pub embeddings: [usize; KINDS],
    /// All parameters.
    pub len: usize,
}

impl Layout {
    pub fn new(space: &SearchSpace) -> Self {
        let choices = [0, 1, 2].map(|kind| space.choices(kind));
        let mut end = 0;
        let mut next = |length: usize| {
            end += length;
            end - length
        };
        let input = next(4 * UNITS * EMBEDDING);
        let state = next(4 * UNITS * UNITS);
        let bias = next(4 * UNITS);
        let start = next(EMBEDDING);
        let heads = choices.map(|choices| next(choices * (UNITS + 1)));
        let embeddings = choices.map(|choices| next(choices * EMBEDDING));
        Layout { choices, tokens: space.len(), input, state, bias, start, heads, embeddings, len: end }
    }

    /// The place of the embedding that stands for a token of a kind.
    pub fn embedding(&self, kind: usize, token: u8) -> usize {
        self.embeddings[kind] + usize::from(token) * EMBEDDING
    }
}
