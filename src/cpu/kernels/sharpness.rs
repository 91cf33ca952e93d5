//! Sharpness: one smoothed row, from the three rows around it. All nine values are read in place. Stored sums of
//! columns would need a third fewer additions, but would go through memory.

use crate::simd::multiversioned;

/// Values that are computed at once.
const BLOCK: usize = 32;

/// Writes the smoothed values of an inner row, except its first and last pixel. `rows` are the row above, the row
/// itself and the row below.
pub(in crate::cpu) fn smooth(rows: [&[u8]; 3], channels: usize, out: &mut [u8]) {
    match channels {
        1 => smooth_row::<1, { BLOCK + 2 }>(rows, out),
        _ => smooth_row::<3, { BLOCK + 6 }>(rows, out),
    }
}

multiversioned! {
/// `WITH_SIDES` values are a block with a pixel on both sides.
fn smooth_row<const CHANNELS: usize, const WITH_SIDES: usize>(rows: [&[u8]; 3], out: &mut [u8]) {
    let end = out.len().saturating_sub(CHANNELS);
    let mut at = CHANNELS;
    while at < end {
        // The last block overlaps the one before it; in rows that are shorter, values by themselves.
        let first = at.min(end.max(BLOCK) - BLOCK).max(CHANNELS);
        let sides = first - CHANNELS..first - CHANNELS + WITH_SIDES;
        let around = rows.map(|row| row.get(sides.clone()).and_then(|part| part.as_array::<WITH_SIDES>()));
        match (around, out.get_mut(first..first + BLOCK).and_then(|out| out.as_mut_array::<BLOCK>())) {
            ([Some(above), Some(row), Some(below)], Some(out)) => {
                for i in 0..BLOCK {
                    let mut sum = 4 * u16::from(row[i + CHANNELS]);
                    for row in [above, row, below] {
                        sum += u16::from(row[i]) + u16::from(row[i + CHANNELS]) + u16::from(row[i + 2 * CHANNELS]);
                    }
                    out[i] = smoothed(sum);
                }
                at = first + BLOCK;
            }
            _ => {
                let sum = |i: usize| rows.iter().map(|row| u16::from(row[i])).sum::<u16>();
                out[at] = smoothed(sum(at - CHANNELS) + sum(at) + sum(at + CHANNELS) + 4 * u16::from(rows[1][at]));
                at += 1;
            }
        }
    }
}
}

/// `(sum + 6) / 13` for sums of up to 13 x 255.
#[inline(always)]
fn smoothed(sum: u16) -> u8 {
    (((u32::from(sum + 6) * 20165) >> 16) as u16 >> 2) as u8
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
