//! Interpolated warps of one row, with a pixel's channels together in `f64`.
//!
//! The expressions are Pillow's, in Pillow's order, as in `src/ops/affine.rs`. If all taps of a pixel are inside the
//! image, they are read as four bytes each, and the fourth byte is ignored. Other taps are moved inside first.
//!
//! With AVX2, bilinear RGB pixels are computed in `f32` first (`linear.rs`).
//!
//! # Tried
//! Arrays of four numbers, as vector registers for the compiler. It did not use registers, and a bilinear pixel took
//! several times as long.
//!
//! One channel of four pixels in a register, instead of four channels of one pixel. No lane is left over then.
//! Measured for bilinear rotations of 224 x 224 with AVX2: 0.94 to 0.99 x.

#[cfg(target_arch = "x86_64")]
mod linear;

use crate::arithmetic::blend::truncated;
use crate::batch::Size;
use crate::interpolation::Interpolation;

/// Coordinates that are computed at once.
const BLOCK: usize = 16;

/// The channels of a pixel, padded to a register.
trait Lanes: Copy {
    fn load(four: [u8; 4]) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, factor: f64) -> Self;
    /// Clipped to 0..=255 and truncated.
    fn bytes(self) -> [u8; 4];
}

impl Lanes for [f64; 4] {
    #[inline(always)]
    fn load(four: [u8; 4]) -> Self {
        four.map(f64::from)
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        [self[0] + other[0], self[1] + other[1], self[2] + other[2], self[3] + other[3]]
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        [self[0] - other[0], self[1] - other[1], self[2] - other[2], self[3] - other[3]]
    }

    #[inline(always)]
    fn times(self, factor: f64) -> Self {
        self.map(|v| v * factor)
    }

    #[inline(always)]
    fn bytes(self) -> [u8; 4] {
        self.map(truncated)
    }
}

/// The image with the taps.
#[derive(Clone, Copy)]
struct Taps<'a, const CHANNELS: usize> {
    source: &'a [u8],
    size: Size,
}

impl<const CHANNELS: usize> Taps<'_, CHANNELS> {
    /// The pixel in column `x` of row `y`, or of the border next to it.
    fn clamped(&self, x: i64, y: i64) -> [u8; 4] {
        let x = x.clamp(0, self.size.width as i64 - 1) as usize;
        let y = y.clamp(0, self.size.height as i64 - 1) as usize;
        let at = (y * self.size.width + x) * CHANNELS;
        let mut four = [0; 4];
        four[..CHANNELS].copy_from_slice(&self.source[at..at + CHANNELS]);
        four
    }

    /// The value at a point.
    #[inline(always)]
    fn filtered<const COUNT: usize, L: Lanes, F: Filter<COUNT>>(&self, whole: [i32; 2], [dx, dy]: [f64; 2]) -> L {
        let [x, y] = whole.map(|at| i64::from(at) + 1 - COUNT as i64 / 2);
        let reach = COUNT as i64;
        let stride = self.size.width * CHANNELS;
        let is_inside = x >= 0 && y >= 0 && x + reach <= self.size.width as i64 && y + reach <= self.size.height as i64;
        let first = if is_inside { y as usize * stride + x as usize * CHANNELS } else { 0 };
        // The last tap reads a byte or three that are not its own.
        let end = first + (COUNT - 1) * (stride + CHANNELS) + 4;
        let zero = L::load([0; 4]);
        let mut rows = [zero; COUNT];
        // Loops that are counted, since what closures hold is compiled for other processors.
        if is_inside && end <= self.source.len() {
            for j in 0..COUNT {
                let mut taps = [zero; COUNT];
                for i in 0..COUNT {
                    let at = first + j * stride + i * CHANNELS;
                    // SAFETY: four bytes from the last tap on end before the source does, and no other is behind it.
                    taps[i] = L::load(unsafe { self.source.as_ptr().add(at).cast::<[u8; 4]>().read() });
                }
                rows[j] = F::value(taps, dx);
            }
        } else {
            for j in 0..COUNT {
                let mut taps = [zero; COUNT];
                for i in 0..COUNT {
                    taps[i] = L::load(self.clamped(x + i as i64, y + j as i64));
                }
                rows[j] = F::value(taps, dx);
            }
        }
        F::value(rows, dy)
    }
}

/// The interpolation of values along a line.
trait Filter<const COUNT: usize> {
    /// The value at the fraction `d` of the way between the middle two.
    fn value<L: Lanes>(taps: [L; COUNT], d: f64) -> L;
}

struct Linear;

impl Filter<2> for Linear {
    #[inline(always)]
    fn value<L: Lanes>([first, second]: [L; 2], d: f64) -> L {
        first.plus(second.minus(first).times(d))
    }
}

/// Keys' cubic with a = -1.
struct Cubic;

impl Filter<4> for Cubic {
    #[inline(always)]
    fn value<L: Lanes>([v1, v2, v3, v4]: [L; 4], d: f64) -> L {
        let p2 = v3.minus(v1);
        let p3 = v1.minus(v2).times(2.0).plus(v3).minus(v4);
        let p4 = v2.minus(v1).minus(v3).plus(v4);
        v2.plus(p2.plus(p3.plus(p4.times(d)).times(d)).times(d))
    }
}

/// A warp of an image through a matrix.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Warped<'a> {
    pub source: &'a [u8],
    pub size: Size,
    pub channels: usize,
    pub matrix: &'a [f64; 6],
    pub interpolation: Interpolation,
}

