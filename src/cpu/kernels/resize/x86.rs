//! Digits of weights in vector registers, for resizing on x86-64.

use std::arch::x86_64::*;

use super::{BLOCK, HALF, Weights, weighted};
use crate::arithmetic::resample::PRECISION;

/// Taps that are read together.
const TAPS: usize = 4;
/// Pixels that are summed at once.
const PIXELS: usize = 4;
/// Bytes of the taps of a pixel.
const GROUP: usize = 3 * TAPS;
/// Bytes that are read for them.
const READ: usize = 16;
/// The most groups of weighted rows.
const MOST_GROUPS: usize = 32;

fn has_vnni() -> bool {
    std::arch::is_x86_feature_detected!("avx512vnni") && std::arch::is_x86_feature_detected!("avx512bw")
}

fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

/// The digits of four weights: a word for each of three digits, with a byte for each weight. `None` if a weight has
/// more digits. That would be twice as much as all weights of a value together.
fn bytes(weights: [i32; TAPS]) -> Option<[u32; 3]> {
    let mut words = [[0; TAPS]; 3];
    for (k, weight) in weights.into_iter().enumerate() {
        let low = weight as i8;
        let rest = weight.wrapping_sub(i32::from(low)) >> 8;
        let middle = rest as i8;
        let high = i8::try_from((rest - i32::from(middle)) >> 8).ok()?;
        for (word, digit) in words.iter_mut().zip([low, middle, high]) {
            word[k] = digit as u8;
        }
    }
    Some(words.map(u32::from_le_bytes))
}

/// The bits of the lower digit.
const LOWER: i32 = 12;

/// The digits of four weights: two words for the lower digits of each two of them, and two for the upper ones.
fn halves(weights: [i32; TAPS]) -> Option<[u32; 4]> {
    let fits = weights.iter().all(|weight| i16::try_from(weight >> LOWER).is_ok());
    let lower = weights.map(|weight| (weight & ((1 << LOWER) - 1)) as u32);
    let upper = weights.map(|weight| (weight >> LOWER) as u32);
    let pair = |a: u32, b: u32| a & 0xffff | b << 16;
    fits.then(|| {
        [pair(lower[0], lower[1]), pair(lower[2], lower[3]), pair(upper[0], upper[1]), pair(upper[2], upper[3])]
    })
}

/// The weights of RGB pixels for vector instructions.
#[derive(Debug)]
pub enum Digits {
    /// Not for this processor, or not for these pixels.
    None,
    /// For AVX-512 VNNI.
    Bytes(Blocks<3>),
    /// For AVX2.
    Halves(Blocks<4>),
}

impl Digits {
    pub fn of(weights: &Weights, channels: usize) -> Self {
        if channels == 3 && has_vnni() {
            return Blocks::of(weights, bytes).map_or(Digits::None, Digits::Bytes);
        }
        if channels == 3 && has_avx2() {
            return Blocks::of(weights, halves).map_or(Digits::None, Digits::Halves);
        }
        Digits::None
    }

    /// Sums a row of RGB pixels, or returns false.
    pub fn along_rows(&self, weights: &Weights, source: &[u8], out: &mut [u8]) -> bool {
        match self {
            Digits::None => return false,
            // SAFETY: they are made only where the processor has the features.
            Digits::Bytes(blocks) => unsafe { rows_by_bytes(blocks, weights, source, out) },
            // SAFETY: they are made only where the processor has the feature.
            Digits::Halves(blocks) => unsafe { rows_by_halves(blocks, weights, source, out) },
        }
        true
    }
}

/// Four pixels each, with `WORDS` words for the digits of four weights.
#[derive(Debug)]
pub struct Blocks<const WORDS: usize> {
    /// Groups of four taps of each pixel.
    groups: usize,
    /// The first byte of each pixel's taps.
    places: Vec<[u32; PIXELS]>,
    /// The words of each block and group, each for all pixels of the block.
    words: Vec<[[u32; PIXELS]; WORDS]>,
}

