//! Mixtures of AugMix: the weighted bytes of an image and of its branches.

use super::blend::Blend;
use crate::ops::{AugMix, MixRule};
use crate::simd::multiversioned;

/// Values whose sums are in registers or the nearest cache.
const BLOCK: usize = 256;

/// The mixing rule of an image. Only one exists at a time, so its size does not matter.
#[allow(clippy::large_enum_variant)]
pub(in crate::cpu) enum Mixture {
    /// The sum of the image and the branches with these weights, perhaps blended with the image.
    Sum { image: f32, branches: Vec<f32>, blend: Option<Blend> },
    /// A blend for each branch.
    Blends(Vec<Blend>),
}

impl Mixture {
    pub fn new(mix: &AugMix) -> Self {
        let branches: Vec<f32> = mix.branches.iter().map(|branch| branch.weight as f32).collect();
        match mix.rule {
            MixRule::Sum(weight) => Mixture::Sum { image: weight as f32, branches, blend: None },
            // 0 times anything is 0, and adding to that rounds nothing.
            MixRule::SumThenBlend(weight) => {
                Mixture::Sum { image: 0.0, branches, blend: Some(Blend::new(weight as f32)) }
            }
            MixRule::Blends => Mixture::Blends(branches.into_iter().map(Blend::new).collect()),
        }
    }

    /// Mixes bytes `first..first + out.len()` of an image with those of the branches' results.
    pub fn mix(&self, image: &[u8], results: &[Vec<u8>], first: usize, out: &mut [u8]) {
        let own = &image[first..first + out.len()];
        match self {
            Mixture::Blends(blends) => {
                out.copy_from_slice(own);
                for (blend, result) in blends.iter().zip(results) {
                    blend.bytes(out, &result[first..first + out.len()]);
                }
            }
            Mixture::Sum { image, branches, blend } => {
                for (k, (out, own)) in out.chunks_mut(BLOCK).zip(own.chunks(BLOCK)).enumerate() {
                    let mut sums = [0.0; BLOCK];
                    add(&mut sums, own, *image);
                    for (&weight, result) in branches.iter().zip(results) {
                        add(&mut sums, &result[first + k * BLOCK..][..own.len()], weight);
                    }
                    let Some(blend) = blend else {
                        truncate(&sums, out);
                        continue;
                    };
                    let mixed = &mut [0; BLOCK][..out.len()];
                    truncate(&sums, mixed);
                    out.copy_from_slice(own);
                    blend.bytes(out, mixed);
                }
            }
        }
    }
}

multiversioned! {
fn add(sums: &mut [f32; BLOCK], values: &[u8], weight: f32) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += weight * f32::from(value);
    }
}
}

multiversioned! {
fn truncate(sums: &[f32; BLOCK], out: &mut [u8]) {
    for (out, &sum) in out.iter_mut().zip(sums) {
        debug_assert!(!sum.is_nan());
        // SAFETY: a number, as weights are checked to be numbers, clipped to 0..=255.
        *out = unsafe { sum.clamp(0.0, 255.0).to_int_unchecked::<i32>() } as u8;
    }
}
}
