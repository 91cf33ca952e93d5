//! Linear: bilinear RGB pixels in `f32`, several at once.
//!
//! The bytes are those of `f64`. A value in `f32` is off by less than [`NEAR`]. So its whole part is right, unless
//! it is that close to a whole number. Such pixels, and the others of their four, are computed again in `f64`. In a
//! rotation that is about one pixel of a thousand. A shear has the same fraction in all of a row, often near a fraction
//! of small numbers, so that most fours are computed again.
//! Where neighbors are equal, values are whole numbers and exact, so that flat areas are not computed again. With
//! AVX2, a rotation takes 0.78 of the instructions of `f64`.

use std::arch::x86_64::*;

use super::{BLOCK, Coordinates, Linear, Warped};
use crate::interpolation::Interpolation;

/// Pixels that are written together.
const QUAD: usize = 4;

/// More than three times the largest difference of a value in `f32` from that in `f64`. The fractions of both
/// coordinates are rounded by 2^-25, and each of five sums and differences below 256 by 2^-17.
const NEAR: f32 = 1.0 / 8192.0;

/// Writes a row. Returns false if it is not bilinear and RGB, or if the processor cannot.
pub(super) fn row(warped: &Warped<'_>, y: usize, out: &mut [u8]) -> bool {
    let is_linear = warped.channels == 3 && warped.interpolation == Interpolation::Bilinear;
    if !is_linear || !std::arch::is_x86_feature_detected!("fma") || !std::arch::is_x86_feature_detected!("avx2") {
        return false;
    }
    if std::arch::is_x86_feature_detected!("avx512bw") && std::arch::is_x86_feature_detected!("avx512dq") {
        // SAFETY: the processor has the features.
        unsafe { with_avx512(warped, y, out) };
    } else {
        // SAFETY: the processor has the features.
        unsafe { with_avx2(warped, y, out) };
    }
    true
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx2,fma")]
fn with_avx512(warped: &Warped<'_>, y: usize, out: &mut [u8]) {
    // SAFETY: the function has the features, and the pixels are plain.
    by_quads(warped, y, out, |places, first, quad| unsafe { quad_with_avx512(warped, places, first, quad) });
}

#[target_feature(enable = "avx2,fma")]
fn with_avx2(warped: &Warped<'_>, y: usize, out: &mut [u8]) {
    // SAFETY: the function has the features, and the pixels are plain.
    by_quads(warped, y, out, |places, first, quad| unsafe { quad_with_avx2(warped, places, first, quad) });
}

/// The places of the taps of a block of pixels.
struct Places {
    /// The first byte of the first tap.
    first: [i32; BLOCK],
    /// Whether all taps are inside the image, with as many bytes behind them as are read.
    is_plain: [bool; BLOCK],
    /// The fractions of the columns and rows.
    dx: [f32; BLOCK],
    dy: [f32; BLOCK],
}

impl Places {
    #[inline(always)]
    fn of(warped: &Warped<'_>, columns: &Coordinates, rows: &Coordinates) -> Self {
        let (w, h) = (warped.size.width as i32, warped.size.height as i32);
        // Eight bytes are read in both rows.
        let last = i32::try_from(warped.source.len()).map_or(-1, |length| length - 3 * w - 8);
        let mut made = Places { first: [0; BLOCK], is_plain: [false; BLOCK], dx: [0.0; BLOCK], dy: [0.0; BLOCK] };
        for i in 0..BLOCK {
            let (x, y) = (columns.whole[i], rows.whole[i]);
            let first = y.wrapping_mul(w).wrapping_add(x).wrapping_mul(3);
            let inside = columns.inside[i] & rows.inside[i];
            made.first[i] = first;
            made.is_plain[i] = inside & (x >= 0) & (x < w - 1) & (y >= 0) & (y < h - 1) & (first <= last);
            made.dx[i] = columns.rest[i] as f32;
            made.dy[i] = rows.rest[i] as f32;
        }
        made
    }
}

/// Calls `sum` for every four plain pixels. It returns whether all are certain. The processor has AVX2.
#[inline(always)]
fn by_quads(warped: &Warped<'_>, y: usize, out: &mut [u8], sum: impl Fn(&Places, usize, &mut [[u8; 3]; QUAD]) -> bool) {
    for (k, block) in out.chunks_mut(BLOCK * 3).enumerate() {
        let [columns, rows] = warped.coordinates(k * BLOCK, y);
        let places = Places::of(warped, &columns, &rows);
        for (q, quad) in block.as_chunks_mut::<3>().0.chunks_mut(QUAD).enumerate() {
            let first = q * QUAD;
            if let Some(quad) = quad.as_mut_array::<QUAD>()
                && places.is_plain[first..first + QUAD] == [true; QUAD]
            {
                if !sum(&places, first, quad) {
                    // SAFETY: the processor has the features, and all four are plain.
                    unsafe { exact_quad(warped, &places, [&columns, &rows], first, quad) };
                }
                continue;
            }
            for (i, pixel) in quad.iter_mut().enumerate() {
                warped.pixel::<3, 2, __m256d, Linear>([&columns, &rows], first + i, pixel);
            }
        }
    }
}

/// The channels of a left tap as words.
const LEFT: [i8; 16] = [0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, -1];
/// The channels of the tap to the right of it.
const RIGHT: [i8; 16] = [3, -1, -1, -1, 4, -1, -1, -1, 5, -1, -1, -1, -1, -1, -1, -1];
/// Three bytes of each four.
const PACKED: [i8; 16] = [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1];

#[inline]
fn bytes(values: &[i8; 16]) -> __m128i {
    // SAFETY: there are 16 bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(values.as_ptr().cast()) }
}

/// Two taps beside each other, and two bytes more.
///
/// # Safety
/// Eight bytes from `at` on are in the source.
#[inline]
unsafe fn taps(source: &[u8], at: usize) -> __m128i {
    // SAFETY: see above.
    unsafe { _mm_loadl_epi64(source.as_ptr().add(at).cast()) }
}

/// Writes the first three of every four bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn store(pixels: __m128i, quad: &mut [[u8; 3]; QUAD]) {
    let pixels = _mm_shuffle_epi8(pixels, bytes(&PACKED));
    let out = quad.as_mut_ptr().cast::<u8>();
    // SAFETY: there are 12 bytes, and the stores need no alignment.
    unsafe {
        _mm_storel_epi64(out.cast(), pixels);
        out.add(8).cast::<i32>().write_unaligned(_mm_extract_epi32::<2>(pixels));
    }
}

