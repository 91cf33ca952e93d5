//! Convolution: 3 x 3, stride 2, one pixel of padding, with ReLU, forward and backward.
//!
//! Sixteen images lie side by side in each value, so that every loop is one over images. The loops are compiled for
//! several instruction sets. All fuse multiplications with additions, and the order of sums is written out. So all
//! processors give the same bits. One that cannot fuse computes the same slowly.

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
        sums[lane] = values[lane].mul_add(factor, sums[lane]);
    }
}

#[inline(always)]
fn add_products(sums: &mut Lanes, factors: &Lanes, values: &Lanes) {
    for lane in 0..LANES {
        sums[lane] = values[lane].mul_add(factors[lane], sums[lane]);
    }
}

/// Adds the products of an output's gradient with the three inputs of a row that it reads.
#[inline(always)]
fn add_row(sums: &mut [Lanes; 3], slope: &Lanes, row: &[Lanes]) {
    let [first, second, third] = sums;
    add_products(first, slope, &row[0]);
    add_products(second, slope, &row[1]);
    add_products(third, slope, &row[2]);
}

/// Some values where others are positive, and 0 elsewhere.
#[inline(always)]
fn where_positive(others: &Lanes, values: &Lanes) -> Lanes {
    // The closure of `map` would be compiled for no instruction set, and a write in place is done value by value.
    let mut kept = [0.0; LANES];
    for lane in 0..LANES {
        let value = values[lane];
        kept[lane] = if others[lane] > 0.0 { value } else { 0.0 };
    }
    kept
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

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn forward(layer: &Convolution, weights: &[f32], biases: &[f32], input: &[Lanes], padding: usize, out: &mut [Lanes]) {
    let (inputs, side) = (layer.inputs, layer.side_after());
    let (wide, wide_out) = (layer.side + 2, side + 2 * padding);
    let (weights, biases) = (weights.as_chunks::<TOGETHER>().0, biases.as_chunks::<TOGETHER>().0);
    for (block, biases) in biases.iter().enumerate() {
        let weights = &weights[block * inputs * TAPS..][..inputs * TAPS];
        for y in 0..side {
            // Two pixels at once, since each sum waits for the one before.
            for x in (0..side).step_by(2) {
                let mut sums = [[[0.0; LANES]; TOGETHER]; 2];
                for sums in &mut sums {
                    for (sums, &bias) in sums.iter_mut().zip(biases) {
                        *sums = [bias; LANES];
                    }
                }
                let pixels = (side - x).min(2);
                for (k, weights) in weights.as_chunks::<3>().0.iter().enumerate() {
                    // Row k % 3 of channel k / 3.
                    let row = &input[(k / 3 * wide + 2 * y + k % 3) * wide + 2 * x..];
                    if pixels == 2 {
                        add_pixels(&mut sums, weights, &row[..5]);
                    } else {
                        add_pixels(&mut sums[..1], weights, &row[..3]);
                    }
                }
                for (pixel, sums) in sums[..pixels].iter().enumerate() {
                    for (channel, sums) in sums.iter().enumerate() {
                        let row = ((block * TOGETHER + channel) * wide_out + y + padding) * wide_out;
                        let to = &mut out[row + x + pixel + padding];
                        *to = where_positive(sums, sums);
                    }
                }
            }
        }
    }
}

/// Adds one row of inputs to the sums of some pixels, which lie two inputs apart.
#[inline(always)]
fn add_pixels(sums: &mut [[Lanes; TOGETHER]], weights: &[[f32; TOGETHER]; 3], row: &[Lanes]) {
    for (tap, weights) in weights.iter().enumerate() {
        for (pixel, sums) in sums.iter_mut().enumerate() {
            for (sums, &weight) in sums.iter_mut().zip(weights) {
                add_product(sums, weight, &row[2 * pixel + tap]);
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn gradient_of_weights(layer: &Convolution, input: &[Lanes], to_out: &[Lanes], gradient: &mut [f32]) {
    let (inputs, side, wide) = (layer.inputs, layer.side_after(), layer.side + 2);
    for block in 0..layer.outputs / TOGETHER {
        for k in 0..3 * inputs {
            let [mut first, mut second, mut third, mut fourth] = [[[0.0; LANES]; 3]; TOGETHER];
            for y in 0..side {
                for x in 0..side {
                    let row = &input[(k / 3 * wide + 2 * y + k % 3) * wide + 2 * x..][..3];
                    let slope = |channel: usize| &to_out[((block * TOGETHER + channel) * side + y) * side + x];
                    // Written out, so that all sums stay in registers.
                    add_row(&mut first, slope(0), row);
                    add_row(&mut second, slope(1), row);
                    add_row(&mut third, slope(2), row);
                    add_row(&mut fourth, slope(3), row);
                }
            }
            let gradient = &mut gradient[(block * inputs * TAPS + 3 * k) * TOGETHER..][..3 * TOGETHER];
            for (channel, sums) in [first, second, third, fourth].iter().enumerate() {
                for (tap, sums) in sums.iter().enumerate() {
                    gradient[tap * TOGETHER + channel] += sum(sums);
                }
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn gradient_of_input(layer: &Convolution, turned: &[f32], input: &[Lanes], to_out: &[Lanes], to_input: &mut [Lanes]) {
    let (outputs, side, before) = (layer.outputs, layer.side_after(), layer.side);
    let turned = turned.as_chunks::<TOGETHER>().0;
    for block in 0..layer.inputs / TOGETHER {
        let turned = &turned[block * outputs * TAPS..][..outputs * TAPS];
        // Output k reads the padded places 2 k to 2 k + 2. So outputs k and k + 1 read the inputs 2 k and 2 k + 1.
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            let (below, right) = (y + 1 < side, x + 1 < side);
            let mut sums = [[[0.0; LANES]; TOGETHER]; 4];
            for (output, weights) in turned.as_chunks::<TAPS>().0.iter().enumerate() {
                let slope = |is_inside: bool, place: usize| if is_inside { &to_out[place] } else { &NOTHING };
                let place = (output * side + y) * side + x;
                let slopes = [
                    slope(true, place),
                    slope(right, place + 1),
                    slope(below, place + side),
                    slope(below && right, place + side + 1),
                ];
                let mut add = |pixel: usize, slope: usize, tap: usize| {
                    for (sums, &weight) in sums[pixel].iter_mut().zip(&weights[tap]) {
                        add_product(sums, weight, slopes[slope]);
                    }
                };
                // Written out, so that all sums stay in registers.
                add(0, 0, 4);
                add(1, 0, 5);
                add(2, 0, 7);
                add(3, 0, 8);
                add(1, 1, 3);
                add(3, 1, 6);
                add(2, 2, 1);
                add(3, 2, 2);
                add(3, 3, 0);
            }
            for (pixel, sums) in sums.iter().enumerate() {
                let (y, x) = (2 * y + pixel / 2, 2 * x + pixel % 2);
                if y >= before || x >= before {
                    continue;
                }
                for (channel, sums) in sums.iter().enumerate() {
                    let channel = block * TOGETHER + channel;
                    let value = &input[(channel * (before + 2) + y + 1) * (before + 2) + x + 1];
                    let to = &mut to_input[(channel * before + y) * before + x];
                    *to = where_positive(value, sums);
                }
            }
        }
    }
}

const NOTHING: Lanes = [0.0; LANES];