impl<const WORDS: usize> Blocks<WORDS> {
    fn of(weights: &Weights, digits: fn([i32; TAPS]) -> Option<[u32; WORDS]>) -> Option<Self> {
        let most = (0..weights.len()).map(|x| weights.of(x).1.len()).max()?;
        let (groups, count) = (most.div_ceil(TAPS).max(1), weights.len().div_ceil(PIXELS));
        let mut places = vec![[0; PIXELS]; count];
        let mut words = vec![[[0; PIXELS]; WORDS]; count * groups];
        for x in 0..weights.len() {
            let (block, lane) = (x / PIXELS, x % PIXELS);
            let (first, weights) = weights.of(x);
            places[block][lane] = u32::try_from(3 * first).ok()?;
            for (four, words) in weights.chunks(TAPS).zip(&mut words[block * groups..]) {
                let mut taps = [0; TAPS];
                taps[..four.len()].copy_from_slice(four);
                for (words, digit) in words.iter_mut().zip(digits(taps)?) {
                    words[lane] = digit;
                }
            }
        }
        Some(Blocks { groups, places, words })
    }

    /// Calls `sum` for each block with its places and words, which returns its pixels in the first 12 bytes. Near
    /// the end of the source, where not all bytes can be read, sums one value after the other.
    #[inline(always)]
    fn each(
        &self,
        weights: &Weights,
        source: &[u8],
        out: &mut [u8],
        sum: impl Fn(&[u32; PIXELS], &[[[u32; PIXELS]; WORDS]]) -> [u8; READ],
    ) {
        let reach = GROUP * (self.groups - 1) + READ;
        let words = self.words.chunks_exact(self.groups);
        for (block, (places, words)) in self.places.iter().zip(words).enumerate() {
            let out = &mut out[block * GROUP..];
            let last = places.iter().fold(0, |a, &b| a.max(b)) as usize;
            if last + reach > source.len() {
                for (x, pixel) in (block * PIXELS..).zip(out.as_chunks_mut::<3>().0.iter_mut().take(PIXELS)) {
                    let (first, weights) = weights.of(x);
                    let taps = &source[3 * first..];
                    *pixel = std::array::from_fn(|c| weighted(weights, |k| taps[3 * k + c]));
                }
                continue;
            }
            let made = sum(places, words);
            match out.first_chunk_mut::<READ>() {
                // The last four bytes are the next block's, which is written next.
                Some(out) => *out = made,
                None => {
                    let length = out.len().min(GROUP);
                    out[..length].copy_from_slice(&made[..length]);
                }
            }
        }
    }
}

/// The three channels of four taps, each channel's together, in every part of a register.
const CHANNELS: [i8; 16] = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1];
/// The three channels of the first two taps, two bytes each, and of the last two.
const FIRST_TWO: [i8; 16] = [0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1];
const LAST_TWO: [i8; 16] = [6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1];
/// Three bytes of each four.
const PACKED: [i8; 16] = [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1];

#[inline]
fn indices(values: &[i8; 16]) -> __m128i {
    // SAFETY: there are 16 bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(values.as_ptr().cast()) }
}

#[inline]
fn words(values: &[u32; 4]) -> __m128i {
    // SAFETY: there are 16 bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn rows_by_bytes(blocks: &Blocks<3>, weights: &Weights, source: &[u8], out: &mut [u8]) {
    blocks.each(weights, source, out, |places, words| {
        // SAFETY: the function has the features, and the places have been compared with the source's length.
        unsafe { block_by_bytes(source, places, words) }
    });
}

/// # Safety
/// From every place on, the source has 16 bytes for the first group and 12 for each further one.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn block_by_bytes(source: &[u8], places: &[u32; PIXELS], digits: &[[[u32; PIXELS]; 3]]) -> [u8; READ] {
    let channels = _mm512_broadcast_i32x4(indices(&CHANNELS));
    // The word of each pixel four times.
    let spread = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    let mut sums = [_mm512_set1_epi32(HALF), _mm512_setzero_si512(), _mm512_setzero_si512()];
    for (group, digits) in digits.iter().enumerate() {
        // SAFETY: see above.
        let taps = places.map(|place| unsafe { source.as_ptr().add(place as usize + group * GROUP) });
        // SAFETY: see above; the load needs no alignment.
        let [a, b, c, d] = taps.map(|taps| unsafe { _mm_loadu_si128(taps.cast()) });
        let (ab, cd) = (_mm256_set_m128i(b, a), _mm256_set_m128i(d, c));
        let taps = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(ab), cd);
        let taps = _mm512_shuffle_epi8(taps, channels);
        for (sum, digits) in sums.iter_mut().zip(digits) {
            let digits = _mm512_permutexvar_epi32(spread, _mm512_castsi128_si512(words(digits)));
            *sum = _mm512_dpbusd_epi32(*sum, taps, digits);
        }
    }
    let bytes = _mm512_max_epi32(total_of_bytes(sums), _mm512_setzero_si512());
    stored(_mm_shuffle_epi8(_mm512_cvtusepi32_epi8(bytes), indices(&PACKED)))
}

