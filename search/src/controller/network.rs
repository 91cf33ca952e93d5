//! Network: an LSTM that draws a policy token by token, and the gradient of what it draws.
//!
//! Each token is a softmax over the values of its kind: operation, probability or magnitude. Its embedding is the next
//! input. Heads and embeddings are shared by all tokens of a kind. From the paper (arXiv 1805.09501, section 3) are the
//! LSTM of 100 units, one softmax for each of the 30 tokens, and the embeddings that are fed back. So are weights from
//! -0.1 to 0.1. It leaves the size of an embedding open; here it is 32.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::layout::{EMBEDDING, KINDS, Layout, UNITS};

/// Sums that run side by side.
const LANES: usize = 4;

/// The parameters with their places.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub layout: Layout,
    pub parameters: Vec<f32>,
}

/// One token on the way through the network.
#[derive(Clone, Debug, Default)]
struct Step {
    /// The place of the input among the parameters.
    input: usize,
    /// The state before, and what the cell held.
    state: Vec<f32>,
    cell: Vec<f32>,
    /// Input, forget, candidate and output gates, after their activations.
    gates: Vec<f32>,
    /// The hyperbolic tangent of the new cell, and the new state.
    squashed: Vec<f32>,
    output: Vec<f32>,
    /// The logarithm of each value's probability.
    logarithms: Vec<f32>,
    token: u8,
}

/// A policy's way through the network.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    steps: Vec<Step>,
    pub tokens: Vec<u8>,
    /// The logarithm of the policy's probability.
    pub log_probability: f32,
    /// The sum of the entropies of all softmaxes, in nats.
    pub entropy: f32,
}

impl Network {
    pub fn new(layout: Layout, seed: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        let parameters = (0..layout.len).map(|_| stream.random_range(-0.1..=0.1)).collect();
        Network { layout, parameters }
    }

    /// Draws a policy.
    pub fn draw(&self, stream: &mut ChaCha8Rng) -> Walk {
        self.walk(|_, logarithms| {
            let mut left: f32 = stream.random();
            let chosen = logarithms.iter().position(|logarithm| {
                left -= logarithm.exp();
                left < 0.0
            });
            // Rounding may leave a rest behind the last value.
            chosen.unwrap_or(logarithms.len() - 1) as u8
        })
    }

    /// Goes the way of given tokens, each of which has such a value.
    pub fn follow(&self, tokens: &[u8]) -> Walk {
        self.walk(|position, _| tokens[position])
    }

    fn walk(&self, mut choose: impl FnMut(usize, &[f32]) -> u8) -> Walk {
        let (layout, parameters) = (&self.layout, &self.parameters);
        let mut walk = Walk { steps: Vec::new(), tokens: Vec::new(), log_probability: 0.0, entropy: 0.0 };
        let (mut state, mut cell) = (vec![0.0; UNITS], vec![0.0; UNITS]);
        let mut input = layout.start;
        for position in 0..layout.tokens {
            let gates = self.gates(input, &state);
            let mut step = Step { input, state, cell: cell.clone(), ..Step::default() };
            for k in 0..UNITS {
                cell[k] = gates[UNITS + k] * cell[k] + gates[k] * gates[2 * UNITS + k];
            }
            step.squashed = cell.iter().map(|cell| cell.tanh()).collect();
            step.output = gates[3 * UNITS..].iter().zip(&step.squashed).map(|(gate, cell)| gate * cell).collect();
            step.gates = gates;
            let kind = position % KINDS;
            let (choices, head) = (layout.choices[kind], layout.heads[kind]);
            let biases = &parameters[head + choices * UNITS..][..choices];
            let rows = parameters[head..].chunks_exact(UNITS);
            let scores: Vec<f32> = rows.zip(biases).map(|(row, bias)| bias + dot(row, &step.output)).collect();
            step.logarithms = log_softmax(&scores);
            step.token = choose(position, &step.logarithms);
            walk.log_probability += step.logarithms[usize::from(step.token)];
            walk.entropy += entropy(&step.logarithms);
            walk.tokens.push(step.token);
            input = layout.embedding(kind, step.token);
            state = step.output.clone();
            walk.steps.push(step);
        }
        walk
    }

    fn gates(&self, input: usize, state: &[f32]) -> Vec<f32> {
        let (layout, parameters) = (&self.layout, &self.parameters);
        let input = &parameters[input..input + EMBEDDING];
        let gate = |row: usize| {
            let from_input = dot(&parameters[layout.input + row * EMBEDDING..][..EMBEDDING], input);
            let from_state = dot(&parameters[layout.state + row * UNITS..][..UNITS], state);
            let sum = parameters[layout.bias + row] + from_input + from_state;
            // The third is the candidate.
            if row / UNITS == 2 { sum.tanh() } else { 1.0 / (1.0 + (-sum).exp()) }
        };
        (0..4 * UNITS).map(gate).collect()
    }

