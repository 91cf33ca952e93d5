//! Transpose: rows of bytes become columns, and columns become rows.

use crate::simd::multiversioned;

/// Values of a line: the number of rows or columns that are processed at once.
pub(in crate::cpu) const STRIP: usize = 64;

/// Values beside each other.
pub(super) type Line = [u8; STRIP];

/// Rows and columns of a square, which is transposed at once.
const SIDE: usize = 8;
/// Squares beside each other, and their joint length.
const SQUARES: usize = 4;
pub(super) const SPAN: usize = SIDE * SQUARES;

/// The rows of squares beside each other, a word for each.
type Squares = [[u64; SQUARES]; SIDE];

multiversioned! {
/// Makes columns from at most as many rows as a line has values. There must be a line for each column, and enough more
/// lines to fill the last squares.
pub(super) fn rows_to_columns(source: &[u8], row_length: usize, lines: &mut [Line]) {
    let last = source.len() / row_length - 1;
    for x in (0..row_length).step_by(SPAN) {
        for y in (0..=last).step_by(SIDE) {
            let mut squares = Squares::default();
            for (i, words) in squares.iter_mut().enumerate() {
                // In place of rows that are not there, the last.
                let row = &source[(y + i).min(last) * row_length..][..row_length];
                let mut bytes = [[0; SIDE]; SQUARES];
                copy(&row[x..], bytes.as_flattened_mut());
                *words = bytes.map(u64::from_le_bytes);
            }
            transpose(&mut squares);
            for (k, line) in lines[x..x + SPAN].iter_mut().enumerate() {
                line[y..y + SIDE].copy_from_slice(&squares[k % SIDE][k / SIDE].to_le_bytes());
            }
        }
    }
}
}

multiversioned! {
/// Makes rows from columns.
pub(super) fn columns_to_rows(lines: &[Line], row_length: usize, out: &mut [u8]) {
    for x in (0..row_length).step_by(SPAN) {
        for (y, out) in (0..).step_by(SIDE).zip(out.chunks_mut(SIDE * row_length)) {
            let mut squares = Squares::default();
            for (k, line) in lines[x..x + SPAN].iter().enumerate() {
                let mut word = [0; SIDE];
                word.copy_from_slice(&line[y..y + SIDE]);
                squares[k % SIDE][k / SIDE] = u64::from_le_bytes(word);
            }
            transpose(&mut squares);
            for (row, words) in out.chunks_exact_mut(row_length).zip(squares) {
                copy(words.map(u64::to_le_bytes).as_flattened(), &mut row[x..]);
            }
        }
    }
}
}

/// Copies as many bytes as both have, usually a full square's row.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8]) {
    match (from.first_chunk::<SPAN>(), to.first_chunk_mut::<SPAN>()) {
        (Some(from), Some(to)) => *to = *from,
        _ => from.iter().zip(to).for_each(|(from, to)| *to = *from),
    }
}

/// Transposes squares. In each step, the smaller squares at the upper right and at the lower left change places.
#[inline(always)]
fn transpose(rows: &mut Squares) {
    for (half, mask) in [(4, 0x0000_0000_ffff_ffff), (2, 0x0000_ffff_0000_ffff), (1, 0x00ff_00ff_00ff_00ff)] {
        for i in (0..SIDE).filter(|i| i & half == 0) {
            for j in 0..SQUARES {
                let (above, below) = (rows[i][j], rows[i + half][j]);
                let changed = (above >> (8 * half) ^ below) & mask;
                rows[i][j] = above ^ changed << (8 * half);
                rows[i + half][j] = below ^ changed;
            }
        }
    }
}
