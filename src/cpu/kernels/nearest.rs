//! Nearest warps: rows walked in 16.16 fixed point.
//!
//! Source coordinates are linear along an output row. The output pixels with a source inside the image are therefore
//! one span. Its ends are computed, instead of a check at every pixel. A row that runs along a source row, pixel by
//! pixel, is copied at once (ShearX, translations). For other rows, the places of a block of source pixels are computed
//! together. Then the pixels are copied one by one, as four bytes for three channels.
//!
//! # Tried
//! Without a first read of the image from front to back, a rotation of images in memory takes 2.7 times as long. One
//! check for all places of a block, instead of one for each, gains a third.

use crate::simd::multiversioned;
use std::ops::Range;

use crate::batch::Size;

/// A warp of an image of `size`: output pixel (x, y) is the source pixel with column `(c[2] + y c[1] + x c[0]) >> 16`,
/// and its row likewise from `c[3..6]`.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Walk {
    pub coefficients: [i32; 6],
    pub size: Size,
    pub channels: usize,
}

/// Source pixels whose places are computed at once.
const BLOCK: usize = 16;

impl Walk {
    /// Reads the image once from front to back, if rows will cross it. The processor prefetches such a read, but not a
    /// read along a slope.
    pub fn prepare(&self, source: &[u8]) {
        if self.coefficients[3] != 0 {
            touch(source);
        }
    }

    /// Writes all of output row `y`. Returns the columns with a source inside the image.
    pub fn row(&self, source: &[u8], y: usize, fill: &[u8], out: &mut [u8]) -> Range<usize> {
        let Walk { coefficients: c, size, channels } = *self;
        let start = |k: usize| i64::from(c[k + 2]) + i64::from(c[k + 1]) * y as i64;
        let (u, v) = (start(0), start(3));
        let length = out.len() / channels;
        let columns = span(u, i64::from(c[0]), (size.width as i64) << 16, length);
        let rows = span(v, i64::from(c[3]), (size.height as i64) << 16, length);
        let inside = columns.start.max(rows.start)..columns.end.min(rows.end);
        if inside.is_empty() {
            repeat(fill, out);
            return 0..0;
        }
        let (left, rest) = out.split_at_mut(inside.start * channels);
        let (middle, right) = rest.split_at_mut(inside.len() * channels);
        repeat(fill, left);
        let at = |start: i64, step: i32| start + i64::from(step) * inside.start as i64;
        let (u, v) = (at(u, c[0]), at(v, c[3]));
        if c[3] == 0 && c[0] == 1 << 16 {
            let first = ((v >> 16) as usize * size.width + (u >> 16) as usize) * channels;
            middle.copy_from_slice(&source[first..first + middle.len()]);
        } else {
            // Inside the image both fit.
            let line = Line { u: u as i32, v: v as i32, du: c[0], dv: c[3], width: size.width as i32 };
            match channels {
                1 => gather_gray(source, line, middle),
                #[cfg(target_arch = "x86_64")]
                _ if x86::gather_rgb(source, line, middle) => {}
                _ => gather_rgb(source, line, middle),
            }
        }
        repeat(fill, right);
        inside
    }
}

/// The path of an output row over the source.
#[derive(Clone, Copy)]
struct Line {
    u: i32,
    v: i32,
    du: i32,
    dv: i32,
    width: i32,
}

impl Line {
    /// The source pixels of a block that begins `first` pixels after the line's start. After its end, they are
    /// arbitrary.
    #[inline(always)]
    fn places(self, first: usize) -> [u32; BLOCK] {
        let u = self.u.wrapping_add(self.du.wrapping_mul(first as i32));
        let v = self.v.wrapping_add(self.dv.wrapping_mul(first as i32));
        let mut places = [0; BLOCK];
        for (i, place) in places.iter_mut().enumerate() {
            let column = u.wrapping_add(self.du.wrapping_mul(i as i32)) >> 16;
            let row = v.wrapping_add(self.dv.wrapping_mul(i as i32)) >> 16;
            *place = row.wrapping_mul(self.width).wrapping_add(column) as u32;
        }
        places
    }
}