/// Writes four pixels in `f64`.
///
/// # Safety
/// All four are plain.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn exact_quad(
    warped: &Warped<'_>,
    places: &Places,
    [columns, rows]: [&Coordinates; 2],
    first: usize,
    quad: &mut [[u8; 3]; QUAD],
) {
    let stride = warped.size.width * 3;
    // SAFETY: eight bytes from each place on are in the source, and a row later too; of them seven are read.
    let tap = |at: usize| unsafe {
        let four = warped.source.as_ptr().add(at).cast::<i32>().read_unaligned();
        _mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four)))
    };
    let between = |from, to, part| _mm256_add_pd(from, _mm256_mul_pd(_mm256_sub_pd(to, from), part));
    let value = |i: usize| {
        let at = places.first[i] as usize;
        let (dx, dy) = (_mm256_set1_pd(columns.rest[i]), _mm256_set1_pd(rows.rest[i]));
        let upper = between(tap(at), tap(at + 3), dx);
        let lower = between(tap(at + stride), tap(at + stride + 3), dx);
        _mm256_cvttpd_epi32(between(upper, lower, dy))
    };
    // Both packings saturate, as clipping does.
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| value(first + i));
    store(_mm_packus_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d)), quad);
}

/// Writes four pixels. Returns whether all are certain.
///
/// # Safety
/// All four are plain.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx2,fma")]
unsafe fn quad_with_avx512(warped: &Warped<'_>, places: &Places, first: usize, quad: &mut [[u8; 3]; QUAD]) -> bool {
    let (source, stride) = (warped.source, warped.size.width * 3);
    let at = |i: usize| places.first[first + i] as usize;
    // SAFETY: eight bytes from each place on are in the source, and a row later too.
    let row = |by: usize| unsafe {
        let (a, b) = (taps(source, at(0) + by), taps(source, at(1) + by));
        let (c, d) = (taps(source, at(2) + by), taps(source, at(3) + by));
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(_mm256_set_m128i(b, a)), _mm256_set_m128i(d, c))
    };
    let (above, below) = (row(0), row(stride));
    let (left, right) = (_mm512_broadcast_i32x4(bytes(&LEFT)), _mm512_broadcast_i32x4(bytes(&RIGHT)));
    let (above_left, above_right) = (_mm512_shuffle_epi8(above, left), _mm512_shuffle_epi8(above, right));
    let (below_left, below_right) = (_mm512_shuffle_epi8(below, left), _mm512_shuffle_epi8(below, right));
    let (above_left, above_right) = (_mm512_cvtepi32_ps(above_left), _mm512_cvtepi32_ps(above_right));
    let (below_left, below_right) = (_mm512_cvtepi32_ps(below_left), _mm512_cvtepi32_ps(below_right));
    let spread = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    // SAFETY: there are four numbers from each fourth on, and the loads need no alignment.
    let (dx, dy) =
        unsafe { (_mm_loadu_ps(places.dx.as_ptr().add(first)), _mm_loadu_ps(places.dy.as_ptr().add(first))) };
    let dx = _mm512_permutexvar_ps(spread, _mm512_castps128_ps512(dx));
    let dy = _mm512_permutexvar_ps(spread, _mm512_castps128_ps512(dy));
    let (d_above, d_below) = (_mm512_sub_ps(above_right, above_left), _mm512_sub_ps(below_right, below_left));
    let (upper, lower) = (_mm512_fmadd_ps(d_above, dx, above_left), _mm512_fmadd_ps(d_below, dx, below_left));
    let d = _mm512_sub_ps(lower, upper);
    let value = _mm512_fmadd_ps(d, dy, upper);
    let whole = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(value);
    let distance = _mm512_abs_ps(_mm512_sub_ps(value, whole));
    let near = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(distance, _mm512_set1_ps(NEAR)) & 0x7777;
    let mut is_certain = true;
    if near != 0 {
        // Where nothing is added, the value is a tap, and exact.
        let across = _mm512_mul_ps(_mm512_or_ps(d_above, d_below), dx);
        let added = _mm512_or_ps(across, _mm512_mul_ps(d, dy));
        is_certain = _mm512_mask_cmp_ps_mask::<_CMP_NEQ_UQ>(near, added, _mm512_setzero_ps()) == 0;
    }
    store(_mm512_cvtepi32_epi8(_mm512_cvttps_epi32(value)), quad);
    is_certain
}

