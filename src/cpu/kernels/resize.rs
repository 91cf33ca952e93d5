//! Resize: weighted sums along a row, and along the columns of rows.

use crate::arithmetic::resample::{HALF, Weights, byte_of, weighted};
use crate::simd::multiversioned;

/// Values that are summed at once.
const BLOCK: usize = 64;

multiversioned! {
/// A row with as many pixels as there are weights for.
pub(in crate::cpu) fn along_rows(row: &[u8], channels: usize, columns: &Weights, out: &mut [u8]) {
    for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
        let (first, weights) = columns.of(x);
        let taps = &row[first * channels..(first + weights.len()) * channels];
        // The fourth byte is for nothing, and must be there all the same.
        let behind = row.get(first * channels..(first + weights.len()) * channels + 1);
        let (Some(behind), 3) = (behind, channels) else {
            for (c, value) in pixel.iter_mut().enumerate() {
                *value = weighted(weights, |k| taps[k * channels + c]);
            }
            continue;
        };
        let mut sums = [HALF; 4];
        for (&weight, tap) in weights.iter().zip(behind.windows(4).step_by(3)) {
            for (sum, &value) in sums.iter_mut().zip(tap) {
                *sum = sum.wrapping_add(weight.wrapping_mul(i32::from(value)));
            }
        }
        for (value, sum) in pixel.iter_mut().zip(sums) {
            *value = byte_of(sum);
        }
    }
}
}

multiversioned! {
/// One row of weighted rows of the same length, which `source` begins with.
pub(in crate::cpu) fn along_columns(source: &[u8], weights: &[i32], out: &mut [u8]) {
    let length = out.len();
    for (k, out) in out.chunks_mut(BLOCK).enumerate() {
        let mut sums = [HALF; BLOCK];
        for (j, &weight) in weights.iter().enumerate() {
            let taps = &source[j * length + k * BLOCK..][..out.len()];
            match taps.as_array::<BLOCK>() {
                Some(taps) => {
                    for i in 0..BLOCK {
                        sums[i] = sums[i].wrapping_add(weight.wrapping_mul(i32::from(taps[i])));
                    }
                }
                None => {
                    for (sum, &tap) in sums.iter_mut().zip(taps) {
                        *sum = sum.wrapping_add(weight.wrapping_mul(i32::from(tap)));
                    }
                }
            }
        }
        for (value, sum) in out.iter_mut().zip(sums) {
            *value = byte_of(sum);
        }
    }
}
}