impl Warped<'_> {
    /// Writes the pixels of output row `y` with a source inside the image. The others stay unchanged.
    pub fn row(&self, y: usize, out: &mut [u8]) {
        #[cfg(target_arch = "x86_64")]
        if x86::row(self, y, out) {
            return;
        }
        self.row_by::<[f64; 4]>(y, out);
    }

    #[inline(always)]
    fn row_by<L: Lanes>(&self, y: usize, out: &mut [u8]) {
        match (self.channels, self.interpolation) {
            (1, Interpolation::Bicubic) => self.row_of::<1, 4, L, Cubic>(y, out),
            (1, _) => self.row_of::<1, 2, L, Linear>(y, out),
            (_, Interpolation::Bicubic) => self.row_of::<3, 4, L, Cubic>(y, out),
            _ => self.row_of::<3, 2, L, Linear>(y, out),
        }
    }

    /// The value of one pixel in `f64`.
    #[inline(always)]
    fn pixel<const CHANNELS: usize, const COUNT: usize, L: Lanes, F: Filter<COUNT>>(
        &self,
        [columns, rows]: [&Coordinates; 2],
        i: usize,
        pixel: &mut [u8; CHANNELS],
    ) {
        if columns.inside[i] & rows.inside[i] {
            let taps = Taps::<CHANNELS> { source: self.source, size: self.size };
            let at = [columns.whole[i], rows.whole[i]];
            let value: L = taps.filtered::<COUNT, L, F>(at, [columns.rest[i], rows.rest[i]]);
            if let Some(channels) = value.bytes().first_chunk::<CHANNELS>() {
                *pixel = *channels;
            }
        }
    }

    /// The coordinates of a block of output pixels from column `first` on.
    #[inline(always)]
    fn coordinates(&self, first: usize, y: usize) -> [Coordinates; 2] {
        let (w, h, y) = (self.size.width as f64, self.size.height as f64, y as f64 + 0.5);
        let a = self.matrix;
        [Coordinates::of([a[0], a[1], a[2]], first, y, w), Coordinates::of([a[3], a[4], a[5]], first, y, h)]
    }

    #[inline(always)]
    fn row_of<const CHANNELS: usize, const COUNT: usize, L: Lanes, F: Filter<COUNT>>(&self, y: usize, out: &mut [u8]) {
        for (k, block) in out.chunks_mut(BLOCK * CHANNELS).enumerate() {
            let [columns, rows] = self.coordinates(k * BLOCK, y);
            for (i, pixel) in block.as_chunks_mut::<CHANNELS>().0.iter_mut().enumerate() {
                self.pixel::<CHANNELS, COUNT, L, F>([&columns, &rows], i, pixel);
            }
        }
    }
}

/// The source columns, or rows, of a block of output pixels.
struct Coordinates {
    /// The pixel with its center at the point or before it.
    whole: [i32; BLOCK],
    /// The distance from that center to the point.
    rest: [f64; BLOCK],
    /// Whether the point is inside the image.
    inside: [bool; BLOCK],
}

impl Coordinates {
    /// The values of `a[0] x + a[1] y + a[2]` for columns from `first` on.
    #[inline(always)]
    fn of(a: [f64; 3], first: usize, y: f64, length: f64) -> Self {
        let mut made = Coordinates { whole: [0; BLOCK], rest: [0.0; BLOCK], inside: [false; BLOCK] };
        let mut points = [0.0; BLOCK];
        for i in 0..BLOCK {
            let x = f64::from((first + i) as u32) + 0.5;
            points[i] = a[0] * x + a[1] * y + a[2];
        }
        for i in 0..BLOCK {
            made.inside[i] = (points[i] >= 0.0) & (points[i] < length);
        }
        for i in 0..BLOCK {
            let t = points[i] - 0.5;
            debug_assert!(!t.is_nan(), "{a:?}");
            // SAFETY: a number in the reach of 32 bits; matrices are finite. Only points inside the image are used.
            let truncated = unsafe { t.clamp(-1e9, 1e9).to_int_unchecked::<i32>() };
            let whole = truncated - i32::from(f64::from(truncated) > t);
            made.whole[i] = whole;
            made.rest[i] = t - f64::from(whole);
        }
        made
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Lanes, Warped, linear};

    /// Writes a row with four numbers per register. Returns false if the processor has no such registers.
    pub fn row(warped: &Warped<'_>, y: usize, out: &mut [u8]) -> bool {
        let can = std::arch::is_x86_feature_detected!("avx2");
        if can && !linear::row(warped, y, out) {
            // SAFETY: the processor has the feature.
            unsafe { with_avx2(warped, y, out) };
        }
        can
    }

    #[target_feature(enable = "avx2")]
    fn with_avx2(warped: &Warped<'_>, y: usize, out: &mut [u8]) {
        warped.row_by::<__m256d>(y, out);
    }

    /// Only `with_avx2` uses it, so its intrinsics are safe.
    impl Lanes for __m256d {
        #[inline(always)]
        fn load(four: [u8; 4]) -> Self {
            // SAFETY: see the implementation.
            unsafe { _mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(i32::from_le_bytes(four)))) }
        }

        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            // SAFETY: see the implementation.
            unsafe { _mm256_add_pd(self, other) }
        }

        #[inline(always)]
        fn minus(self, other: Self) -> Self {
            // SAFETY: see the implementation.
            unsafe { _mm256_sub_pd(self, other) }
        }

        #[inline(always)]
        fn times(self, factor: f64) -> Self {
            // SAFETY: see the implementation.
            unsafe { _mm256_mul_pd(self, _mm256_set1_pd(factor)) }
        }

        #[inline(always)]
        fn bytes(self) -> [u8; 4] {
            // SAFETY: see the implementation.
            unsafe {
                // Both packings saturate, as clipping does.
                let words = _mm_packs_epi32(_mm256_cvttpd_epi32(self), _mm_setzero_si128());
                _mm_cvtsi128_si32(_mm_packus_epi16(words, words)).to_le_bytes()
            }
        }
    }
}
