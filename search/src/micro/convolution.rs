//! Convolution: 3 x 3, stride 2, one pixel of padding, with ReLU, forward and backward.
//!
//! Sixteen images lie side by side in each value, so that every loop is one over images. The loops are compiled for
//! several instruction sets. None fuses a multiplication with an addition, and the order of sums is written out. So all
//! processors give the same bits.

use multiversion::multiversion;

/// One value of each of 16 images.
pub(super) type Lanes = [f32; LANES];
/// Images side by side.
pub(super) const LANES: usize = 16;
/// Channels that are computed together.
const TOGETHER: usize = 4;
/// Weights of a pair of channels.
const TAPS: usize = 9;

/// The sizes of a layer, and the places of its parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Convolution {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output, a multiple of 4.
    pub outputs: usize,
    /// The side of the input, without padding.
    pub side: usize,
    /// The place of the weights: for each 4 outputs and each input, 9 x 4 of them.
    pub weights: usize,
    /// The place of the biases.
    pub biases: usize,
}

impl Convolution {
    /// The side of the output.
    pub fn side_after(&self) -> usize {
        self.side.div_ceil(2)
    }

    pub fn weight_count(&self) -> usize {
        self.inputs * self.outputs * TAPS
    }

    /// Writes the output, with `padding` pixels around each channel that stay as they are. The input has one.
    pub fn forward(&self, parameters: &[f32], input: &[Lanes], padding: usize, out: &mut [Lanes]) {
        let weights = &parameters[self.weights..self.weights + self.weight_count()];
        let biases = &parameters[self.biases..self.biases + self.outputs];
        forward(self, weights, biases, input, padding, out);
    }

    /// Adds the gradients of weights and biases. `to_out` is that of the output, without padding, and 0 where the ReLU
    /// is.
    pub fn add_gradient(&self, input: &[Lanes], to_out: &[Lanes], gradient: &mut [f32]) {
        gradient_of_weights(self, input, to_out, &mut gradient[self.weights..self.weights + self.weight_count()]);
        let each = to_out.chunks_exact(self.side_after().pow(2));
        for (gradient, channel) in gradient[self.biases..self.biases + self.outputs].iter_mut().zip(each) {
            let mut sums = [0.0; LANES];
            channel.iter().for_each(|value| add(&mut sums, value));
            *gradient += sum(&sums);
        }
    }

    /// Writes the gradient of the input, without padding. It is 0 where the input is, which is a ReLU's.
    pub fn gradient_of_input(&self, parameters: &[f32], input: &[Lanes], to_out: &[Lanes], to_input: &mut [Lanes]) {
        let weights = &parameters[self.weights..self.weights + self.weight_count()];
        // For each 4 inputs and each output, 9 x 4 weights.
        let mut turned = vec![0.0; weights.len()];
        for output in 0..self.outputs {
            for input in 0..self.inputs {
                for tap in 0..TAPS {
                    turned[place(output, self.outputs, input, tap)] = weights[place(input, self.inputs, output, tap)];
                }
            }
        }
        gradient_of_input(self, &turned, input, to_out, to_input);
    }
}

/// The place of a weight. `first` of `firsts` channels are one after the other, and `second` ones four together.
fn place(first: usize, firsts: usize, second: usize, tap: usize) -> usize {
    ((second / TOGETHER * firsts + first) * TAPS + tap) * TOGETHER + second % TOGETHER
}

#[inline(always)]
fn add(sums: &mut Lanes, values: &Lanes) {
    for lane in 0..LANES {
        sums[lane] += values[lane];
    }
}

#[inline(always)]
fn add_product(sums: &mut Lanes, factor: f32, values: &Lanes) {
    for lane in 0..LANES {
        sums[lane] += factor * values[lane];
    }
}

#[inline(always)]
fn add_products(sums: &mut Lanes, factors: &Lanes, values: &Lanes) {
    for lane in 0..LANES {
        sums[lane] += factors[lane] * values[lane];
    }
}

