//! Filtered: the weights of bilinear and bicubic resizing, for several output values at a time.
//!
//! Every lane of a vector is another output value. The steps of each lane are those of the formulas above, in their
//! order, so that the bits are the same. Rounding `w / sum` to a whole number of 2^-22 needs no division for most
//! weights: a product with the reciprocal is less than 2^-28 from the scaled quotient. Only if it is that close to the
//! next whole number, the weights of these output values are divided.
//!
//! Counted in instructions of one core with AVX2, for bilinear crops of photographs that become 224 values. One axis
//! takes about 15,000, a fifth of one weight after the other. Both are totals divided by an estimated number of axes. A
//! version whose loops ran over a number of weights that is known at run time took about twice as many.
//!
//! The number of weights of an output value is a constant of the code, so that they stay in registers. There is code
//! for 4, 8 and 16. Longer filters are for large reductions, whose images take far longer than their weights.

use super::{PRECISION, Taps, Weights};
use crate::interpolation::Interpolation;
use crate::simd::multiversioned;

/// Output values that are computed at once.
const LANES: usize = 8;

/// More than the largest error of a scaled product instead of a scaled quotient.
const CLOSE: f64 = 1.0 / (1 << 20) as f64;

/// The output values of one axis, and their source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// The source values.
    pub length: usize,
    /// The start of the part that is resized.
    pub first: f64,
    /// Source values per output value.
    pub scale: f64,
    pub outputs: usize,
}

/// A filter and its reach to both sides.
trait Filter {
    const SUPPORT: f64;
    fn at(x: f64) -> f64;
}

struct Triangle;

impl Filter for Triangle {
    const SUPPORT: f64 = 1.0;

    #[inline(always)]
    fn at(x: f64) -> f64 {
        let x = x.abs();
        if x < 1.0 { 1.0 - x } else { 0.0 }
    }
}

/// Keys' cubic with a = -0.5, in Pillow's order of operations.
struct Cubic;

impl Filter for Cubic {
    const SUPPORT: f64 = 2.0;

    #[inline(always)]
    fn at(x: f64) -> f64 {
        const A: f64 = -0.5;
        let x = x.abs();
        let near = ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
        let far = (((x - 5.0) * x + 8.0) * x - 4.0) * A;
        if x < 1.0 {
            near
        } else if x < 2.0 {
            far
        } else {
            0.0
        }
    }
}

/// The weights of an axis, except for the range of what they use.
pub(super) fn weights(axis: &Axis, interpolation: Interpolation) -> Weights {
    let is_cubic = interpolation == Interpolation::Bicubic;
    let support = if is_cubic { Cubic::SUPPORT } else { Triangle::SUPPORT };
    // An output value has at most the whole part of this and one more, whatever is rounded.
    let reach = 2.0 * support * axis.scale.max(1.0) + 0.001;
    // Places are computed in 32 bits.
    let reach = if axis.length < 1 << 30 { reach } else { f64::INFINITY };
    match (is_cubic, reach) {
        (false, ..4.0) => triangle::<4>(axis),
        (false, ..8.0) => triangle::<8>(axis),
        (false, ..16.0) => triangle::<16>(axis),
        (true, ..8.0) => cubic::<8>(axis),
        (true, ..16.0) => cubic::<16>(axis),
        _ => one_by_one(axis, interpolation),
    }
}

/// The formulas of the module above, one weight after the other.
fn one_by_one(axis: &Axis, interpolation: Interpolation) -> Weights {
    let &Axis { length, first, scale, outputs } = axis;
    let (filter, support): (fn(f64) -> f64, f64) = match interpolation {
        Interpolation::Bicubic => (Cubic::at, Cubic::SUPPORT),
        _ => (Triangle::at, Triangle::SUPPORT),
    };
    let stretch = scale.max(1.0);
    let reach = support * stretch;
    let inverse = 1.0 / stretch;
    let mut made = Weights::default();
    for i in 0..outputs {
        let center = first + (i as f64 + 0.5) * scale;
        // `as` truncates, and negative numbers become 0.
        let begin = (center - reach + 0.5) as usize;
        let end = ((center + reach + 0.5) as usize).min(length);
        let exact = || (begin..end).map(|j| filter((j as f64 - center + 0.5) * inverse));
        let sum: f64 = exact().sum();
        let at = made.weights.len();
        made.weights.extend(exact().map(|w| halfway(if sum == 0.0 { w } else { w / sum }) as i32));
        made.taps.push(Taps { first: begin as u32, count: (made.weights.len() - at) as u32, at: at as u32 });
    }
    made
}

multiversioned! {
fn triangle<const COUNT: usize>(axis: &Axis) -> Weights {
    filtered::<Triangle, COUNT>(axis)
}
}

multiversioned! {
fn cubic<const COUNT: usize>(axis: &Axis) -> Weights {
    filtered::<Cubic, COUNT>(axis)
}
}

type Lanes = [f64; LANES];

