//! Table: a convention's ranges, signs and fills for each operation.

use crate::interpolation::Interpolation;
use crate::magnitude::Range;
use crate::ops::OpKind;

/// A range for each operation, in their order.
pub(crate) type Ranges = [Range; OpKind::RANGES.len()];

/// A convention as a table.
pub(crate) struct Table {
    /// The largest magnitude. 0 is the smallest.
    pub last: u32,
    /// Whether magnitudes between whole numbers have a meaning.
    pub fractional: bool,
    pub shear: Interpolation,
    pub translate: Interpolation,
    pub rotate: Interpolation,
    /// Whether every application draws bilinear or bicubic instead.
    pub random_interpolation: bool,
    pub fill: [u8; 3],
    /// The color of Cutout, if it is another one.
    pub cutout_fill: Option<[u8; 3]>,
    /// The direction of a positive translation: 1 to the right and down, -1 to the left and up.
    pub direction: f64,
    pub rows: &'static [(OpKind, Range)],
}

impl Table {
    /// What most tables share: nearest warps, a black fill, and translations to the right and down.
    pub const BASE: Table = Table {
        last: 9,
        fractional: false,
        shear: Interpolation::Nearest,
        translate: Interpolation::Nearest,
        rotate: Interpolation::Nearest,
        random_interpolation: false,
        fill: [0; 3],
        cutout_fill: None,
        direction: 1.0,
        rows: &[],
    };

    /// The ranges of all operations: those of the table, and the paper's for operations that it does not name.
    pub const fn ranges(&self) -> Ranges {
        let mut ranges = OpKind::RANGES;
        let mut i = 0;
        while i < self.rows.len() {
            let (op, range) = self.rows[i];
            ranges[op as usize] = range;
            i += 1;
        }
        ranges
    }
}