/// The sum over all images, in one order.
pub(super) fn sum(values: &Lanes) -> f32 {
    let mut parts = *values;
    let mut count = LANES;
    while count > 1 {
        count /= 2;
        for lane in 0..count {
            parts[lane] += parts[lane + count];
        }
    }
    parts[0]
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn forward(layer: &Convolution, weights: &[f32], biases: &[f32], input: &[Lanes], padding: usize, out: &mut [Lanes]) {
    let (inputs, side) = (layer.inputs, layer.side_after());
    let (wide, wide_out) = (layer.side + 2, side + 2 * padding);
    let (weights, biases) = (weights.as_chunks::<TOGETHER>().0, biases.as_chunks::<TOGETHER>().0);
    for (block, biases) in biases.iter().enumerate() {
        let weights = &weights[block * inputs * TAPS..][..inputs * TAPS];
        for y in 0..side {
            for x in 0..side {
                let mut sums = biases.map(|bias| [bias; LANES]);
                for (k, weights) in weights.as_chunks::<3>().0.iter().enumerate() {
                    // Row k % 3 of channel k / 3.
                    let row = &input[(k / 3 * wide + 2 * y + k % 3) * wide + 2 * x..][..3];
                    for (weights, value) in weights.iter().zip(row) {
                        for (sums, &weight) in sums.iter_mut().zip(weights) {
                            add_product(sums, weight, value);
                        }
                    }
                }
                for (channel, sums) in sums.iter().enumerate() {
                    let to = &mut out[((block * TOGETHER + channel) * wide_out + y + padding) * wide_out + x + padding];
                    *to = sums.map(|sum| if sum > 0.0 { sum } else { 0.0 });
                }
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn gradient_of_weights(layer: &Convolution, input: &[Lanes], to_out: &[Lanes], gradient: &mut [f32]) {
    let (inputs, side, wide) = (layer.inputs, layer.side_after(), layer.side + 2);
    for block in 0..layer.outputs / TOGETHER {
        for k in 0..3 * inputs {
            let mut sums = [[[0.0; LANES]; 3]; TOGETHER];
            for y in 0..side {
                for x in 0..side {
                    let row = &input[(k / 3 * wide + 2 * y + k % 3) * wide + 2 * x..][..3];
                    for (channel, sums) in sums.iter_mut().enumerate() {
                        let slope = &to_out[((block * TOGETHER + channel) * side + y) * side + x];
                        for (sums, value) in sums.iter_mut().zip(row) {
                            add_products(sums, slope, value);
                        }
                    }
                }
            }
            let gradient = &mut gradient[(block * inputs * TAPS + 3 * k) * TOGETHER..][..3 * TOGETHER];
            for (channel, sums) in sums.iter().enumerate() {
                for (tap, sums) in sums.iter().enumerate() {
                    gradient[tap * TOGETHER + channel] += sum(sums);
                }
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn gradient_of_input(layer: &Convolution, turned: &[f32], input: &[Lanes], to_out: &[Lanes], to_input: &mut [Lanes]) {
    let (outputs, side, before) = (layer.outputs, layer.side_after(), layer.side);
    let turned = turned.as_chunks::<TOGETHER>().0;
    for block in 0..layer.inputs / TOGETHER {
        let turned = &turned[block * outputs * TAPS..][..outputs * TAPS];
        for y in 0..before {
            for x in 0..before {
                let mut sums = [[0.0; LANES]; TOGETHER];
                for (row, tap_row) in reached(y, side) {
                    for (column, tap_column) in reached(x, side) {
                        let tap = 3 * tap_row + tap_column;
                        for output in 0..outputs {
                            let slope = &to_out[(output * side + row) * side + column];
                            for (sums, &weight) in sums.iter_mut().zip(&turned[output * TAPS + tap]) {
                                add_product(sums, weight, slope);
                            }
                        }
                    }
                }
                for (channel, sums) in sums.iter().enumerate() {
                    let channel = block * TOGETHER + channel;
                    let value = &input[(channel * (before + 2) + y + 1) * (before + 2) + x + 1];
                    let to = &mut to_input[(channel * before + y) * before + x];
                    for lane in 0..LANES {
                        to[lane] = if value[lane] > 0.0 { sums[lane] } else { 0.0 };
                    }
                }
            }
        }
    }
}

/// The outputs that read an input along one axis, each with the tap that does.
#[inline(always)]
fn reached(place: usize, side: usize) -> impl Iterator<Item = (usize, usize)> {
    // Output k reads the padded places 2 k to 2 k + 2.
    let padded = place + 1;
    let first = (padded / 2, padded % 2);
    let second = (padded / 2).checked_sub(1).filter(|_| padded.is_multiple_of(2)).map(|output| (output, 2));
    [Some(first), second].into_iter().flatten().filter(move |(output, _)| *output < side)
}
