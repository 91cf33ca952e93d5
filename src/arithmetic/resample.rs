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
//! Weights are made once for each pair of sizes and shared, because they take longer than all other planning of an
//! image: random crops of photographs have a few hundred sides, and all crops become one size.
//!
//! Sources: `libImaging/Resample.c` (`ImagingResampleInner`, `precompute_coeffs`, `normalize_coeffs_8bpc`),
//! `_imaging.c` (`_resize`).

mod filtered;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::batch::Size;
use crate::interpolation::Interpolation;

/// Fraction bits of a weight.
pub(crate) const PRECISION: u32 = 22;
/// The weight of a single source value.
const ONE: i32 = 1 << PRECISION;

/// The weighted source values of each output value of one axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weights {
    taps: Vec<Taps>,
    weights: Vec<i32>,
    /// The first used source value, and the end of the used ones.
    used: (u32, u32),
}

/// The taps of one output value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Taps {
    /// The first source value.
    first: u32,
    /// The number of weights, and the place of the first.
    count: u32,
    at: u32,
}

/// The arguments of [`Weights::new`], with floats as their bits.
type Key = (usize, u32, u32, usize, Interpolation);

/// Weights that were made before: training sets have few sizes, and random crops have few more.
#[derive(Default)]
struct Kept {
    weights: HashMap<Key, Arc<Weights>>,
    words: usize,
}

/// Words of all kept weights, at most: 4 MiB. Then they start again.
const MOST_KEPT: usize = 1 << 20;
/// Words of one kept axis, at most.
const LARGEST_KEPT: usize = 1 << 14;

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

impl Weights {
    /// The same as [`Weights::new`], shared with all that have the same arguments.
    pub fn shared(length: usize, first: f32, last: f32, outputs: usize, interpolation: Interpolation) -> Arc<Self> {
        let key = (length, first.to_bits(), last.to_bits(), outputs, interpolation);
        // Weights are inserted whole, so that a panic elsewhere leaves nothing half done.
        let kept = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = kept().as_ref().and_then(|kept| kept.weights.get(&key)) {
            return Arc::clone(made);
        }
        let made = Arc::new(Weights::new(length, first, last, outputs, interpolation));
        let words = made.word_count();
        if words <= LARGEST_KEPT {
            let mut kept = kept();
            let kept = kept.get_or_insert_default();
            if kept.words + words > MOST_KEPT {
                *kept = Kept::default();
            }
            if kept.weights.insert(key, Arc::clone(&made)).is_none() {
                kept.words += words;
            }
        }
        made
    }

    /// The weights for `outputs` values from `first..last` of a line of `length`.
    pub fn new(length: usize, first: f32, last: f32, outputs: usize, interpolation: Interpolation) -> Self {
        let scale = f64::from(last - first) / outputs as f64;
        let mut made = match interpolation {
            _ if first == 0.0 && last == length as f32 && outputs == length => {
                Weights::of_single((0..length).map(Some))
            }
            Interpolation::Nearest => {
                let sources = scale_list(f64::from(first) + scale * 0.5, scale, outputs);
                // Rounding may step over the end; Pillow leaves such pixels black.
                let inside = |source: i64| usize::try_from(source).ok().filter(|source| *source < length);
                Weights::of_single(sources.into_iter().map(inside))
            }
            Interpolation::Bilinear | Interpolation::Bicubic => {
                filtered::weights(&filtered::Axis { length, first: f64::from(first), scale, outputs }, interpolation)
            }
        };
        let first = made.taps.iter().map(|t| t.first).min().unwrap_or(0);
        let end = made.taps.iter().map(|t| t.first + t.count).max().unwrap_or(0);
        made.used = (first, end.max(first));
        made
    }

    /// The weights of output values with one source value each, or none.
    fn of_single(sources: impl Iterator<Item = Option<usize>>) -> Self {
        let mut made = Weights::default();
        for source in sources {
            let at = made.weights.len() as u32;
            made.taps.push(Taps { first: source.unwrap_or(0) as u32, count: u32::from(source.is_some()), at });
            made.weights.extend(source.map(|_| ONE));
        }
        made
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
        (self.used.0 as usize, self.used.1 as usize)
    }

    /// The number of words of [`Weights::write`].
    pub fn word_count(&self) -> usize {
        3 * self.taps.len() + self.weights.len()
    }

    /// Writes the weights as the shaders read them, as many words as they have. Each output value has three words: its
    /// first source value minus `shift`, the number of its weights, and the place of its first weight. All weights
    /// follow.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    pub fn write(&self, shift: usize, words: &mut [u32]) {
        let weights_at = 3 * self.taps.len();
        let (heads, weights) = words.split_at_mut(weights_at);
        for (head, taps) in heads.as_chunks_mut::<3>().0.iter_mut().zip(&self.taps) {
            // An output value without weights has no first source value, so the difference may wrap.
            *head = [taps.first.wrapping_sub(shift as u32), taps.count, weights_at as u32 + taps.at];
        }
        weights.copy_from_slice(bytemuck::cast_slice(&self.weights));
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
                    let mut words = vec![0; weights.word_count()];
                    weights.write(first, &mut words);
                    assert_eq!(words[3 * i], 0);
                    assert_eq!(
                        words[words[3 * i + 2] as usize..][..of.len()],
                        of.iter().map(|&w| w as u32).collect::<Vec<_>>()
                    );
                    assert!(!of.is_empty() && first + of.len() <= length);
                    let sum: i32 = of.iter().sum();
                    assert!((sum - (1 << PRECISION)).unsigned_abs() as usize <= of.len(), "{sum}");
                }
            }
        }
    }
}