/// The sums of all digits, without the fraction.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn total_of_bytes([low, middle, high]: [__m512i; 3]) -> __m512i {
    let upper = _mm512_add_epi32(_mm512_slli_epi32::<8>(middle), _mm512_slli_epi32::<16>(high));
    _mm512_srai_epi32::<PRECISION>(_mm512_add_epi32(low, upper))
}

#[inline]
fn stored(register: __m128i) -> [u8; 16] {
    let mut bytes = [0; 16];
    // SAFETY: there are 16 bytes, and the store needs no alignment.
    unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), register) };
    bytes
}

#[target_feature(enable = "avx2")]
fn rows_by_halves(blocks: &Blocks<4>, weights: &Weights, source: &[u8], out: &mut [u8]) {
    blocks.each(weights, source, out, |places, words| {
        // SAFETY: the function has the feature, and the places have been compared with the source's length.
        unsafe { block_by_halves(source, places, words) }
    });
}

/// # Safety
/// From every place on, the source has 16 bytes for the first group and 12 for each further one.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn block_by_halves(source: &[u8], places: &[u32; PIXELS], digits: &[[[u32; PIXELS]; 4]]) -> [u8; READ] {
    let first_two = _mm256_broadcastsi128_si256(indices(&FIRST_TWO));
    let last_two = _mm256_broadcastsi128_si256(indices(&LAST_TWO));
    // The words of the first two pixels, and of the last two, four times each.
    let spread = [_mm256_set_epi32(1, 1, 1, 1, 0, 0, 0, 0), _mm256_set_epi32(3, 3, 3, 3, 2, 2, 2, 2)];
    // Lower and upper digits of two pixels, and of two more.
    let start = [_mm256_set1_epi32(HALF), _mm256_setzero_si256()];
    let mut sums = [start; 2];
    for (group, digits) in digits.iter().enumerate() {
        // SAFETY: see above.
        let taps = places.map(|place| unsafe { source.as_ptr().add(place as usize + group * GROUP) });
        // SAFETY: see above; the load needs no alignment.
        let [a, b, c, d] = taps.map(|taps| unsafe { _mm_loadu_si128(taps.cast()) });
        let digits = [words(&digits[0]), words(&digits[1]), words(&digits[2]), words(&digits[3])];
        for (i, taps) in [_mm256_set_m128i(b, a), _mm256_set_m128i(d, c)].into_iter().enumerate() {
            let taps = [_mm256_shuffle_epi8(taps, first_two), _mm256_shuffle_epi8(taps, last_two)];
            for (k, &digits) in digits.iter().enumerate() {
                let digits = _mm256_castsi256_ps(_mm256_broadcastsi128_si256(digits));
                let digits = _mm256_castps_si256(_mm256_permutevar_ps(digits, spread[i]));
                let sum = &mut sums[i][k / 2];
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(taps[k % 2], digits));
            }
        }
    }
    // Both packings saturate, as clipping does. The four pixels are then the words 0, 4, 1 and 5 of 8.
    let words = _mm256_packs_epi32(total_of_halves(sums[0]), total_of_halves(sums[1]));
    let bytes = _mm256_packus_epi16(words, words);
    let pixels = _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256::<1>(bytes));
    stored(_mm_shuffle_epi8(pixels, indices(&PACKED)))
}

/// The sums of both digits, without the fraction.
#[inline]
#[target_feature(enable = "avx2")]
fn total_of_halves([lower, upper]: [__m256i; 2]) -> __m256i {
    _mm256_srai_epi32::<{ PRECISION as i32 }>(_mm256_add_epi32(lower, _mm256_slli_epi32::<LOWER>(upper)))
}

/// Sums rows, or returns false.
pub fn along_columns(source: &[u8], weights: &[i32], out: &mut [u8]) -> bool {
    // Every place that is read is in one of these rows.
    let fits = out.len() >= BLOCK && source.len() >= weights.len() * out.len();
    if !fits || weights.len() > MOST_GROUPS * TAPS {
        return false;
    }
    if has_vnni() {
        // SAFETY: the processor has the features, and the source has all rows.
        return unsafe { columns_by_bytes(source, weights, out) };
    }
    // SAFETY: the processor has the feature, and the source has all rows.
    has_avx2() && unsafe { columns_by_halves(source, weights, out) }
}

