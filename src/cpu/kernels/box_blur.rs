//! Box blur: passes down strips of columns. The sum of a box moves on by one line at a time, so that its length costs
//! no time. Transposed rows are strips too. Short boxes along rows are summed in place. The module documentation of
//! `cpu` has the measurements.

use std::cell::Cell;

use super::nearest::repeat;
use super::transpose::{Line, SPAN, STRIP, columns_to_rows, rows_to_columns};
use crate::arithmetic::box_blur::{BoxBlur, PASSES};
use crate::simd::multiversioned;

/// The longest reach of a box along rows that is summed in place.
const SHORT: usize = 2;

thread_local! {
    /// The input and the output of a pass.
    static LINES: Cell<[Vec<Line>; 2]> = Cell::default();
}

/// All passes along rows. There are at most as many rows as a line has values.
pub(in crate::cpu) fn along_rows(source: &[u8], row_length: usize, channels: usize, blur: BoxBlur, out: &mut [u8]) {
    let [mut lines, mut next] = LINES.take();
    if blur.reach <= SHORT {
        for (row, out) in source.chunks_exact(row_length).zip(out.chunks_exact_mut(row_length)) {
            along_row(row, channels, blur, [&mut lines, &mut next], out);
        }
    } else {
        for lines in [&mut lines, &mut next] {
            lines.resize(row_length.next_multiple_of(SPAN), [0; STRIP]);
        }
        rows_to_columns(source, row_length, &mut lines);
        for _ in 0..PASSES {
            pass(&lines[..row_length], channels, blur, &mut next);
            std::mem::swap(&mut lines, &mut next);
        }
        columns_to_rows(&lines, row_length, out);
    }
    LINES.set([lines, next]);
}

/// All passes down the columns from value `first` of each row on, into a strip.
pub(in crate::cpu) fn down_columns(source: &[u8], row_length: usize, first: usize, blur: BoxBlur, out: &mut [u8]) {
    let [mut lines, other] = LINES.take();
    let out = out.as_chunks_mut().0;
    lines.resize(out.len(), [0; STRIP]);
    let count = STRIP.min(row_length - first);
    for (row, line) in source.chunks_exact(row_length).zip(&mut lines) {
        line[..count].copy_from_slice(&row[first..first + count]);
    }
    const { assert!(PASSES == 3) };
    pass(&lines, 1, blur, out);
    pass(out, 1, blur, &mut lines);
    pass(&lines, 1, blur, out);
    LINES.set([lines, other]);
}

multiversioned! {
/// One pass down a strip, in which the lines of one channel are `step` apart.
fn pass(source: &[Line], step: usize, blur: BoxBlur, out: &mut [Line]) {
    let (last, reach) = ((source.len() / step) as isize - 1, blur.reach as isize);
    for channel in 0..step {
        // Beyond the ends the outermost line goes on.
        let line = |y: isize| &source[y.clamp(0, last) as usize * step + channel];
        let mut inside = [0; STRIP];
        (-reach - 1..reach).for_each(|y| add(&mut inside, line(y)));
        for y in 0..=last {
            let (before, entering, behind) = (line(y - reach - 1), line(y + reach), line(y + reach + 1));
            let out = &mut out[y as usize * step + channel];
            for i in 0..STRIP {
                // Modulo 2^16, in which a sum fits again once a value has left it.
                inside[i] = inside[i].wrapping_add(u16::from(entering[i])).wrapping_sub(u16::from(before[i]));
                out[i] = blur.mean(u32::from(inside[i]), u32::from(before[i]) + u32::from(behind[i]));
            }
        }
    }
}
}

/// All passes over a row, with room on both sides for the values beyond the edges.
fn along_row(row: &[u8], channels: usize, blur: BoxBlur, [lines, next]: [&mut Vec<Line>; 2], out: &mut [u8]) {
    let side = (blur.reach + 1) * channels;
    let count = row.len().div_ceil(STRIP);
    for lines in [&mut *lines, &mut *next] {
        lines.resize(count + (2 * side).div_ceil(STRIP), [0; STRIP]);
    }
    let [mut line, mut next] = [lines, next].map(|lines| lines.as_flattened_mut());
    line[side..side + row.len()].copy_from_slice(row);
    for _ in 0..PASSES {
        let (left, rest) = line.split_at_mut(side);
        let (inner, right) = rest.split_at_mut(row.len());
        repeat(&inner[..channels], left);
        repeat(&inner[row.len() - channels..], &mut right[..side]);
        means(line, blur, channels, next[side..].as_chunks_mut().0);
        std::mem::swap(&mut line, &mut next);
    }
    out.copy_from_slice(&line[side..side + row.len()]);
}

multiversioned! {
/// The means of boxes whose values are `stride` apart, the first of them from the first value on.
fn means(source: &[u8], blur: BoxBlur, stride: usize, out: &mut [Line]) {
    for (k, out) in out.iter_mut().enumerate() {
        let values = |tap: usize| source[k * STRIP + tap * stride..].first_chunk();
        let (mut inside, mut ends) = ([0; STRIP], [0; STRIP]);
        let last = 2 * blur.reach + 2;
        (1..last).filter_map(values).for_each(|values| add(&mut inside, values));
        [0, last].into_iter().filter_map(values).for_each(|values| add(&mut ends, values));
        for i in 0..STRIP {
            out[i] = blur.mean(u32::from(inside[i]), u32::from(ends[i]));
        }
    }
}
}

#[inline(always)]
fn add(sums: &mut [u16; STRIP], values: &Line) {
    for i in 0..STRIP {
        sums[i] += u16::from(values[i]);
    }
}
