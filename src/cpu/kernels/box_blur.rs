//! Box blur: one pass over a row, or down the columns. Whatever the direction, the values around are others' rows of the same
//! length, some pixels or some rows away, and all are summed where they are: the boxes of augmentation are 3 to 5 long.

use std::cell::Cell;

use super::nearest::repeat;
use crate::arithmetic::box_blur::{BoxBlur, PASSES};
use crate::wide::wide;

/// Values that are computed at once.
const BLOCK: usize = 64;

thread_local! {
    /// A row before and behind a pass, with room to both sides for what is beyond the edges.
    static LINES: Cell<[Vec<u8>; 2]> = Cell::default();
}

/// All passes over a row.
pub(in crate::cpu) fn along_row(row: &[u8], channels: usize, blur: BoxBlur, out: &mut [u8]) {
    let [mut line, mut next] = LINES.take();
    let side = (blur.reach + 1) * channels;
    let length = row.len().next_multiple_of(BLOCK);
    line.resize(length + 2 * side, 0);
    next.resize(length + 2 * side, 0);
    line[side..side + row.len()].copy_from_slice(row);
    for _ in 0..PASSES {
        let (left, rest) = line.split_at_mut(side);
        let (inner, right) = rest.split_at_mut(row.len());
        repeat(&inner[..channels], left);
        repeat(&inner[row.len() - channels..], &mut right[..side]);
        means(&line, blur, Taps { first: 0, last: usize::MAX, stride: channels }, &mut next[side..side + length]);
        std::mem::swap(&mut line, &mut next);
    }
    out.copy_from_slice(&line[side..side + row.len()]);
    LINES.set([line, next]);
}

/// Row `y` of a pass down the columns.
pub(in crate::cpu) fn along_columns(source: &[u8], y: usize, blur: BoxBlur, out: &mut [u8]) {
    let stride = out.len();
    let first = y as isize - blur.reach as isize - 1;
    means(source, blur, Taps { first, last: source.len() / stride - 1, stride }, out);
}

/// Where the values around are.
#[derive(Clone, Copy)]
struct Taps {
    /// The first of them, and the last that there is.
    first: isize,
    last: usize,
    stride: usize,
}

impl Taps {
    #[inline(always)]
    fn start(self, k: usize) -> usize {
        (self.first.saturating_add_unsigned(k).max(0) as usize).min(self.last) * self.stride
    }
}

wide! {
/// The means of as many values as `out` has room for, the first of which are at the taps.
fn means(source: &[u8], blur: BoxBlur, taps: Taps, out: &mut [u8]) {
    let count = 2 * blur.reach + 3;
    let mut at = 0;
    while at < out.len() {
        // The last block overlaps the one before it; in rows that are shorter, values by themselves.
        let first = at.min(out.len().max(BLOCK) - BLOCK);
        let Some(out) = out.get_mut(first..first + BLOCK).and_then(|out| out.as_mut_array::<BLOCK>()) else {
            let tap = |k| u32::from(source[taps.start(k) + at]);
            out[at] = blur.mean((1..count - 1).map(tap).sum(), tap(0) + tap(count - 1));
            at += 1;
            continue;
        };
        let (mut inside, mut ends) = ([0; BLOCK], [0; BLOCK]);
        for k in 1..count - 1 {
            add(&mut inside, source, taps.start(k) + first);
        }
        add(&mut ends, source, taps.start(0) + first);
        add(&mut ends, source, taps.start(count - 1) + first);
        for i in 0..BLOCK {
            out[i] = blur.mean(u32::from(inside[i]), u32::from(ends[i]));
        }
        at = first + BLOCK;
    }
}
}

/// Adds the values from this place on.
#[inline(always)]
fn add(sums: &mut [u16; BLOCK], source: &[u8], at: usize) {
    if let Some(values) = source.get(at..at + BLOCK).and_then(|part| part.as_array::<BLOCK>()) {
        for i in 0..BLOCK {
            sums[i] += u16::from(values[i]);
        }
    }
}
