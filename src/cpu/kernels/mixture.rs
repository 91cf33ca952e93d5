//! Mixtures of AugMix: bytes of an image and of what its branches made of it, weighted.

use super::blend::Blend;
use crate::ops::{AugMix, MixRule};
use crate::wide::wide;

/// Values whose sums are in registers or the nearest cache.
const BLOCK: usize = 256;

/// Mixes bytes `first..first + out.len()` of an image with those of the branches' results.
pub(in crate::cpu) fn mix(mix: &AugMix, image: &[u8], results: &[Vec<u8>], first: usize, out: &mut [u8]) {
    let range = first..first + out.len();
    let own = &image[range.clone()];
    let weighted = || mix.branches.iter().map(|branch| branch.weight as f32).zip(results);
    let (weight, then) = match mix.rule {
        MixRule::Sum(weight) => (weight as f32, None),
        MixRule::SumThenBlend(weight) => (0.0, Some(Blend::new(weight as f32))),
        MixRule::Blends => {
            out.copy_from_slice(own);
            weighted().for_each(|(weight, result)| Blend::new(weight).bytes(out, &result[range.clone()]));
            return;
        }
    };
    for (k, (out, own)) in out.chunks_mut(BLOCK).zip(own.chunks(BLOCK)).enumerate() {
        // 0 times anything is 0, and adding to that rounds nothing.
        let mut sums = [0.0; BLOCK];
        add(&mut sums, own, weight);
        for (weight, result) in weighted() {
            add(&mut sums, &result[first + k * BLOCK..][..out.len()], weight);
        }
        match &then {
            None => truncate(&sums, out),
            Some(blend) => {
                let mut mixed = [0; BLOCK];
                let mixed = &mut mixed[..out.len()];
                truncate(&sums, mixed);
                out.copy_from_slice(own);
                blend.bytes(out, mixed);
            }
        }
    }
}

wide! {
fn add(sums: &mut [f32; BLOCK], values: &[u8], weight: f32) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += weight * f32::from(value);
    }
}
}

wide! {
fn truncate(sums: &[f32; BLOCK], out: &mut [u8]) {
    for (out, &sum) in out.iter_mut().zip(sums) {
        // SAFETY: a sum of at most 33 products of numbers within 0..=2 and bytes.
        *out = unsafe { sum.min(255.0).to_int_unchecked::<i32>() } as u8;
    }
}
}
