//! Statistics: histograms, darkest and brightest values, and sums of luma.
//!
//! Neighbouring pixels are often alike, and a processor that has to add to a number that it has just added to waits for
//! it. Counts are kept four times, pixel by pixel in turn, and added up at the end. The ends of a channel need no
//! histogram.

use super::planes::{BLOCK, split};
use crate::arithmetic::histogram::Histogram;
use crate::arithmetic::luma::luma;

/// Copies of each histogram.
const COPIES: usize = 4;

/// The counts of each channel; those of grey images are the first.
pub(in crate::cpu) fn histograms(pixels: &[u8], channels: usize, counts: &mut [Histogram; 3]) {
    let mut copies = [[[0_u32; 256]; COPIES]; 3];
    match channels {
        1 => {
            let (blocks, rest) = pixels.as_chunks::<COPIES>();
            for block in blocks {
                for (copy, &value) in copies[0].iter_mut().zip(block) {
                    copy[usize::from(value)] += 1;
                }
            }
            rest.iter().for_each(|&value| copies[0][0][usize::from(value)] += 1);
        }
        _ => {
            let (blocks, rest) = pixels.as_chunks::<{ 3 * COPIES }>();
            let [red, green, blue] = &mut copies;
            for block in blocks {
                for k in 0..COPIES {
                    red[k][usize::from(block[3 * k])] += 1;
                    green[k][usize::from(block[3 * k + 1])] += 1;
                    blue[k][usize::from(block[3 * k + 2])] += 1;
                }
            }
            for pixel in rest.as_chunks::<3>().0 {
                red[0][usize::from(pixel[0])] += 1;
                green[0][usize::from(pixel[1])] += 1;
                blue[0][usize::from(pixel[2])] += 1;
            }
        }
    }
    for (counts, copies) in counts.iter_mut().zip(&copies) {
        for (v, count) in counts.iter_mut().enumerate() {
            *count += copies.iter().map(|copy| copy[v]).sum::<u32>();
        }
    }
}

wide! {
/// The least and the greatest value of each channel; a block's length is a multiple of the channels'.
pub(in crate::cpu) fn ends(pixels: &[u8], channels: usize) -> [[u8; 2]; 3] {
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
    let mut ends = [[255, 0]; 3];
    for i in 0..3 * BLOCK {
        let [low, high] = &mut ends[i % channels];
        *low = (*low).min(least[i]);
        *high = (*high).max(greatest[i]);
    }
    ends
}
}

wide! {
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
