//! RGBX by registers: a shuffle moves four pixels. A compiler makes a shuffle of no loop over bytes, so that the loops
//! of `rgbx.rs` take up to eight times as long: 29 us in place of 5 for the color of 224 x 224 pixels, and with AVX2 44
//! in place of 5 for the way back.
//!
//! A closure here would have the feature, and what calls it would not. So it would not be inlined, and would take ten
//! times as long as the loops.

use std::arch::x86_64::{
    __m128i, _mm_or_si128, _mm_set1_epi32, _mm_setr_epi8, _mm_shuffle_epi8, _mm_slli_si128, _mm_srli_si128,
};

/// Bytes of 16 pixels with three and with four bytes.
const RGB: usize = 48;
const RGBX: usize = 64;

/// The color of the first pixels. Returns the others.
pub fn pack<'a>(rgbx: &'a [u8], rgb: &'a mut [u8]) -> (&'a [u8], &'a mut [u8]) {
    if !is_x86_feature_detected!("ssse3") {
        return (rgbx, rgb);
    }
    let (from, left) = rgbx.as_chunks::<RGBX>();
    let (to, unwritten) = rgb.as_chunks_mut::<RGB>();
    // SAFETY: the processor has the feature.
    unsafe { pack_blocks(from, to) };
    (left, unwritten)
}

/// The first pixels, with a fourth byte of 255. Returns the others.
pub fn spread<'a>(rgb: &'a [u8], rgbx: &'a mut [u8]) -> (&'a [u8], &'a mut [u8]) {
    if !is_x86_feature_detected!("ssse3") {
        return (rgb, rgbx);
    }
    let (from, left) = rgb.as_chunks::<RGB>();
    let (to, unwritten) = rgbx.as_chunks_mut::<RGBX>();
    // SAFETY: the processor has the feature.
    unsafe { spread_blocks(from, to) };
    (left, unwritten)
}

#[target_feature(enable = "ssse3")]
fn pack_blocks(from: &[[u8; RGBX]], to: &mut [[u8; RGB]]) {
    let color = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    for (from, to) in from.iter().zip(to) {
        let [a, b, c, d]: [__m128i; 4] = bytemuck::cast(*from);
        let [a, b] = [_mm_shuffle_epi8(a, color), _mm_shuffle_epi8(b, color)];
        let [c, d] = [_mm_shuffle_epi8(c, color), _mm_shuffle_epi8(d, color)];
        *to = bytemuck::cast([
            _mm_or_si128(a, _mm_slli_si128::<12>(b)),
            _mm_or_si128(_mm_srli_si128::<4>(b), _mm_slli_si128::<8>(c)),
            _mm_or_si128(_mm_srli_si128::<8>(c), _mm_slli_si128::<4>(d)),
        ]);
    }
}

#[target_feature(enable = "ssse3")]
fn spread_blocks(from: &[[u8; RGB]], to: &mut [[u8; RGBX]]) {
    let first = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    let last = _mm_setr_epi8(4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    let opaque = _mm_set1_epi32(0xff << 24);
    for (from, to) in from.iter().zip(to) {
        // Each register begins at a pixel, but for the last: it must not read behind the block.
        *to = bytemuck::cast([
            _mm_or_si128(_mm_shuffle_epi8(load(from, 0), first), opaque),
            _mm_or_si128(_mm_shuffle_epi8(load(from, 12), first), opaque),
            _mm_or_si128(_mm_shuffle_epi8(load(from, 24), first), opaque),
            _mm_or_si128(_mm_shuffle_epi8(load(from, 32), last), opaque),
        ]);
    }
}

#[inline(always)]
fn load(from: &[u8; RGB], at: usize) -> __m128i {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&from[at..at + 16]);
    bytemuck::cast(bytes)
}
