//! Network: three convolutions of stride 2, the mean over the image, and one linear layer.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::convolution::{Convolution, LANES, Lanes, sum};
use crate::random::gauss;

const NOTHING: Lanes = [0.0; LANES];

/// The network with the memory of a pass.
#[derive(Clone, Debug)]
pub(super) struct Network {
    layers: [Convolution; 3],
    classes: usize,
    /// The place of the linear layer's weights, a row of channels for each class, and of its biases.
    weights: usize,
    biases: usize,
    pub parameters: Vec<f32>,
    pub gradient: Vec<f32>,
    /// The images, and the outputs of the first two layers, each channel with one pixel of padding.
    inputs: [Vec<Lanes>; 3],
    last: Vec<Lanes>,
    /// The gradients of the layers' outputs.
    slopes: [Vec<Lanes>; 3],
    means: Vec<Lanes>,
    /// The classes' scores, then their probabilities, then their gradients.
    scores: Vec<Lanes>,
}

/// The sum of losses of some images, and the number of those that were right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Judgment {
    pub loss: f64,
    pub right: usize,
}

impl Network {
    /// A network for images of some channels and a side. `seed` gives its weights.
    pub fn new(channels: usize, side: usize, widths: [usize; 3], classes: usize, seed: u64) -> Self {
        let (mut end, mut inputs, mut before) = (0, channels, side);
        let layers = widths.map(|outputs| {
            let mut layer = Convolution { inputs, outputs, side: before, weights: end, biases: 0 };
            layer.biases = end + layer.weight_count();
            end = layer.biases + outputs;
            (inputs, before) = (outputs, layer.side_after());
            layer
        });
        let (weights, biases) = (end, end + classes * inputs);
        let mut parameters = vec![0.0; biases + classes];
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        let mut fill = |parameters: &mut [f32], deviation: f64| {
            parameters.iter_mut().for_each(|parameter| *parameter = (deviation * gauss(&mut stream)) as f32);
        };
        for layer in &layers {
            // He's initialization (arXiv 1502.01852), for ReLU.
            fill(&mut parameters[layer.weights..layer.biases], (2.0 / (9 * layer.inputs) as f64).sqrt());
        }
        fill(&mut parameters[weights..biases], (1.0 / inputs as f64).sqrt());
        let padded = |layer: &Convolution| vec![NOTHING; layer.inputs * (layer.side + 2).pow(2)];
        let bare = |layer: &Convolution| vec![NOTHING; layer.outputs * layer.side_after().pow(2)];
        Network {
            classes,
            weights,
            biases,
            gradient: vec![0.0; parameters.len()],
            parameters,
            inputs: layers.each_ref().map(padded),
            last: bare(&layers[2]),
            slopes: layers.each_ref().map(bare),
            means: vec![NOTHING; widths[2]],
            scores: vec![NOTHING; classes],
            layers,
        }
    }

    /// Puts images into the block: lane l has the image at `which(l)` of H x W x C bytes, with each byte as
    /// `scale * byte + shift` of its channel.
    pub fn load(&mut self, images: &[u8], which: impl Fn(usize) -> usize, form: &[(f32, f32)]) {
        let (side, channels) = (self.layers[0].side, self.layers[0].inputs);
        let (wide, bytes) = (side + 2, side * side * channels);
        let images: [&[u8]; LANES] = std::array::from_fn(|lane| &images[which(lane) * bytes..][..bytes]);
        for (channel, (scale, shift)) in form.iter().enumerate().take(channels) {
            for y in 0..side {
                let row = &mut self.inputs[0][(channel * wide + y + 1) * wide + 1..][..side];
                for (x, values) in row.iter_mut().enumerate() {
                    let place = (y * side + x) * channels + channel;
                    for (value, image) in values.iter_mut().zip(&images) {
                        *value = scale * f32::from(image[place]) + shift;
                    }
                }
            }
        }
    }

    fn forward(&mut self) {
        let [images, first, second] = &mut self.inputs;
        self.layers[0].forward(&self.parameters, images, 1, first);
        self.layers[1].forward(&self.parameters, first, 1, second);
        self.layers[2].forward(&self.parameters, second, 0, &mut self.last);
        let pixels = self.layers[2].side_after().pow(2);
        for (mean, channel) in self.means.iter_mut().zip(self.last.chunks_exact(pixels)) {
            let mut sums = NOTHING;
            for value in channel {
                sums.iter_mut().zip(value).for_each(|(sum, value)| *sum += value);
            }
            *mean = sums.map(|sum| sum / pixels as f32);
        }
        let channels = self.means.len();
        for (class, scores) in self.scores.iter_mut().enumerate() {
            let weights = &self.parameters[self.weights + class * channels..][..channels];
            *scores = [self.parameters[self.biases + class]; LANES];
            for (weight, mean) in weights.iter().zip(&self.means) {
                scores.iter_mut().zip(mean).for_each(|(score, mean)| *score += weight * mean);
            }
        }
    }