multiversioned! {
fn gather_rgb(source: &[u8], line: Line, out: &mut [u8]) {
    let pixels = out.len() / 3;
    // Behind these there are not four bytes.
    let readable = (source.len() / 3).saturating_sub(1) as u32;
    let mut first = 0;
    while first < pixels {
        // The last block overlaps the one before it.
        let begin = first.min(pixels.max(BLOCK) - BLOCK);
        let places = line.places(begin);
        let is_readable = places.iter().fold(0, |a, &b| a.max(b)) < readable;
        match out.get_mut(3 * begin..3 * (begin + BLOCK)).and_then(|out| out.as_mut_array::<{ 3 * BLOCK }>()) {
            Some(out) if is_readable => {
                for i in 0..BLOCK {
                    // SAFETY: every place is below `readable`, so that at least four bytes follow.
                    let four = unsafe { source.as_ptr().add(3 * places[i] as usize).cast::<[u8; 4]>().read() };
                    // The fourth byte is the next pixel's, which is written next.
                    match i + 1 < BLOCK {
                        true => out[3 * i..3 * i + 4].copy_from_slice(&four),
                        false => out[3 * i..].copy_from_slice(&four[..3]),
                    }
                }
            }
            _ => {
                let (pixels, _) = source.as_chunks::<3>();
                for (&place, to) in places.iter().zip(out[3 * begin..].as_chunks_mut::<3>().0) {
                    *to = pixels[place as usize];
                }
            }
        }
        first += BLOCK;
    }
}
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::super::lut::x86::{has_vbmi, load};
    use super::{BLOCK, Line};

    /// Writes a row by gathering 16 pixels at once. Returns false if the processor cannot, or if the row is short.
    pub fn gather_rgb(source: &[u8], line: Line, out: &mut [u8]) -> bool {
        // Behind the last pixels there are not four bytes, and places are counted in 32 bits.
        let readable = (source.len() / 3).saturating_sub(1);
        if out.len() < 3 * BLOCK || readable > i32::MAX as usize / 3 || !has_vbmi() {
            return false;
        }
        // SAFETY: the processor has the features.
        unsafe { gathered(source, line, readable as i32, out) }
    }

    /// Three bytes of each four.
    const PACKED: [u8; 64] = {
        let mut places = [0; 64];
        let mut i = 0;
        while i < 48 {
            places[i] = (i / 3 * 4 + i % 3) as u8;
            i += 1;
        }
        places
    };

    /// Returns false where a pixel has no four bytes.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn gathered(source: &[u8], line: Line, readable: i32, out: &mut [u8]) -> bool {
        let packed = load(&PACKED);
        let steps = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let (du, dv) = (_mm512_set1_epi32(line.du), _mm512_set1_epi32(line.dv));
        let pixels = out.len() / 3;
        for first in (0..pixels).step_by(BLOCK) {
            // The last block overlaps the one before it.
            let first = first.min(pixels - BLOCK);
            let number = _mm512_add_epi32(steps, _mm512_set1_epi32(first as i32));
            let at = |start, step| {
                _mm512_srai_epi32::<16>(_mm512_add_epi32(_mm512_set1_epi32(start), _mm512_mullo_epi32(number, step)))
            };
            let (column, row) = (at(line.u, du), at(line.v, dv));
            let place = _mm512_add_epi32(_mm512_mullo_epi32(row, _mm512_set1_epi32(line.width)), column);
            if _mm512_cmpge_epu32_mask(place, _mm512_set1_epi32(readable)) != 0 {
                return false;
            }
            let byte = _mm512_add_epi32(place, _mm512_add_epi32(place, place));
            // SAFETY: every place is below `readable`, so that at least four bytes follow.
            let four = unsafe { _mm512_i32gather_epi32::<1>(byte, source.as_ptr().cast()) };
            let three = _mm512_permutexvar_epi8(packed, four);
            let out = &mut out[3 * first..3 * (first + BLOCK)];
            // SAFETY: there are 48 bytes, and the stores need no alignment.
            unsafe {
                _mm256_storeu_si256(out.as_mut_ptr().cast(), _mm512_castsi512_si256(three));
                _mm_storeu_si128(out.as_mut_ptr().add(32).cast(), _mm512_extracti32x4_epi32::<2>(three));
            }
        }
        true
    }
}

