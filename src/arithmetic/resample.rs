//! Resample: the weights with which Pillow resizes one axis of an image.
//!
//! `Image.resize(size, resample, box)` makes every output value a weighted sum of source values along one axis, and
//! then along the other. The values between the two passes are bytes. Rows are summed first, unless the image loses
//! height and more than twice as many rows as columns. (That is Pillow 13. In earlier versions, rows were always
//! first.) Output `i` of `n` comes from the source's `first..last`, in `f32` as in Pillow, out of `length` values:
//!
//! * `scale = (last - first) / n`, and `stretch = max(scale, 1)`. Reducing widens the filter (antialiasing), and
//!   enlarging does not narrow it.
//! * `center = first + (i + 0.5) scale`, and the filter reaches `support * stretch` to both sides (bilinear 1, bicubic
//!   2).
//! * The taps are the source values from `int(center - reach + 0.5)` up to, not including, `int(center + reach + 0.5)`.
//!   They are clipped to the image, not to the box.
//! * The weight of tap `j` is `filter((j - center + 0.5) / stretch)`, divided by the sum of all weights in `f64`. It is
//!   then rounded to a whole number of 2^-22, with halves away from zero.
//! * The value is `(2^21 + sum of weight x byte) >> 22`, clipped to 0..=255.
//!
//! Bicubic is Keys' cubic with a = -0.5 here (warps have -1). `nearest` takes pixel `int(first + (i + 0.5) scale)`,
//! summed step by step. With a weight of 1, it is the same sum. An axis that keeps its size and has no box stays
//! unchanged, which weights of 1 do too.
//!
//! Sources: `libImaging/Resample.c` (`ImagingResampleInner`, `precompute_coeffs`, `normalize_coeffs_8bpc`),
//! `_imaging.c` (`_resize`).

use crate::batch::Size;
use crate::interpolation::Interpolation;

/// Fraction bits of a weight.
const PRECISION: u32 = 22;

/// The weighted source values of each output value of one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weights {
    taps: Vec<Taps>,
    weights: Vec<i32>,
}

/// The taps of one output value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taps {
    /// The first source value.
    first: u32,
    /// The place of its first weight, and the number of weights.
    at: u32,
    count: u32,
}

impl Weights {
    /// The weights for `outputs` values from `first..last` of a line of `length`.
    pub fn new(length: usize, first: f32, last: f32, outputs: usize, interpolation: Interpolation) -> Self {
        let mut made = Weights { taps: Vec::with_capacity(outputs), weights: Vec::new() };
        if first == 0.0 && last == length as f32 && outputs == length {
            (0..length).for_each(|i| made.push(i, &[1 << PRECISION]));
            return made;
        }
        let scale = f64::from(last - first) / outputs as f64;
        let (filter, support): (fn(f64) -> f64, f64) = match interpolation {
            Interpolation::Nearest => {
                for source in scale_list(f64::from(first) + scale * 0.5, scale, outputs) {
                    // Rounding may step over the end; Pillow leaves such pixels black.
                    let inside = (0..length as i64).contains(&source);
                    made.push(source.max(0) as usize, if inside { &[1 << PRECISION] } else { &[] });
                }
                return made;
            }
            Interpolation::Bilinear => (triangle, 1.0),
            Interpolation::Bicubic => (cubic, 2.0),
        };
        let stretch = scale.max(1.0);
        let reach = support * stretch;
        let inverse = 1.0 / stretch;
        let mut exact = Vec::new();
        let mut rounded = Vec::new();
        for i in 0..outputs {
            let center = f64::from(first) + (i as f64 + 0.5) * scale;
            // `as` truncates, and negative numbers become 0.
            let begin = (center - reach + 0.5) as usize;
            let end = ((center + reach + 0.5) as usize).min(length);
            exact.clear();
            exact.extend((begin..end).map(|j| filter((j as f64 - center + 0.5) * inverse)));
            let sum: f64 = exact.iter().sum();
            rounded.clear();
            rounded.extend(exact.iter().map(|&w| round(if sum == 0.0 { w } else { w / sum })));
            made.push(begin, &rounded);
        }
        made
    }

