//! Blends in place: Color with a pixel's own gray, Sharpness with its smoothed value, SamplePairing with another image.
//!
//! The arithmetic is that of `src/arithmetic/blend.rs`. Without AVX-512 VBMI, it runs as written, in `f32` with its two
//! roundings. With AVX-512 VBMI, `g + floor(alpha d)` is looked up, where d is the difference of the two bytes. The
//! results are the same, unless a product is so close to the next whole number that the sum is rounded up to it. That
//! is checked when the tables are made. It happens for about one random alpha in a few hundred. Sums that are not
//! clipped are below 256 and rounded by at most 2^-17.

use super::planar::{BLOCK, join, split};
use crate::arithmetic::blend::blend;
use crate::arithmetic::luma::luma;
use crate::ops::Table;
use crate::simd::multiversioned;

/// A blend with its alpha.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Blend {
    alpha: f32,
    /// Whether the tables are exact for this alpha.
    is_by_tables: bool,
    /// The values to add if the second byte is larger, and to subtract if it is smaller, by the difference.
    up: Table,
    down: Table,
}

impl Blend {
    pub fn new(alpha: f32) -> Self {
        #[cfg(target_arch = "x86_64")]
        if alpha >= 0.0 && x86::is_there() {
            return tables(alpha);
        }
        Blend { alpha, is_by_tables: false, up: [0; 256], down: [0; 256] }
    }

    /// Blends the bytes of `first` with those of `second` in their places: `first + alpha * (second - first)`.
    pub fn bytes(&self, first: &mut [u8], second: &[u8]) {
        #[cfg(target_arch = "x86_64")]
        if self.is_by_tables {
            return x86::bytes(self, first, second);
        }
        bytes(first, second, self.alpha);
    }

    /// Blends the gray of each RGB pixel with the pixel.
    pub fn color(&self, pixels: &mut [u8]) {
        #[cfg(target_arch = "x86_64")]
        if self.is_by_tables {
            return x86::color(self, pixels);
        }
        color(pixels, self.alpha);
    }
}

/// More than twice the largest effect of rounding.
#[cfg(target_arch = "x86_64")]
const CLOSE: f32 = 1.0 / 32768.0;

#[cfg(target_arch = "x86_64")]
multiversioned! {
fn tables(alpha: f32) -> Blend {
    let (mut up, mut down) = ([0; 256], [0; 256]);
    let mut is_close = false;
    for d in 0..256 {
        // Larger products are clipped in every sum.
        let product = (alpha * d as f32).min(1024.0);
        debug_assert!((0.0..=1024.0).contains(&product), "{alpha}");
        // SAFETY: a number of 0..=1024, since alpha is one and not negative.
        let whole: i32 = unsafe { product.to_int_unchecked() };
        let part = product - whole as f32;
        up[d] = whole.min(255) as u8;
        down[d] = (whole + i32::from(part > 0.0)).min(255) as u8;
        // The product, or its opposite, is next to a whole number and less.
        is_close |= (part > 0.0) & !(CLOSE..=1.0 - CLOSE).contains(&part);
    }
    Blend { alpha, is_by_tables: !is_close, up, down }
}
}

/// Blends each value with the value of `second` at its place.
#[inline(always)]
fn blend_all<const N: usize>(first: &[u8; N], second: &[u8; N], alpha: f32) -> [u8; N] {
    let mut made = [0; N];
    for i in 0..N {
        let product = alpha * (f32::from(second[i]) - f32::from(first[i]));
        let sum = (f32::from(first[i]) + product).clamp(0.0, 255.0);
        debug_assert!(!sum.is_nan(), "{alpha}");
        // SAFETY: alpha is finite, so that the sum is a number, and it is within 0..=255.
        made[i] = unsafe { sum.to_int_unchecked::<i32>() as u8 };
    }
    made
}

multiversioned! {
fn color(pixels: &mut [u8], alpha: f32) {
    let (blocks, rest) = pixels.as_chunks_mut::<{ 3 * BLOCK }>();
    for block in blocks {
        let [r, g, b] = split(block);
        let gray: [u8; BLOCK] = std::array::from_fn(|i| luma(r[i], g[i], b[i]));
        join(&[blend_all(&gray, &r, alpha), blend_all(&gray, &g, alpha), blend_all(&gray, &b, alpha)], block);
    }
    for pixel in rest.as_chunks_mut::<3>().0 {
        let gray = luma(pixel[0], pixel[1], pixel[2]);
        *pixel = pixel.map(|v| blend(gray, v, alpha));
    }
}
}

