//! Luma: Pillow's conversion of a pixel to gray, and the mean gray of an image.

use crate::batch::Image;

/// The gray value of an RGB pixel: `(19595 R + 38470 G + 7471 B + 32768) >> 16`, the weights of ITU-R 601 in 16 bits.
pub(crate) fn luma(r: u8, g: u8, b: u8) -> u8 {
    let sum = 19595 * u32::from(r) + 38470 * u32::from(g) + 7471 * u32::from(b);
    ((sum + 32768) >> 16) as u8
}

/// The mean gray of an image.
pub(crate) fn mean_luma(image: &Image) -> u8 {
    let sum: u64 = match image.channels {
        1 => image.data.iter().map(|&v| u64::from(v)).sum(),
        _ => image.data.chunks_exact(3).map(|p| u64::from(luma(p[0], p[1], p[2]))).sum(),
    };
    mean(sum, image.pixels())
}

/// The mean of `n` values, rounded half up: `(2 sum + n) / 2 n`.
pub(crate) fn mean(sum: u64, n: usize) -> u8 {
    let n = n as u64;
    ((2 * sum + n) / (2 * n)) as u8
}
