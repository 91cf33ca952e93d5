//! Blends: Color with a pixel's own grey, SamplePairing with another image's pixel, in place.
//!
//! The arithmetic is that of `src/arithmetic/blend.rs`: the same two roundings of binary32, for many values at once.

use super::planes::{BLOCK, join, split};
use crate::arithmetic::blend::blend;
use crate::arithmetic::luma::luma;
use crate::wide::wide;

/// Blends each value with the one of `other` at its place: `first + alpha * (second - first)`.
#[inline(always)]
pub(super) fn blend_all<const N: usize>(first: &[u8; N], second: &[u8; N], alpha: f32) -> [u8; N] {
    std::array::from_fn(|i| blended(first[i], second[i], alpha))
}

/// `blend` without a branch.
#[inline(always)]
pub(super) fn blended(first: u8, second: u8, alpha: f32) -> u8 {
    let product = alpha * (f32::from(second) - f32::from(first));
    let sum = (f32::from(first) + product).clamp(0.0, 255.0);
    // SAFETY: alpha is finite, so that the sum is a number, and it is within 0..=255.
    unsafe { sum.to_int_unchecked::<i32>() as u8 }
}

wide! {
/// Blends the grey of each pixel with the pixel, in place.
pub(in crate::cpu) fn color(pixels: &mut [u8], alpha: f32) {
    let (blocks, rest) = pixels.as_chunks_mut::<{ 3 * BLOCK }>();
    for block in blocks {
        let [r, g, b] = split(block);
        let grey: [u8; BLOCK] = std::array::from_fn(|i| luma(r[i], g[i], b[i]));
        join(&[blend_all(&grey, &r, alpha), blend_all(&grey, &g, alpha), blend_all(&grey, &b, alpha)], block);
    }
    for pixel in rest.as_chunks_mut::<3>().0 {
        let grey = luma(pixel[0], pixel[1], pixel[2]);
        *pixel = pixel.map(|v| blend(grey, v, alpha));
    }
}
}

wide! {
/// Blends each value with the partner's at its place, in place.
pub(in crate::cpu) fn mix(values: &mut [u8], partner: &[u8], alpha: f32) {
    let (blocks, rest) = values.as_chunks_mut::<BLOCK>();
    let (partners, others) = partner.as_chunks::<BLOCK>();
    for (block, partner) in blocks.iter_mut().zip(partners) {
        *block = blend_all(block, partner, alpha);
    }
    for (value, &other) in rest.iter_mut().zip(others) {
        *value = blend(*value, other, alpha);
    }
}
}