multiversioned! {
fn bytes(first: &mut [u8], second: &[u8], alpha: f32) {
    let (blocks, rest) = first.as_chunks_mut::<BLOCK>();
    let (others, other) = second.as_chunks::<BLOCK>();
    for (block, second) in blocks.iter_mut().zip(others) {
        *block = blend_all(block, second, alpha);
    }
    for (value, &second) in rest.iter_mut().zip(other) {
        *value = blend(*value, second, alpha);
    }
}
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::super::lut::x86::{Wide, has_vbmi, load, permuted, store, wide};
    use super::Blend;

    /// Whether the processor has the instructions of the functions here.
    pub fn is_there() -> bool {
        has_vbmi() && std::arch::is_x86_feature_detected!("avx512vnni")
    }

    pub fn bytes(blend: &Blend, first: &mut [u8], second: &[u8]) {
        // SAFETY: a blend has tables only if the processor has the features.
        unsafe { bytes_by_tables(blend, first, second) }
    }

    pub fn color(blend: &Blend, pixels: &mut [u8]) {
        // SAFETY: a blend has tables only if the processor has the features.
        unsafe { color_by_tables(blend, pixels) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn blended([up, down]: &[Wide; 2], first: __m512i, second: __m512i) -> __m512i {
        // One of the two differences is 0, and so is its entry.
        let more = permuted(up, _mm512_subs_epu8(second, first));
        let less = permuted(down, _mm512_subs_epu8(first, second));
        _mm512_subs_epu8(_mm512_adds_epu8(first, more), less)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn bytes_by_tables(own: &Blend, first: &mut [u8], second: &[u8]) {
        let tables = [wide(&own.up), wide(&own.down)];
        let ((blocks, rest), (others, other)) = (first.as_chunks_mut::<64>(), second.as_chunks::<64>());
        for (block, second) in blocks.iter_mut().zip(others) {
            store(block, blended(&tables, load(block), load(second)));
        }
        let (mut block, mut second) = ([0; 64], [0; 64]);
        let length = rest.len().min(other.len());
        block[..length].copy_from_slice(&rest[..length]);
        second[..length].copy_from_slice(&other[..length]);
        let last = blended(&tables, load(&block), load(&second));
        store(&mut block, last);
        rest[..length].copy_from_slice(&block[..length]);
    }

    /// 16 pixels from byte `3 * first` on, four bytes each. The fourth byte belongs to the next pixel.
    const fn apart(first: usize) -> [u8; 64] {
        let mut places = [0; 64];
        let mut i = 0;
        while i < 64 {
            places[i] = (3 * (first + i / 4) + (i % 4)) as u8 & 63;
            i += 1;
        }
        places
    }

    /// For each byte of the `third` 64 bytes of 64 pixels, its pixel.
    const fn pixel_of(third: usize) -> [u8; 64] {
        let mut places = [0; 64];
        let mut i = 0;
        while i < 64 {
            places[i] = ((64 * third + i) / 3) as u8;
            i += 1;
        }
        places
    }

    /// The weights of luma, 19595, 38470 and 7471, as numbers to the base 256.
    const HIGH: i32 = i32::from_le_bytes([76, 150, 29, 0]);
    const LOW: i32 = i32::from_le_bytes([139, 70, 47, 0]);

    /// The luma of 16 pixels of four bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
    fn gray(pixels: __m512i) -> __m128i {
        // The instruction multiplies unsigned by signed bytes: 128 is taken from each value, and added to the sum
        // again.
        let signed = _mm512_xor_si512(pixels, _mm512_set1_epi8(-128));
        let high = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi32(HIGH), signed);
        let start = _mm512_set1_epi32(128 * 65536 + 32768);
        let low = _mm512_dpbusd_epi32(start, _mm512_set1_epi32(LOW), signed);
        let sum = _mm512_add_epi32(_mm512_slli_epi32::<8>(high), low);
        _mm512_cvtepi32_epi8(_mm512_srli_epi32::<16>(sum))
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
    fn color_by_tables(own: &Blend, pixels: &mut [u8]) {
        let tables = [wide(&own.up), wide(&own.down)];
        // The last 16 pixels are read from 16 bytes before them on, as nothing may be read behind.
        let (in_front, at_end) = (load(&apart(0)), load(&apart_at_end()));
        let of = [load(&pixel_of(0)), load(&pixel_of(1)), load(&pixel_of(2))];
        let (blocks, rest) = pixels.as_chunks_mut::<192>();
        let mut last = [0; 192];
        last[..rest.len()].copy_from_slice(rest);
        for block in blocks.iter_mut().chain([&mut last]) {
            let quarter = |at: usize| block[at..].first_chunk::<64>();
            let (Some(a), Some(b), Some(c), Some(d)) = (quarter(0), quarter(48), quarter(96), quarter(128)) else {
                continue;
            };
            let gray_of = |places, bytes| gray(_mm512_permutexvar_epi8(places, load(bytes)));
            let ab = _mm256_set_m128i(gray_of(in_front, b), gray_of(in_front, a));
            let cd = _mm256_set_m128i(gray_of(at_end, d), gray_of(in_front, c));
            let grays = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(ab), cd);
            let (thirds, _) = block.as_chunks_mut::<64>();
            for (third, &of) in thirds.iter_mut().zip(&of) {
                let gray = _mm512_permutexvar_epi8(of, grays);
                store(third, blended(&tables, gray, load(third)));
            }
        }
        rest.copy_from_slice(&last[..rest.len()]);
    }

    /// The last 16 pixels of 64 bytes, four bytes each.
    const fn apart_at_end() -> [u8; 64] {
        let mut places = apart(0);
        let mut i = 0;
        while i < 64 {
            // The very last pixel's fourth byte is any that is there.
            let place = places[i] + 16;
            places[i] = if place > 63 { 63 } else { place };
            i += 1;
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pairs of bytes, for alphas of policies, random alphas, and alphas with difficult products.
    #[test]
    fn all_bytes_are_blended_as_one_by_one() {
        let policy = (-9..=9).map(|m| 1.0 + 0.1 * m as f32);
        let random = (0..300).map(|i| 0.001 + 0.010_37 * i as f32);
        let mut by_tables = 0;
        for alpha in policy.chain(random).chain([0.0, 1.0, 0.5, 7.3, 250.0, 1e6, -0.5, -1e6, 1e-6, 0.999_999_94]) {
            let own = Blend::new(alpha);
            by_tables += usize::from(own.is_by_tables);
            for g in 0..=255 {
                let mut first = [g; 256];
                let second: [u8; 256] = std::array::from_fn(|x| x as u8);
                own.bytes(&mut first, &second);
                assert_eq!(first, second.map(|x| blend(g, x, alpha)), "{g}, alpha {alpha}");
            }
        }
        #[cfg(target_arch = "x86_64")]
        let can = x86::is_there();
        #[cfg(not(target_arch = "x86_64"))]
        let can = false;
        assert!(by_tables > 250 || !can, "{by_tables}");
    }

    /// Pixels of all colors in steps, and all lengths of remainders.
    #[test]
    fn grays_are_blended_as_one_by_one() {
        for (length, alpha) in (0..200).chain([17 * 17 * 17]).flat_map(|n| [(n, 1.4), (n, 0.3), (n, 0.123_456_7)]) {
            let value = |i: usize| ((i % 17 * 15) as u8, (i / 17 % 17 * 15) as u8, (i / 289 * 15) as u8);
            let mut pixels: Vec<u8> = (0..length).map(value).flat_map(|(r, g, b)| [r, g ^ 3, b ^ 1]).collect();
            let pixel = |p: &[u8]| [p[0], p[1], p[2]].map(|v| blend(luma(p[0], p[1], p[2]), v, alpha));
            let expected: Vec<u8> = pixels.chunks(3).flat_map(pixel).collect();
            Blend::new(alpha).color(&mut pixels);
            assert_eq!(pixels, expected, "{length} pixels, alpha {alpha}");
        }
    }
}
