//! Chain: one image through its operations, in as few passes as they need.
//!
//! Operations wait until their result is needed. At most one geometry waits, with steps for each pixel before it and
//! after it. Neighboring tables become one table. A table before a warp is looked up where the warp's pixels arrive,
//! except for those of its fill. Then a pass writes all of it, one band of rows at a time. The band stays in the
//! first-level cache from step to step. A pass is needed
//!
//! * before a geometry that reads more than one pixel, or if another geometry waits;
//! * before a statistic, unless only tables wait: a table only moves the counts of an image;
//! * at the end, into the output.

use rayon::prelude::*;

use super::geometry::{Geometry, View};
use super::kernels::blend::Blend;
use super::kernels::box_blur::down_columns;
use super::kernels::lut::{Tables, map_values};
use super::kernels::resize::Columns;
use super::kernels::statistics;
use super::kernels::transpose::STRIP;
use super::pass::{BAND, Pass};
use super::pointwise::Pointwise;
use super::scratch::Scratch;
use crate::arithmetic::box_blur::BoxBlur;
use crate::arithmetic::luma::mean;
use crate::batch::{ImageView, Images, Size};
use crate::ops::lower::{Arg, Lowered, Warp};
use crate::ops::{Category, ImageStats, Op, OpKind, RequiredStats, Table};

/// The pixels to which the waiting operations apply.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// In the caller's memory.
    Given(&'a [u8]),
    /// In the scratch memory of this number, as many bytes.
    Held(usize, usize),
}

/// An image on its way.
pub(super) struct Chain<'a> {
    pub batch: &'a Images<'a>,
    channels: usize,
    pub place: Place<'a>,
    pub size: Size,
    geometry: Geometry,
    /// The size after the geometry.
    next: Size,
    pub scratch: &'a mut Scratch,
    /// Whether a pass is divided among threads.
    pub threads: bool,
}

