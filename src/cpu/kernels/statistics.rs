//! Statistics: histograms, darkest and brightest values, and sums of luma.
//!
//! Neighboring pixels are often equal. Many processors stall when they add to a number that they have just changed.
//! Several histograms therefore take turns, pixel by pixel, and are added up at the end. The darkest and brightest
//! values need no histogram.

use super::planar::{BLOCK, split};
use crate::arithmetic::histogram::Histogram;
use crate::arithmetic::luma::luma;
use crate::simd::multiversioned;

/// The counts of each channel. Gray images have the first.
pub(in crate::cpu) fn histograms(pixels: &[u8], channels: usize) -> [Histogram; 3] {
    // Emptying and adding copies up takes longer than waiting does where there is little to count.
    match (channels, pixels.len()) {
        (1, _) => count::<4, 1, 4>(pixels),
        (_, ..16384) => count::<2, 3, 6>(pixels),
        _ => count::<4, 3, 12>(pixels),
    }
}

/// Counts pixels of `CHANNELS` in `COPIES` histograms each, `TOGETHER` values of as many pixels at a time.
fn count<const COPIES: usize, const CHANNELS: usize, const TOGETHER: usize>(pixels: &[u8]) -> [Histogram; 3] {
    let mut copies = [[[0_u32; 256]; COPIES]; CHANNELS];
    let (blocks, rest) = pixels.as_chunks::<TOGETHER>();
    for block in blocks {
        for (i, &value) in block.iter().enumerate() {
            copies[i % CHANNELS][i / CHANNELS][usize::from(value)] += 1;
        }
    }
    for (i, &value) in rest.iter().enumerate() {
        copies[i % CHANNELS][0][usize::from(value)] += 1;
    }
    let mut counts = [[0; 256]; 3];
    for (counts, copies) in counts.iter_mut().zip(&copies) {
        add_up(counts, copies);
    }
    counts
}

multiversioned! {
fn add_up<const COPIES: usize>(counts: &mut Histogram, copies: &[Histogram; COPIES]) {
    for copy in copies {
        for v in 0..256 {
            counts[v] += copy[v];
        }
    }
}
}

/// The least and the greatest value of each channel.
pub(in crate::cpu) fn ends(pixels: &[u8], channels: usize) -> [[u8; 2]; 3] {
    match channels {
        1 => ends_of::<1>(pixels),
        _ => ends_of::<3>(pixels),
    }
}

multiversioned! {
fn ends_of<const CHANNELS: usize>(pixels: &[u8]) -> [[u8; 2]; 3] {
    // A block's length is a multiple of the channels'.
    let mut least = [255_u8; 3 * BLOCK];
    let mut greatest = [0_u8; 3 * BLOCK];
    let (blocks, rest) = pixels.as_chunks::<{ 3 * BLOCK }>();
    for block in blocks {
        for i in 0..3 * BLOCK {
            least[i] = least[i].min(block[i]);
            greatest[i] = greatest[i].max(block[i]);
        }
    }
    for (i, &value) in rest.iter().enumerate() {
        least[i] = least[i].min(value);
        greatest[i] = greatest[i].max(value);
    }
    let (least, greatest) = (split(&least), split(&greatest));
    let mut ends = [[255, 0]; 3];
    for (c, (least, greatest)) in least.iter().zip(&greatest).enumerate() {
        let [low, high] = &mut ends[c % CHANNELS];
        *low = least.iter().fold(*low, |a, &b| a.min(b));
        *high = greatest.iter().fold(*high, |a, &b| a.max(b));
    }
    ends
}
}

multiversioned! {
/// The sum of luma.
pub(in crate::cpu) fn luma_sum(pixels: &[u8], channels: usize) -> u64 {
    if channels == 1 {
        // Few enough at once that they fit 32 bits.
        return pixels.chunks(1 << 16).map(|part| u64::from(part.iter().map(|&v| u32::from(v)).sum::<u32>())).sum();
    }
    let (blocks, rest) = pixels.as_chunks::<{ 3 * BLOCK }>();
    let mut sum = 0_u64;
    for blocks in blocks.chunks(1 << 10) {
        let mut part = 0_u32;
        for block in blocks {
            let [r, g, b] = split(block);
            part += (0..BLOCK).map(|i| u32::from(luma(r[i], g[i], b[i]))).sum::<u32>();
        }
        sum += u64::from(part);
    }
    sum + rest.as_chunks::<3>().0.iter().map(|p| u64::from(luma(p[0], p[1], p[2]))).sum::<u64>()
}
}