/// The digits of each group of weights, with 0 for those that are not there.
fn groups<'m, const WORDS: usize>(
    weights: &[i32],
    digits: fn([i32; TAPS]) -> Option<[u32; WORDS]>,
    memory: &'m mut [[u32; WORDS]; MOST_GROUPS],
) -> Option<&'m [[u32; WORDS]]> {
    for (words, four) in memory.iter_mut().zip(weights.chunks(TAPS)) {
        let mut taps = [0; TAPS];
        taps[..four.len()].copy_from_slice(four);
        *words = digits(taps)?;
    }
    memory.get(..weights.len().div_ceil(TAPS))
}

/// The starts of blocks of this length that cover a row. The last one may overlap the one before it.
fn starts(row: usize, block: usize) -> impl Iterator<Item = usize> {
    (0..row).step_by(block).map(move |start| start.min(row - block))
}

/// # Safety
/// A row has at least a block, and the source as many rows as there are weights.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn columns_by_bytes(source: &[u8], weights: &[i32], out: &mut [u8]) -> bool {
    let mut memory = [[0; 3]; MOST_GROUPS];
    let Some(groups) = groups(weights, bytes, &mut memory) else { return false };
    let (length, last) = (out.len(), weights.len().saturating_sub(1));
    for start in starts(length, 64) {
        let mut sums = [[_mm512_set1_epi32(HALF), _mm512_setzero_si512(), _mm512_setzero_si512()]; 4];
        for (group, digits) in groups.iter().enumerate() {
            let row = |k: usize| {
                let at = (TAPS * group + k).min(last) * length + start;
                // SAFETY: the block is within a row that is there; the load needs no alignment.
                unsafe { _mm512_loadu_si512(source.as_ptr().add(at).cast()) }
            };
            let [a, b, c, d] = [row(0), row(1), row(2), row(3)];
            let (ab, ab_high) = (_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b));
            let (cd, cd_high) = (_mm512_unpacklo_epi8(c, d), _mm512_unpackhi_epi8(c, d));
            let quarters = [
                _mm512_unpacklo_epi16(ab, cd),
                _mm512_unpackhi_epi16(ab, cd),
                _mm512_unpacklo_epi16(ab_high, cd_high),
                _mm512_unpackhi_epi16(ab_high, cd_high),
            ];
            let [low, middle, high] = *digits;
            let digits =
                [_mm512_set1_epi32(low as i32), _mm512_set1_epi32(middle as i32), _mm512_set1_epi32(high as i32)];
            for (sums, taps) in sums.iter_mut().zip(quarters) {
                for (sum, digits) in sums.iter_mut().zip(digits) {
                    *sum = _mm512_dpbusd_epi32(*sum, taps, digits);
                }
            }
        }
        let [a, b, c, d] = sums;
        let [a, b, c, d] = [total_of_bytes(a), total_of_bytes(b), total_of_bytes(c), total_of_bytes(d)];
        // Both packings saturate, as clipping does.
        let bytes = _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
        // SAFETY: the block is within the row; the store needs no alignment.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().add(start).cast(), bytes) };
    }
    true
}