    /// Judges the first `lanes` images of the block. The scores become probabilities.
    pub fn judge(&mut self, labels: impl Fn(usize) -> usize, lanes: usize) -> Judgment {
        self.forward();
        let mut judgment = Judgment::default();
        for lane in 0..lanes {
            let score = |class: usize| self.scores[class][lane];
            let largest = (0..self.classes).map(score).fold(f32::MIN, f32::max);
            let sum: f32 = (0..self.classes).map(|class| exp(score(class) - largest)).sum();
            let label = labels(lane);
            judgment.loss += f64::from(sum).ln() - f64::from(score(label) - largest);
            judgment.right += usize::from(self.is_right(lane, label));
            for scores in &mut self.scores {
                scores[lane] = exp(scores[lane] - largest) / sum;
            }
        }
        judgment
    }

    /// Whether a label has the highest score.
    fn is_right(&self, lane: usize, label: usize) -> bool {
        let own = self.scores[label][lane];
        (0..self.classes).all(|class| class == label || self.scores[class][lane] < own)
    }

    /// Which images of the block are right.
    pub fn right(&mut self, labels: impl Fn(usize) -> usize) -> [bool; LANES] {
        self.forward();
        std::array::from_fn(|lane| self.is_right(lane, labels(lane)))
    }

    /// Adds the gradient of the mean loss over `batch` images, of which a full block is here.
    pub fn add_gradient(&mut self, labels: impl Fn(usize) -> usize, batch: usize) -> Judgment {
        let judgment = self.judge(&labels, LANES);
        let share = 1.0 / batch as f32;
        for lane in 0..LANES {
            self.scores[labels(lane)][lane] -= 1.0;
        }
        let (channels, pixels) = (self.means.len(), self.layers[2].side_after().pow(2));
        let mut to_means = vec![NOTHING; channels];
        for (class, slopes) in self.scores.iter().enumerate() {
            let slopes = slopes.map(|slope| slope * share);
            self.gradient[self.biases + class] += sum(&slopes);
            for (channel, mean) in self.means.iter().enumerate() {
                let place = self.weights + class * channels + channel;
                let weight = self.parameters[place];
                let mut products = NOTHING;
                for lane in 0..LANES {
                    products[lane] = slopes[lane] * mean[lane];
                    to_means[channel][lane] += weight * slopes[lane];
                }
                self.gradient[place] += sum(&products);
            }
        }
        let [to_first, to_second, to_last] = &mut self.slopes;
        for (channel, to_mean) in to_means.iter().enumerate() {
            let values = &self.last[channel * pixels..][..pixels];
            for (to, value) in to_last[channel * pixels..][..pixels].iter_mut().zip(values) {
                for lane in 0..LANES {
                    to[lane] = if value[lane] > 0.0 { to_mean[lane] / pixels as f32 } else { 0.0 };
                }
            }
        }
        let [images, first, second] = &self.inputs;
        self.layers[2].add_gradient(second, to_last, &mut self.gradient);
        self.layers[2].gradient_of_input(&self.parameters, second, to_last, to_second);
        self.layers[1].add_gradient(first, to_second, &mut self.gradient);
        self.layers[1].gradient_of_input(&self.parameters, first, to_second, to_first);
        self.layers[0].add_gradient(images, to_first, &mut self.gradient);
        judgment
    }
}

/// In f64, so that platforms whose f32 functions differ in the last bit agree.
fn exp(x: f32) -> f32 {
    f64::from(x).exp() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    /// A network with a block of noise, whose labels are the lanes' numbers.
    fn loaded(channels: usize, side: usize) -> Network {
        let mut network = Network::new(channels, side, [4, 8, 4], 5, 1);
        let mut stream = ChaCha8Rng::seed_from_u64(2);
        let images: Vec<u8> = (0..LANES * side * side * channels).map(|_| stream.random()).collect();
        network.load(&images, |lane| lane, &vec![(1.0 / 64.0, -2.0); channels]);
        network
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        for (channels, side) in [(1, 9), (3, 8), (3, 13)] {
            let mut network = loaded(channels, side);
            let label = |lane: usize| lane % 5;
            network.add_gradient(label, LANES);
            let gradient = network.gradient.clone();
            let (mut checked, mut bent) = (0, 0);
            for place in (0..gradient.len()).step_by(7) {
                let before = network.parameters[place];
                let [up, down] = [2e-3, -2e-3].map(|change| {
                    network.parameters[place] = before + change;
                    network.judge(label, LANES).loss / LANES as f64
                });
                network.parameters[place] = before;
                let (slope, found) = ((up - down) / 4e-3, f64::from(gradient[place]));
                let off = (slope - found).abs();
                assert!(off < 0.3 * slope.abs() + 2e-2, "{channels} {side} at {place}: {slope} and {found}");
                // A ReLU bends between the two places now and then.
                bent += usize::from(off > 0.05 * slope.abs() + 2e-3);
                checked += usize::from(slope.abs() > 0.01);
            }
            assert!(checked > 20 && bent * 10 < checked, "{bent} of {checked}");
        }
    }

    #[test]
    fn images_do_not_see_each_other() {
        let mut network = loaded(3, 8);
        let all = network.judge(|lane| lane % 5, LANES);
        let each = (0..LANES).map(|lane| {
            let others = loaded(3, 8).inputs[0].iter().map(|value| value[lane]).collect::<Vec<_>>();
            for (value, own) in network.inputs[0].iter_mut().zip(others) {
                value[0] = own;
            }
            network.judge(|_| lane % 5, 1).loss
        });
        let sum: f64 = each.sum();
        assert!((all.loss - sum).abs() < 1e-4, "{} and {sum}", all.loss);
    }
}
