//! Pass: one geometry with the steps before and after it, one band of rows at a time.

use std::ops::Range;

use rayon::prelude::*;

use super::geometry::{Geometry, View};
use super::kernels::transpose::STRIP;
use super::pointwise::{Band, Pointwise};
use crate::batch::{Images, Size};

/// Bytes of a band: the part of the first-level cache that tables leave.
pub(super) const BAND: usize = 8192;

/// All waiting operations.
pub(super) struct Pass<'a> {
    pub batch: &'a Images<'a>,
    pub source: View<'a>,
    pub geometry: &'a Geometry,
    pub to: Size,
    pub before: &'a [Pointwise],
    pub after: &'a [Pointwise],
}

impl Pass<'_> {
    fn row_length(&self) -> usize {
        self.to.width * self.source.channels
    }

    /// Rows of a band.
    fn height(&self) -> usize {
        match self.geometry {
            Geometry::BlurRows(_) => STRIP,
            _ => (BAND / self.row_length()).max(1),
        }
    }

    /// Bands in order, or by several threads.
    pub fn run(&self, out: &mut [u8], threads: bool) {
        self.geometry.prepare(self.source);
        let bytes = self.height() * self.row_length();
        let band = |(k, out): (usize, &mut [u8])| {
            let first = k * self.height();
            self.band(first..first + out.len() / self.row_length(), out);
        };
        match threads {
            true => out.par_chunks_mut(bytes).enumerate().with_min_len((8 * BAND / bytes).max(1)).for_each(band),
            false => out.chunks_mut(bytes).enumerate().for_each(band),
        }
    }

    /// Bands in order, in the same memory.
    pub fn bands(&self, memory: &mut Vec<u8>, write: &mut dyn FnMut(usize, &[u8])) {
        self.geometry.prepare(self.source);
        memory.resize(self.height() * self.row_length(), 0);
        for first in (0..self.to.height).step_by(self.height()) {
            let rows = first..(first + self.height()).min(self.to.height);
            let out = &mut memory[..rows.len() * self.row_length()];
            self.band(rows, out);
            write(first * self.to.width, out);
        }
    }

    fn band(&self, rows: Range<usize>, out: &mut [u8]) {
        let band = Band { rows: rows.clone(), width: self.to.width, channels: self.source.channels };
        let inside = |pixels: &mut [u8]| self.before.iter().for_each(|step| step.apply(pixels, &band, self.batch));
        self.geometry.fill(self.source, rows, self.to.width, out, inside);
        self.after.iter().for_each(|step| step.apply(out, &band, self.batch));
    }
}