/// The weights of an axis whose output values have at most `COUNT` each.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn filtered<F: Filter, const COUNT: usize>(axis: &Axis) -> Weights {
    let Axis { length, first, scale, outputs } = *axis;
    let stretch = scale.max(1.0);
    let reach = F::SUPPORT * stretch;
    let inverse = 1.0 / stretch;
    let blocks = outputs.div_ceil(LANES);
    let mut taps = vec![Taps::default(); blocks * LANES];
    // As many are written as there can be. The next output value's follow the last that there are.
    let mut weights = vec![0; blocks * LANES * COUNT];
    let mut at = 0;
    for (block, taps) in taps.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let mut centers = [0.0; LANES];
        let (mut begins, mut counts) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            centers[lane] = first + (f64::from((block * LANES + lane) as u32) + 0.5) * scale;
        }
        for lane in 0..LANES {
            begins[lane] = f64::from(to_whole((centers[lane] - reach + 0.5).max(0.0)));
            let end = f64::from(to_whole(centers[lane] + reach + 0.5)).min(length as f64);
            counts[lane] = (end - begins[lane]).max(0.0);
        }
        let mut exact = [[0.0; LANES]; COUNT];
        let mut sums = [0.0; LANES];
        for k in 0..COUNT {
            for lane in 0..LANES {
                let weight = F::at((begins[lane] + k as f64 - centers[lane] + 0.5) * inverse);
                exact[k][lane] = if (k as f64) < counts[lane] { weight } else { 0.0 };
                sums[lane] += exact[k][lane];
            }
        }
        // Without a sum the weights stay as they are.
        for sum in &mut sums {
            *sum = if *sum == 0.0 { 1.0 } else { *sum };
        }
        let rounded = round(&exact, &sums);
        for (lane, taps) in taps.iter_mut().enumerate() {
            *taps = Taps { first: begins[lane] as u32, count: counts[lane] as u32, at: at as u32 };
            if let Some(weights) = weights.get_mut(at..at + COUNT) {
                weights.copy_from_slice(&rounded[lane]);
            }
            at += counts[lane] as usize;
        }
    }
    taps.truncate(outputs);
    weights.truncate(taps.last().map_or(0, |last| (last.at + last.count) as usize));
    // They may be kept for long.
    weights.shrink_to_fit();
    Weights { taps, weights, used: (0, 0) }
}

/// Each weight divided by its lane's sum, as a whole number of 2^-22. Those of a lane are together.
#[inline(always)]
fn round<const COUNT: usize>(exact: &[Lanes; COUNT], sums: &Lanes) -> [[i32; COUNT]; LANES] {
    let mut inverses = [0.0; LANES];
    for lane in 0..LANES {
        inverses[lane] = 1.0 / sums[lane];
    }
    let mut rounded = [[0; LANES]; COUNT];
    // The distances of all from halfway between two whole numbers.
    let mut farthest = [0.0_f64; LANES];
    for k in 0..COUNT {
        for lane in 0..LANES {
            let scaled = halfway(exact[k][lane] * inverses[lane]);
            let whole = to_whole(scaled);
            farthest[lane] = farthest[lane].max(((scaled - f64::from(whole)).abs() - 0.5).abs());
            rounded[k][lane] = whole;
        }
    }
    if farthest.iter().fold(0.0, |a: f64, &b| a.max(b)) > 0.5 - CLOSE {
        for k in 0..COUNT {
            for lane in 0..LANES {
                rounded[k][lane] = to_whole(halfway(exact[k][lane] / sums[lane]));
            }
        }
    }
    let mut turned = [[0; COUNT]; LANES];
    for k in 0..COUNT {
        for lane in 0..LANES {
            turned[lane][k] = rounded[k][lane];
        }
    }
    turned
}

/// A weight in units of 2^-22, half a unit further from zero.
#[inline(always)]
fn halfway(weight: f64) -> f64 {
    weight * f64::from(1 << PRECISION) + if weight < 0.0 { -0.5 } else { 0.5 }
}

/// Truncated, as `as` does it.
#[inline(always)]
fn to_whole(v: f64) -> i32 {
    debug_assert!(!v.is_nan());
    // SAFETY: a number within the reach of 32 bits, as centers, weights and sums are numbers and no sum is 0.
    unsafe { v.clamp(-2_147_483_648.0, 2_147_483_647.0).to_int_unchecked() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn check(length: usize, first: f32, last: f32, outputs: usize) {
        for interpolation in [Interpolation::Bilinear, Interpolation::Bicubic] {
            let axis =
                Axis { length, first: f64::from(first), scale: f64::from(last - first) / outputs as f64, outputs };
            assert_eq!(weights(&axis, interpolation), one_by_one(&axis, interpolation), "{axis:?} {interpolation}");
        }
    }

    #[test]
    fn weights_are_those_of_the_plain_formula() {
        // Whole pieces of usual sizes: ratios of small numbers have quotients next to whole numbers and halves.
        for length in (1..=40).chain([64, 224, 256, 333, 500, 640]) {
            for outputs in (1..=40).chain([64, 127, 224, 448]) {
                check(length, 0.0, length as f32, outputs);
            }
        }
        let mut stream = ChaCha8Rng::seed_from_u64(5);
        for _ in 0..3000 {
            let length = stream.random_range(1..700);
            let first = stream.random_range(0.0..length as f32);
            let last = stream.random_range(first..=length as f32);
            if first < last {
                check(length, first, last, stream.random_range(1..300));
            }
        }
    }

    #[test]
    fn long_lines_and_long_filters_are_the_same() {
        check(32767, 0.0, 32767.0, 3);
        check(32767, 1000.25, 1000.5, 100);
        check(2_000_000, 0.0, 2_000_000.0, 2);
        check(3, 0.0, 3.0, 32767);
    }
}