/// # Safety
/// A row has at least a block, and the source as many rows as there are weights.
#[target_feature(enable = "avx2")]
unsafe fn columns_by_halves(source: &[u8], weights: &[i32], out: &mut [u8]) -> bool {
    let mut memory = [[0; 4]; MOST_GROUPS];
    let Some(groups) = groups(weights, halves, &mut memory) else { return false };
    let (length, last) = (out.len(), weights.len().saturating_sub(1));
    let zero = _mm256_setzero_si256();
    for start in starts(length, 32) {
        let mut sums = [[_mm256_set1_epi32(HALF), zero]; 4];
        for (group, digits) in groups.iter().enumerate() {
            for two in 0..2 {
                let row = |k: usize| {
                    let at = (TAPS * group + 2 * two + k).min(last) * length + start;
                    // SAFETY: the block is within a row that is there; the load needs no alignment.
                    unsafe { _mm256_loadu_si256(source.as_ptr().add(at).cast()) }
                };
                let [a, b] = [row(0), row(1)];
                let (low, high) = (_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b));
                let quarters = [
                    _mm256_unpacklo_epi8(low, zero),
                    _mm256_unpackhi_epi8(low, zero),
                    _mm256_unpacklo_epi8(high, zero),
                    _mm256_unpackhi_epi8(high, zero),
                ];
                let digits = [_mm256_set1_epi32(digits[two] as i32), _mm256_set1_epi32(digits[2 + two] as i32)];
                for (sums, taps) in sums.iter_mut().zip(quarters) {
                    for (sum, digits) in sums.iter_mut().zip(digits) {
                        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(taps, digits));
                    }
                }
            }
        }
        let [a, b, c, d] = sums;
        let [a, b, c, d] = [total_of_halves(a), total_of_halves(b), total_of_halves(c), total_of_halves(d)];
        // Both packings saturate, as clipping does.
        let bytes = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
        // SAFETY: the block is within the row; the store needs no alignment.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().add(start).cast(), bytes) };
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{along_rows, by_values};
    use super::*;
    use crate::interpolation::Interpolation;

    fn noise(count: usize) -> Vec<u8> {
        (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 22) as u8).collect()
    }

    /// Reductions and enlargements, with one group of taps and several.
    fn axes() -> impl Iterator<Item = Arc<Weights>> {
        let sides = [(1, 1), (2, 9), (7, 5), (40, 13), (61, 224), (224, 224), (300, 31), (500, 224), (900, 6)];
        sides.into_iter().flat_map(|(length, outputs)| {
            [Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic]
                .map(|interpolation| Arc::new(Weights::new(length, 0.0, length as f32, outputs, interpolation)))
        })
    }

    #[test]
    fn digits_are_the_weights() {
        let signed = |word: u32| word.to_le_bytes().map(|byte| i32::from(byte as i8));
        let halves_of = |word: u32| [word as i16, (word >> 16) as i16].map(i32::from);
        for first in (-8_000_000..8_000_000).step_by(997) {
            let weights = [first, -first, first / 3, first + 1];
            let [low, middle, high] = bytes(weights).unwrap().map(signed);
            let [a, b, c, d] = halves(weights).unwrap().map(halves_of);
            for (k, &weight) in weights.iter().enumerate() {
                assert_eq!(low[k] + (middle[k] << 8) + (high[k] << 16), weight);
                let (lower, upper) = if k < 2 { (a, c) } else { (b, d) };
                assert_eq!(lower[k % 2] + (upper[k % 2] << LOWER), weight);
            }
        }
        assert_eq!(bytes([0, 1 << 24, 0, 0]), None);
        assert_eq!(bytes([0, 0, i32::MAX, 0]), None);
        assert_eq!(halves([1 << 28, 0, 0, 0]), None);
    }

    /// Rows at the end of memory and before it.
    #[test]
    fn every_path_sums_rows_alike() {
        for weights in axes() {
            let row = noise(3 * weights.used().1.max(1) + 40);
            for source in [&row[..], &row[..row.len() - 40]] {
                let mut expected = vec![0; 3 * weights.len()];
                along_rows(source, 3, &weights, &mut expected);
                let check = |digits: Digits| {
                    let mut made = vec![0; 3 * weights.len()];
                    assert!(digits.along_rows(&weights, source, &mut made));
                    assert_eq!(made, expected, "{weights:?}");
                };
                if has_vnni() {
                    check(Digits::Bytes(Blocks::of(&weights, bytes).unwrap()));
                }
                if has_avx2() {
                    check(Digits::Halves(Blocks::of(&weights, halves).unwrap()));
                }
            }
        }
    }

    #[test]
    fn every_path_sums_columns_alike() {
        for weights in axes() {
            for (length, y) in [64, 65, 96, 127, 200].into_iter().flat_map(|n| (0..weights.len()).map(move |y| (n, y)))
            {
                let (first, weights) = weights.of(y);
                let source = noise(length * (first + weights.len()));
                let source = &source[first * length..];
                let through = |sum: &dyn Fn(&mut [u8]) -> bool| {
                    let mut made = vec![0; length];
                    sum(&mut made).then_some(made)
                };
                let expected = through(&|made| {
                    by_values(source, weights, made);
                    true
                });
                if weights.len() > MOST_GROUPS * TAPS {
                    assert_eq!(through(&|made| along_columns(source, weights, made)), None);
                    continue;
                }
                if has_vnni() {
                    // SAFETY: asked for, and the rows are there.
                    assert_eq!(through(&|made| unsafe { columns_by_bytes(source, weights, made) }), expected);
                }
                if has_avx2() {
                    // SAFETY: asked for, and the rows are there.
                    assert_eq!(through(&|made| unsafe { columns_by_halves(source, weights, made) }), expected);
                    assert_eq!(through(&|made| along_columns(source, weights, made)), expected);
                }
            }
        }
    }
}
