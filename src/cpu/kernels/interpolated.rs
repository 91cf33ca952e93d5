//! Interpolated warps: one row, a pixel's channels together in binary64.
//!
//! Pillow's expressions in Pillow's order, as `src/ops/affine.rs` has them. A pixel whose taps are all inside the image
//! reads them as four bytes each, the fourth for nothing; others have their taps brought inside first.

use crate::batch::Size;
use crate::ops::Interpolation;

/// Coordinates that are computed at once.
const BLOCK: usize = 16;

/// The channels of a pixel, and what fills the register up.
type Lanes = [f64; 4];

/// The image that taps are read from.
#[derive(Clone, Copy)]
struct Taps<'a> {
    source: &'a [u8],
    size: Size,
    channels: usize,
}

impl Taps<'_> {
    /// The pixel in column `x` of row `y`, or of the border next to it.
    #[inline(always)]
    fn clamped(&self, x: i64, y: i64) -> Lanes {
        let x = x.clamp(0, self.size.width as i64 - 1) as usize;
        let y = y.clamp(0, self.size.height as i64 - 1) as usize;
        let at = (y * self.size.width + x) * self.channels;
        let mut lanes = [0.0; 4];
        for (lane, &value) in lanes.iter_mut().zip(&self.source[at..at + self.channels]) {
            *lane = f64::from(value);
        }
        lanes
    }

    /// `COUNT` x `COUNT` pixels from column `x` of row `y` on, if all are inside and so is a byte behind each.
    #[inline(always)]
    fn square<const COUNT: usize>(&self, x: i64, y: i64) -> Option<[[Lanes; COUNT]; COUNT]> {
        let reach = COUNT as i64;
        if x < 0 || y < 0 || x + reach > self.size.width as i64 || y + reach > self.size.height as i64 {
            return None;
        }
        let stride = self.size.width * self.channels;
        let first = y as usize * stride + x as usize * self.channels;
        let last = first + (COUNT - 1) * (stride + self.channels) + 4;
        let part = self.source.get(first..last)?;
        let mut square = [[[0.0; 4]; COUNT]; COUNT];
        for (j, row) in square.iter_mut().enumerate() {
            for (i, lanes) in row.iter_mut().enumerate() {
                let at = j * stride + i * self.channels;
                if let Some(four) = part[at..].first_chunk::<4>() {
                    *lanes = four.map(f64::from);
                }
            }
        }
        Some(square)
    }

    #[inline(always)]
    fn square_or_clamped<const COUNT: usize>(&self, x: i64, y: i64) -> [[Lanes; COUNT]; COUNT] {
        if let Some(square) = self.square(x, y) {
            return square;
        }
        std::array::from_fn(|j| std::array::from_fn(|i| self.clamped(x + i as i64, y + j as i64)))
    }
}

wide! {
/// Writes the pixels of output row `y` that lie inside the source through `matrix`; others are left alone.
pub(in crate::cpu) fn row(
    source: &[u8],
    size: Size,
    channels: usize,
    matrix: &[f64; 6],
    interpolation: Interpolation,
    y: usize,
    out: &mut [u8],
) {
    let taps = Taps { source, size, channels };
    let (w, h) = (size.width as f64, size.height as f64);
    let y = y as f64 + 0.5;
    for (k, block) in out.chunks_mut(BLOCK * channels).enumerate() {
        let x: [f64; BLOCK] = std::array::from_fn(|i| (k * BLOCK + i) as f64 + 0.5);
        let u = x.map(|x| matrix[0] * x + matrix[1] * y + matrix[2]);
        let v = x.map(|x| matrix[3] * x + matrix[4] * y + matrix[5]);
        for ((pixel, &u), &v) in block.chunks_exact_mut(channels).zip(&u).zip(&v) {
            if !(u >= 0.0 && u < w && v >= 0.0 && v < h) {
                continue;
            }
            // Inside the image, 32 bits hold a coordinate; truncating and looking at what is left is a floor.
            let (u, v) = (u - 0.5, v - 0.5);
            let whole = |t: f64| {
                let truncated = t as i32;
                truncated - i32::from(f64::from(truncated) > t)
            };
            let (i, j) = (whole(u), whole(v));
            let (du, dv) = (u - f64::from(i), v - f64::from(j));
            let (i, j) = (i64::from(i), i64::from(j));
            let value = match interpolation {
                Interpolation::Bicubic => {
                    let rows = taps.square_or_clamped::<4>(i - 1, j - 1).map(|row| cubic(row, du));
                    cubic(rows, dv)
                }
                _ => {
                    let rows = taps.square_or_clamped::<2>(i, j).map(|row| linear(row, du));
                    linear(rows, dv)
                }
            };
            for (out, value) in pixel.iter_mut().zip(value) {
                // `as` clips to 0..=255 and truncates.
                *out = value as u8;
            }
        }
    }
}
}

#[inline(always)]
fn linear([first, second]: [Lanes; 2], d: f64) -> Lanes {
    std::array::from_fn(|c| first[c] + (second[c] - first[c]) * d)
}

/// Keys' cubic with a = -1, `d` of the way from the second to the third.
#[inline(always)]
fn cubic([v1, v2, v3, v4]: [Lanes; 4], d: f64) -> Lanes {
    std::array::from_fn(|c| {
        let p2 = -v1[c] + v3[c];
        let p3 = 2.0 * (v1[c] - v2[c]) + v3[c] - v4[c];
        let p4 = -v1[c] + v2[c] - v3[c] + v4[c];
        v2[c] + d * (p2 + d * (p3 + d * p4))
    })
}