/// Writes four pixels. Returns whether all are certain.
///
/// # Safety
/// All four are plain.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn quad_with_avx2(warped: &Warped<'_>, places: &Places, first: usize, quad: &mut [[u8; 3]; QUAD]) -> bool {
    let (source, stride) = (warped.source, warped.size.width * 3);
    let (left, right) = (_mm256_broadcastsi128_si256(bytes(&LEFT)), _mm256_broadcastsi128_si256(bytes(&RIGHT)));
    let mut words = [_mm256_setzero_si256(); 2];
    let mut is_certain = true;
    for half in 0..2 {
        let (i, k) = (first + 2 * half, first + 2 * half + 1);
        let (a, b) = (places.first[i] as usize, places.first[k] as usize);
        // SAFETY: eight bytes from each place on are in the source, and a row later too.
        let (above, below) = unsafe {
            (
                _mm256_set_m128i(taps(source, b), taps(source, a)),
                _mm256_set_m128i(taps(source, b + stride), taps(source, a + stride)),
            )
        };
        let (above_left, above_right) = (_mm256_shuffle_epi8(above, left), _mm256_shuffle_epi8(above, right));
        let (below_left, below_right) = (_mm256_shuffle_epi8(below, left), _mm256_shuffle_epi8(below, right));
        let (above_left, above_right) = (_mm256_cvtepi32_ps(above_left), _mm256_cvtepi32_ps(above_right));
        let (below_left, below_right) = (_mm256_cvtepi32_ps(below_left), _mm256_cvtepi32_ps(below_right));
        let dx = _mm256_set_m128(_mm_set1_ps(places.dx[k]), _mm_set1_ps(places.dx[i]));
        let dy = _mm256_set_m128(_mm_set1_ps(places.dy[k]), _mm_set1_ps(places.dy[i]));
        let (d_above, d_below) = (_mm256_sub_ps(above_right, above_left), _mm256_sub_ps(below_right, below_left));
        let (upper, lower) = (_mm256_fmadd_ps(d_above, dx, above_left), _mm256_fmadd_ps(d_below, dx, below_left));
        let d = _mm256_sub_ps(lower, upper);
        let value = _mm256_fmadd_ps(d, dy, upper);
        let whole = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(value);
        let distance = _mm256_andnot_ps(_mm256_set1_ps(-0.0), _mm256_sub_ps(value, whole));
        let near = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(distance, _mm256_set1_ps(NEAR))) & 0x77;
        if near != 0 {
            // Where nothing is added, the value is a tap, and exact.
            let across = _mm256_mul_ps(_mm256_or_ps(d_above, d_below), dx);
            let added = _mm256_or_ps(across, _mm256_mul_ps(d, dy));
            is_certain &= near & _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NEQ_UQ>(added, _mm256_setzero_ps())) == 0;
        }
        words[half] = _mm256_cvttps_epi32(value);
    }
    // Both packings saturate. The four pixels are then the words 0, 4, 1 and 5 of 8.
    let packed = _mm256_packs_epi32(words[0], words[1]);
    let packed = _mm256_packus_epi16(packed, packed);
    store(_mm_unpacklo_epi32(_mm256_castsi256_si128(packed), _mm256_extracti128_si256::<1>(packed)), quad);
    is_certain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Size;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Noise, flat areas, and slopes along one axis, whose values are next to whole numbers.
    fn sources(size: Size) -> [Vec<u8>; 4] {
        let values = |value: fn(usize, usize) -> usize| -> Vec<u8> {
            let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
            pixels.flat_map(|(x, y)| [0, 1, 2].map(|c| value(x + 40 * c, y) as u8)).collect()
        };
        [
            values(|x, y| (x * 7919 + y * 104_729 + x * y * 31) ^ (x * y)),
            values(|x, y| if (x / 5 + y / 3) % 2 == 0 { 255 } else { x / 40 }),
            values(|x, _| 2 * x),
            values(|_, y| 3 * y),
        ]
    }

    #[test]
    fn every_path_gives_the_bytes_of_doubles() {
        let mut numbers = ChaCha8Rng::seed_from_u64(3);
        let mut random = |most: f64| numbers.random_range(-most..most);
        for case in 0..600 {
            let size = Size { width: 1 + case % 67, height: 1 + case % 41 };
            let matrix = match case % 4 {
                0 => [1.0, random(0.3), random(4.0), 0.0, 1.0, 0.0],
                1 => [1.0, 0.0, 0.25, 0.0, 1.0, f64::from(case as u32 % 8) / 8.0],
                2 => [0.5, 0.25, 0.125, -0.25, 0.5, 7.0],
                _ => [random(1.2), random(1.2), random(20.0), random(1.2), random(1.2), random(20.0)],
            };
            for source in &sources(size) {
                let interpolation = Interpolation::Bilinear;
                let warped = Warped { source, size, channels: 3, matrix: &matrix, interpolation };
                for y in 0..size.height {
                    let through = |row: &dyn Fn(&mut [u8])| {
                        let mut out = vec![7; 3 * size.width];
                        row(&mut out);
                        out
                    };
                    let expected = through(&|out| warped.row_by::<[f64; 4]>(y, out));
                    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                        let best = |out: &mut [u8]| assert!(row(&warped, y, out));
                        assert_eq!(through(&best), expected, "{matrix:?} {size:?} {y}");
                        // SAFETY: asked for.
                        assert_eq!(through(&|out| unsafe { with_avx2(&warped, y, out) }), expected, "{matrix:?}");
                    }
                }
            }
        }
    }
}
