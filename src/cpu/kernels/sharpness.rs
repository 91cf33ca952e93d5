//! Sharpness: one row, from the three around it.
//!
//! The three rows are added up once for each column, and each column's sum serves the pixels to both sides.

use super::blend::blended;

/// Values that are computed at once.
const BLOCK: usize = 64;

wide! {
/// Writes an inner row but for its first and last pixel. `rows` are the one above, itself and the one below.
pub(in crate::cpu) fn sharpen(rows: [&[u8]; 3], channels: usize, alpha: f32, out: &mut [u8]) {
    let [above, row, below] = rows;
    let length = row.len();
    if length < 3 * channels {
        return;
    }
    let mut at = channels;
    // Blocks end before the last pixel; the last block overlaps the one before it.
    let end = length - channels;
    if end - at < BLOCK {
        for i in at..end {
            let sum = |i: usize| u16::from(above[i]) + u16::from(row[i]) + u16::from(below[i]);
            let sum = sum(i - channels) + sum(i) + sum(i + channels) + 4 * u16::from(row[i]);
            out[i] = blended(smoothed(sum), row[i], alpha);
        }
        return;
    }
    while at < end {
        let first = at.min(end - BLOCK);
        let mut sums = [0_u16; BLOCK + 6];
        let from = first - channels;
        let wide = BLOCK + 2 * channels;
        let (a, b, c) = (&above[from..from + wide], &row[from..from + wide], &below[from..from + wide]);
        for i in 0..wide {
            sums[i] = u16::from(a[i]) + u16::from(b[i]) + u16::from(c[i]);
        }
        let own = &row[first..first + BLOCK];
        let left = &sums[..BLOCK];
        let middle = &sums[channels..channels + BLOCK];
        let right = &sums[2 * channels..2 * channels + BLOCK];
        let out = &mut out[first..first + BLOCK];
        for i in 0..BLOCK {
            let sum = left[i] + middle[i] + right[i] + 4 * u16::from(own[i]);
            out[i] = blended(smoothed(sum), own[i], alpha);
        }
        at += BLOCK;
    }
}
}

/// `(sum + 6) / 13` for sums of up to 13 x 255.
#[inline(always)]
fn smoothed(sum: u16) -> u8 {
    ((u32::from(sum + 6) * 20165) >> 18) as u8
}

#[cfg(test)]
mod tests {
    use super::smoothed;

    #[test]
    fn the_product_is_the_quotient() {
        for sum in 0..=13 * 255 {
            assert_eq!(u16::from(smoothed(sum)), (sum + 6) / 13, "{sum}");
        }
    }
}