multiversioned! {
fn gather_gray(source: &[u8], line: Line, out: &mut [u8]) {
    for (k, block) in out.chunks_mut(BLOCK).enumerate() {
        for (value, &place) in block.iter_mut().zip(&line.places(k * BLOCK)) {
            *value = source[place as usize];
        }
    }
}
}

/// The `x` of `0..length` for which `start + step x` is within `0..limit`.
///
/// A product with the reciprocal is next to the result, and whole numbers then find it.
fn span(start: i64, step: i64, limit: i64, length: usize) -> Range<usize> {
    if step == 0 {
        return if (0..limit).contains(&start) { 0..length } else { 0..0 };
    }
    let length = length as i64;
    let inverse = 1.0 / step as f64;
    // The first `x` at which a rising line has reached `bound`, or a falling one is below it.
    let crossing = |bound: i64| {
        let mut x = ((bound - start) as f64 * inverse) as i64;
        x = x.clamp(0, length);
        let is_beyond = |x: i64| if step > 0 { start + step * x >= bound } else { start + step * x < bound };
        while x > 0 && is_beyond(x - 1) {
            x -= 1;
        }
        while x < length && !is_beyond(x) {
            x += 1;
        }
        x as usize
    };
    if step > 0 { crossing(0)..crossing(limit) } else { crossing(limit)..crossing(0) }
}

/// Brings memory into the cache, if it is larger than the first-level cache.
pub(in crate::cpu) fn touch(source: &[u8]) {
    const LINE: usize = 64;
    if source.len() > 1 << 14 {
        std::hint::black_box(source.iter().step_by(LINE).fold(0, |a, b| a ^ b));
    }
}

/// Fills with one pixel.
pub(in crate::cpu) fn repeat(pixel: &[u8], out: &mut [u8]) {
    match pixel {
        [r, g, b] if r != g || g != b => out.as_chunks_mut::<3>().0.fill([*r, *g, *b]),
        [value, ..] => out.fill(*value),
        [] => {}
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    /// Slopes through an image, and into its last pixels.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn gathered_rows_are_those_of_single_reads() {
        use super::{Line, gather_rgb, x86};
        let source: Vec<u8> = (0..3 * 50 * 40).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for (u, v, du, dv) in
            [(0, 0, 40_000, 30_000), (0, 39, 65_536, -40_000), (49, 0, -60_000, 50_000), (0, 38, 65_000, 2_000)]
        {
            for pixels in [1, 15, 16, 17, 40, 50] {
                let line = Line { u: u << 16, v: v << 16, du, dv, width: 50 };
                let (mut expected, mut made) = (vec![0; 3 * pixels], vec![0; 3 * pixels]);
                gather_rgb(&source, line, &mut expected);
                let done = x86::gather_rgb(&source, line, &mut made);
                assert!(!done || made == expected, "{u} {v} {pixels}");
            }
        }
    }

    #[test]
    fn spans_are_what_a_search_finds() {
        for step in [-70_000, -65_536, -3, -1, 0, 1, 3, 65_536, 100_000] {
            for start in (-300_000..600_000).step_by(9_973).chain([0, -1, 1, 65_536, 7 << 16]) {
                for limit in [1 << 16, 7 << 16] {
                    let inside: Vec<_> = (0..9).filter(|&x| (0..limit).contains(&(start + step * x as i64))).collect();
                    let range = span(start, step, limit, 9);
                    let found: Vec<_> = range.collect();
                    assert_eq!(found, inside, "{start} + {step} x below {limit}");
                }
            }
        }
    }
}