impl<'a> Chain<'a> {
    /// Starts with an image.
    pub fn new(batch: &'a Images<'a>, image: ImageView<'a>, scratch: &'a mut Scratch, threads: bool) -> Chain<'a> {
        Chain::of(batch, image, Geometry::of(&image), scratch, threads)
    }

    /// Starts with an image whose pixels have four bytes. The view does not know it, and a partner would read it wrong.
    pub fn of_rgbx(batch: &'a Images<'a>, image: ImageView<'a>, scratch: &'a mut Scratch, threads: bool) -> Chain<'a> {
        Chain::of(batch, image, Geometry::Rgbx, scratch, threads)
    }

    fn of(
        batch: &'a Images<'a>,
        image: ImageView<'a>,
        geometry: Geometry,
        scratch: &'a mut Scratch,
        threads: bool,
    ) -> Chain<'a> {
        scratch.before.clear();
        scratch.after.clear();
        let size = image.size();
        Chain {
            batch,
            channels: image.channels(),
            place: Place::Given(image.data()),
            size,
            geometry,
            next: size,
            scratch,
            threads,
        }
    }

    /// Adds an operation.
    pub fn push(&mut self, op: &Op) {
        match op.lower(self.next) {
            Lowered::Copy => {}
            Lowered::Point(_) => {
                let tables = self.tables(op);
                self.push_tables(tables);
            }
            // Gray images have no color.
            Lowered::Pixel(_) if self.channels == 1 => {}
            Lowered::Pixel(arg) => self.scratch.after.push(Pointwise::Color(blend(arg))),
            Lowered::Mask { left, top, right, bottom, fill } => {
                let [left, top, right, bottom] = [left, top, right, bottom].map(|v| v as usize);
                self.scratch.after.push(Pointwise::Mask { left, top, right, bottom, fill });
            }
            Lowered::Mix { arg, partner } => self.scratch.after.push(Pointwise::Mix { blend: blend(arg), partner }),
            Lowered::Warp(warp) => self.geometry(
                self.next,
                match warp {
                    Warp::Fixed { coefficients, fill } => Geometry::Fixed { coefficients, fill },
                    Warp::IndexMap { affine } => Geometry::IndexMap { map: affine.list(self.next), fill: affine.fill },
                    Warp::Interpolated { matrix, interpolation, fill } => {
                        Geometry::Interpolated { matrix, interpolation, fill }
                    }
                },
            ),
            Lowered::Window(arg) => self.geometry(self.next, Geometry::Window(blend(arg))),
            Lowered::Blur(blur) => {
                self.geometry(self.next, Geometry::BlurRows(blur));
                self.store();
                self.blur_columns(blur);
            }
            Lowered::Branches => {
                if let Op::AugMix(mix) = op {
                    self.branches(mix);
                }
            }
            Lowered::Crop(crop) => {
                let size = Size { width: crop.width, height: crop.height };
                self.geometry(size, Geometry::Crop(crop));
            }
            Lowered::Flip { horizontal, vertical } => self.geometry(self.next, Geometry::Flip { horizontal, vertical }),
            Lowered::Resize { columns, rows, columns_first } => {
                let Size { width, height } = self.next;
                let to = Size { width: columns.len(), height: rows.len() };
                let columns = Columns::new(columns, self.channels);
                if columns_first {
                    self.geometry(Size { width, ..to }, Geometry::AlongColumns { rows, first_row: 0 });
                    self.geometry(to, Geometry::AlongRows { columns, left: 0, first_row: 0 });
                } else {
                    // Only the rows that the second pass needs go through the first.
                    let (first_row, end) = rows.used();
                    let between = Size { width: to.width, height: end.min(height) - first_row };
                    match self.part() {
                        // Its rows are read where they lie.
                        Some((left, top)) => {
                            self.geometry = Geometry::AlongRows { columns, left, first_row: top + first_row };
                            self.next = between;
                        }
                        None => self.geometry(between, Geometry::AlongRows { columns, left: 0, first_row }),
                    }
                    self.geometry(to, Geometry::AlongColumns { rows, first_row });
                }
            }
        }
    }

    /// The first column and row of the part of the image that waits to be taken, if nothing else waits.
    fn part(&self) -> Option<(usize, usize)> {
        let Geometry::Crop(crop) = &self.geometry else { return None };
        let within =
            |start: i64, length: usize, side: usize| usize::try_from(start).ok().filter(|start| start + length <= side);
        let place = (within(crop.x, crop.width, self.size.width)?, within(crop.y, crop.height, self.size.height)?);
        (self.scratch.before.is_empty() && self.scratch.after.is_empty()).then_some(place)
    }

    /// Runs the waiting operations and writes the result.
    pub fn finish(self, out: Finish<'_>) {
        match out {
            Finish::Pixels(out) => self.pass().run(out, self.threads),
            Finish::Bands(write) => {
                // One band after the other in the same memory.
                let mut band = std::mem::take(&mut self.scratch.band);
                self.pass().bands(&mut band, write);
                self.scratch.band = band;
            }
        }
    }

    /// All waiting operations.
    fn pass(&self) -> Pass<'_> {
        Pass {
            batch: self.batch,
            source: View { pixels: pixels(self.place, &self.scratch.held), size: self.size, channels: self.channels },
            geometry: &self.geometry,
            to: self.next,
            before: &self.scratch.before,
            after: &self.scratch.after,
        }
    }

    /// Adds a table, combined with one that waits already.
    fn push_tables(&mut self, tables: Tables) {
        match self.scratch.after.last_mut() {
            Some(Pointwise::Tables(waiting)) => *waiting = waiting.then(&tables),
            _ => self.scratch.after.push(Pointwise::Tables(tables)),
        }
    }

    /// Adds a geometry that makes images of size `to`.
    fn geometry(&mut self, to: Size, geometry: Geometry) {
        let only_steps = matches!(self.geometry, Geometry::Same);
        let may_follow = geometry.moves_pixels() && self.scratch.after.iter().all(Pointwise::is_anywhere);
        if !only_steps || !(may_follow || self.scratch.after.is_empty()) {
            self.store();
        }
        let Scratch { before, after, .. } = &mut *self.scratch;
        std::mem::swap(before, after);
        after.clear();
        self.geometry = geometry;
        self.next = to;
    }

    /// Runs the waiting operations, if there are any.
    pub fn settle(&mut self) {
        if !matches!(self.geometry, Geometry::Same) || !self.scratch.after.is_empty() {
            self.store();
        }
    }

    /// A pass into scratch memory.
    fn store(&mut self) {
        let bytes = self.next.pixels() * self.channels;
        self.held(bytes, |chain, out| chain.pass().run(out, chain.threads));
        self.size = self.next;
        self.geometry = Geometry::Same;
    }

    /// Blurs the columns of the stored pixels. The result is strips, which the next pass joins.
    fn blur_columns(&mut self, blur: BoxBlur) {
        let row_length = self.size.width * self.channels;
        let bytes = self.size.height * STRIP;
        self.held(bytes * row_length.div_ceil(STRIP), |chain, out| {
            let source = pixels(chain.place, &chain.scratch.held);
            let strip = |(k, out): (usize, &mut [u8])| down_columns(source, row_length, k * STRIP, blur, out);
            match chain.threads {
                true => out.par_chunks_mut(bytes).enumerate().for_each(strip),
                false => out.chunks_mut(bytes).enumerate().for_each(strip),
            }
        });
        self.geometry = Geometry::Strips;
    }

    /// Runs a pass into scratch memory, which then holds the pixels.
    pub fn held(&mut self, bytes: usize, fill: impl FnOnce(&Self, &mut [u8])) {
        let to = match self.place {
            Place::Given(_) => 0,
            Place::Held(from, _) => 1 - from,
        };
        let mut out = std::mem::take(&mut self.scratch.held[to]);
        // It never gets shorter: growing again would fill it with zeros again.
        if out.len() < bytes {
            resize(&mut out, bytes);
        }
        fill(self, &mut out[..bytes]);
        self.scratch.held[to] = out;
        self.scratch.before.clear();
        self.scratch.after.clear();
        self.place = Place::Held(to, bytes);
    }

    /// The tables of a point operation, for the image after the waiting operations.
    fn tables(&mut self, op: &Op) -> Tables {
        let kind = op.kind();
        let Category::Point(needs) = kind.category() else { return Tables::same(std::array::from_fn(|v| v as u8)) };
        if needs == RequiredStats::Nothing {
            return Tables::same(op.table(&ImageStats::default()));
        }
        let waiting = match self.scratch.after.as_slice() {
            _ if !matches!(self.geometry, Geometry::Same) => None,
            [] => Some(None),
            [Pointwise::Tables(tables)] => Some(Some(*tables)),
            _ => None,
        };
        let through = waiting.unwrap_or_else(|| {
            self.store();
            None
        });
        let pixels = pixels(self.place, &self.scratch.held);
        if needs == RequiredStats::Luma {
            let luma = self.mean_luma(pixels, through.as_ref());
            return Tables::same(op.table(&ImageStats { luma, ..ImageStats::default() }));
        }
        let counts = match kind {
            OpKind::AutoContrast => self.counts_of_ends(pixels, through.as_ref()),
            _ => self.counts(pixels, through.as_ref()),
        };
        let table = |c: usize| op.table(&ImageStats { counts: counts[c], luma: 0 });
        if self.channels == 1 { Tables::same(table(0)) } else { Tables::each(table) }
    }

    /// The histograms of an image after tables.
    fn counts(&self, pixels: &[u8], through: Option<&Tables>) -> [[u32; 256]; 3] {
        let count = |part: &[u8]| statistics::histograms(part, self.channels);
        let add = |mut a: [[u32; 256]; 3], b: [[u32; 256]; 3]| {
            a.iter_mut().flatten().zip(b.iter().flatten()).for_each(|(a, b)| *a += b);
            a
        };
        let counts = self.gathered(pixels, count, add);
        let Some(tables) = through else { return counts };
        let mut moved = [[0; 256]; 3];
        for (c, (moved, counts)) in moved.iter_mut().zip(&counts).enumerate() {
            for (&to, count) in tables.channel(c).iter().zip(counts) {
                moved[usize::from(to)] += count;
            }
        }
        moved
    }

    /// Histograms with the same darkest and brightest values. A table that keeps the order keeps the ends.
    fn counts_of_ends(&self, pixels: &[u8], through: Option<&Tables>) -> [[u32; 256]; 3] {
        let keeps_order = |table: &Table| table.is_sorted() || table.iter().rev().is_sorted();
        let channels = 0..self.channels;
        if through.is_some_and(|tables| !channels.clone().all(|c| keeps_order(tables.channel(c)))) {
            return self.counts(pixels, through);
        }
        let wider =
            |a: [[u8; 2]; 3], b: [[u8; 2]; 3]| std::array::from_fn(|c| [a[c][0].min(b[c][0]), a[c][1].max(b[c][1])]);
        let ends = self.gathered(pixels, |part| statistics::ends(part, self.channels), wider);
        let mut counts = [[0; 256]; 3];
        for c in channels {
            for end in ends[c] {
                counts[c][usize::from(through.map_or(end, |tables| tables.channel(c)[usize::from(end)]))] = 1;
            }
        }
        counts
    }

    /// The mean of luma of an image after tables.
    fn mean_luma(&self, pixels: &[u8], through: Option<&Tables>) -> u8 {
        let sum = self.gathered(
            pixels,
            |part| match through {
                None => statistics::luma_sum(part, self.channels),
                Some(tables) => {
                    let mut seen = [0; 3 * 1024];
                    let sums = part.chunks(seen.len()).map(|part| {
                        let seen = &mut seen[..part.len()];
                        seen.copy_from_slice(part);
                        map_values(seen, self.channels, tables);
                        statistics::luma_sum(seen, self.channels)
                    });
                    sums.sum()
                }
            },
            |a, b| a + b,
        );
        mean(sum, pixels.len() / self.channels)
    }

    /// `of` for all pixels: for all at once, or for parts by several threads, combined.
    fn gathered<T: Send>(
        &self,
        pixels: &[u8],
        of: impl Fn(&[u8]) -> T + Sync,
        add: impl Fn(T, T) -> T + Sync + Send,
    ) -> T {
        let part = 8 * BAND / self.channels * self.channels;
        match self.threads && pixels.len() > part {
            true => pixels.par_chunks(part).map(&of).reduce_with(add).unwrap_or_else(|| of(pixels)),
            false => of(pixels),
        }
    }
}

/// The destination of the last pass.
pub(super) enum Finish<'a> {
    /// Interleaved bytes in the caller's memory.
    Pixels(&'a mut [u8]),
    /// This function, called with each band and the number of its first pixel.
    Bands(&'a mut dyn FnMut(usize, &[u8])),
}

pub(super) fn pixels<'a>(place: Place<'a>, held: &'a [Vec<u8>; 2]) -> &'a [u8] {
    match place {
        Place::Given(pixels) => pixels,
        Place::Held(number, bytes) => &held[number][..bytes],
    }
}

fn blend(arg: Arg) -> Blend {
    Blend::new(match arg {
        Arg::Blend(alpha) => alpha,
        Arg::Word(_) => 1.0,
    })
}

/// Gives memory this length, with any contents. Growth would copy the old contents and reserve too much.
pub(super) fn resize(memory: &mut Vec<u8>, bytes: usize) {
    if memory.capacity() < bytes {
        *memory = Vec::new();
        memory.reserve_exact(bytes);
    }
    memory.resize(bytes, 0);
}