    /// Adds the gradient of `a * log_probability + b * entropy` of a walk.
    pub fn add_gradient(&self, walk: &Walk, a: f32, b: f32, gradient: &mut [f32]) {
        let (layout, parameters) = (&self.layout, &self.parameters);
        let (mut to_output, mut to_cell) = (vec![0.0; UNITS], vec![0.0; UNITS]);
        for (position, step) in walk.steps.iter().enumerate().rev() {
            let kind = position % KINDS;
            let (choices, head) = (layout.choices[kind], layout.heads[kind]);
            let entropy = entropy(&step.logarithms);
            for (value, &logarithm) in step.logarithms.iter().enumerate() {
                let probability = logarithm.exp();
                let chosen = f32::from(u8::from(value == usize::from(step.token)));
                let slope = a * (chosen - probability) - b * probability * (logarithm + entropy);
                gradient[head + choices * UNITS + value] += slope;
                let row = head + value * UNITS;
                add(slope, &step.output, &mut gradient[row..row + UNITS]);
                add(slope, &parameters[row..row + UNITS], &mut to_output);
            }
            let mut to_gates = vec![0.0; 4 * UNITS];
            for k in 0..UNITS {
                let [enter, forget, candidate, leave] = [0, 1, 2, 3].map(|gate| step.gates[gate * UNITS + k]);
                let squashed = step.squashed[k];
                to_cell[k] += to_output[k] * leave * (1.0 - squashed * squashed);
                to_gates[k] = to_cell[k] * candidate * enter * (1.0 - enter);
                to_gates[UNITS + k] = to_cell[k] * step.cell[k] * forget * (1.0 - forget);
                to_gates[2 * UNITS + k] = to_cell[k] * enter * (1.0 - candidate * candidate);
                to_gates[3 * UNITS + k] = to_output[k] * squashed * leave * (1.0 - leave);
                to_cell[k] *= forget;
            }
            to_output.fill(0.0);
            let mut to_input = [0.0; EMBEDDING];
            for (row, &slope) in to_gates.iter().enumerate() {
                gradient[layout.bias + row] += slope;
                let (input, state) = (layout.input + row * EMBEDDING, layout.state + row * UNITS);
                let from = &parameters[step.input..step.input + EMBEDDING];
                add(slope, from, &mut gradient[input..input + EMBEDDING]);
                add(slope, &step.state, &mut gradient[state..state + UNITS]);
                add(slope, &parameters[input..input + EMBEDDING], &mut to_input);
                add(slope, &parameters[state..state + UNITS], &mut to_output);
            }
            add(1.0, &to_input, &mut gradient[step.input..step.input + EMBEDDING]);
        }
    }
}

/// The sum of products, in an order that does not depend on the compiler.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const { assert!(UNITS.is_multiple_of(LANES) && EMBEDDING.is_multiple_of(LANES)) };
    let mut sums = [0.0f32; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3])
}

fn add(factor: f32, from: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}

fn log_softmax(scores: &[f32]) -> Vec<f32> {
    let largest = scores.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = scores.iter().map(|score| (score - largest).exp()).sum();
    scores.iter().map(|score| score - largest - sum.ln()).collect()
}

fn entropy(logarithms: &[f32]) -> f32 {
    -logarithms.iter().map(|logarithm| logarithm.exp() * logarithm).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use autoaugment::policy::SearchSpace;

    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_what_the_walk_says() {
        let mut network = Network::new(Layout::new(&SearchSpace::paper()), 1);
        let layout = network.layout.clone();
        let tokens = network.draw(&mut ChaCha8Rng::seed_from_u64(2)).tokens;
        let mut gradient = vec![0.0; layout.len];
        network.add_gradient(&network.follow(&tokens), 1.0, 0.5, &mut gradient);
        let value = |network: &Network| {
            let walk = network.follow(&tokens);
            f64::from(walk.log_probability) + 0.5 * f64::from(walk.entropy)
        };
        // Some of each part, of used rows.
        let mut places =
            vec![layout.start + 3, layout.bias + 3, layout.bias + 150, layout.bias + 250, layout.bias + 350];
        places.extend([5, 6000, 12_000].map(|k| layout.input + k));
        places.extend([7, 20_000, 39_000].map(|k| layout.state + k));
        for (kind, &token) in tokens[..KINDS].iter().enumerate() {
            places.extend([layout.heads[kind] + 120, layout.heads[kind] + layout.choices[kind] * UNITS + 1]);
            places.push(layout.embedding(kind, token) + 4);
        }
        for place in places {
            let before = network.parameters[place];
            let [up, down] = [0.02, -0.02].map(|change| {
                network.parameters[place] = before + change;
                value(&network)
            });
            network.parameters[place] = before;
            let slope = (up - down) / 0.04;
            let (found, allowed) = (f64::from(gradient[place]), 0.03 * slope.abs() + 2e-3);
            assert!((slope - found).abs() < allowed, "at {place}: {slope} and {found}");
        }
    }

    #[test]
    fn a_new_network_draws_nearly_uniformly() {
        let network = Network::new(Layout::new(&SearchSpace::paper()), 3);
        let walk = network.draw(&mut ChaCha8Rng::seed_from_u64(4));
        let uniform = 10.0 * (16f32.ln() + 11f32.ln() + 10f32.ln());
        assert!((walk.entropy - uniform).abs() < 0.5, "{} of {uniform}", walk.entropy);
        assert_eq!(network.follow(&walk.tokens).log_probability, walk.log_probability);
    }
}