    fn push(&mut self, first: usize, weights: &[i32]) {
        let at = self.weights.len() as u32;
        self.taps.push(Taps { first: first as u32, at, count: weights.len() as u32 });
        self.weights.extend(weights);
    }

    /// The first source value of output `i`, and its weights.
    pub fn of(&self, i: usize) -> (usize, &[i32]) {
        let Taps { first, at, count } = self.taps[i];
        (first as usize, &self.weights[at as usize..(at + count) as usize])
    }

    /// The number of output values.
    pub fn len(&self) -> usize {
        self.taps.len()
    }

    /// The used source values: from the first, up to, not including, the last.
    pub fn used(&self) -> (usize, usize) {
        let first = self.taps.iter().map(|t| t.first).min().unwrap_or(0);
        let end = self.taps.iter().map(|t| t.first + t.count).max().unwrap_or(0);
        (first as usize, end.max(first) as usize)
    }

    /// The number of words of [`Weights::words`].
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    pub fn word_count(&self) -> usize {
        3 * self.taps.len() + self.weights.len()
    }

    /// The weights as the shaders read them. Each output value has three words: its first source value minus `shift`,
    /// the number of its weights, and the place of its first weight. All weights follow.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    pub fn words(&self, shift: usize) -> impl Iterator<Item = u32> + '_ {
        let weights_at = 3 * self.taps.len() as u32;
        let heads = self.taps.iter().flat_map(move |t| [t.first - shift as u32, t.count, weights_at + t.at]);
        heads.chain(self.weights.iter().map(|&w| w as u32))
    }
}

/// Truncates a coordinate. A negative one is outside.
pub(crate) fn coordinate(v: f64) -> i64 {
    if v < 0.0 { -1 } else { v as i64 }
}

/// The source index of each output index, accumulated step by step as in Pillow.
pub(crate) fn scale_list(start: f64, step: f64, length: usize) -> Vec<i64> {
    let mut at = start;
    let mut list = Vec::with_capacity(length);
    for _ in 0..length {
        list.push(coordinate(at));
        at += step;
    }
    list
}

/// Whether the sums along columns come first for an image of `size` that becomes `to`.
pub(crate) fn columns_first(size: Size, to: Size) -> bool {
    let lost = |before: usize, after: usize| before as i64 - after as i64;
    let rows = lost(size.height, to.height);
    rows > 0 && rows > 2 * lost(size.width, to.width)
}

/// The first term of a sum, which rounds it.
pub(crate) const HALF: i32 = 1 << (PRECISION - 1);

/// A sum of weights times bytes, from [`HALF`] on, as a byte.
#[inline(always)]
pub(crate) fn byte_of(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

/// The weighted sum of bytes as a byte.
pub(crate) fn weighted(weights: &[i32], mut byte: impl FnMut(usize) -> u8) -> u8 {
    let add = |sum: i32, (k, w): (usize, &i32)| sum.wrapping_add(w.wrapping_mul(i32::from(byte(k))));
    byte_of(weights.iter().enumerate().fold(HALF, add))
}

fn round(weight: f64) -> i32 {
    let scaled = weight * f64::from(1 << PRECISION);
    (scaled + if weight < 0.0 { -0.5 } else { 0.5 }) as i32
}

fn triangle(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 { 1.0 - x } else { 0.0 }
}

/// Keys' cubic with a = -0.5, in Pillow's order of operations.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_about_one() {
        for interpolation in [Interpolation::Bilinear, Interpolation::Bicubic] {
            for (length, outputs) in [(1, 1), (1, 8), (7, 3), (224, 224), (500, 31), (31, 248)] {
                let weights = Weights::new(length, 0.0, length as f32 - 0.25, outputs, interpolation);
                for i in 0..outputs {
                    let (first, of) = weights.of(i);
                    assert_eq!(weights.words(0).count(), weights.word_count());
                    assert!(!of.is_empty() && first + of.len() <= length);
                    let sum: i32 = of.iter().sum();
                    assert!((sum - (1 << PRECISION)).unsigned_abs() as usize <= of.len(), "{sum}");
                }
            }
        }
    }
}
