//! Chain: cuts the operations of an image into segments.

use std::sync::Arc;

use rayon::prelude::*;

use super::super::view::SourceView;
use super::super::warp_params;
use super::{ARG_FILL, ARG_OP, Argument, Extra, Mixture, Pass, Segment, Segmented, Stage, StageKind, Sums, Table};
use crate::arithmetic::box_blur::{BoxBlur, PASSES};
use crate::arithmetic::resample::Weights;
use crate::batch::{Size, Sizes};
use crate::error::Result;
use crate::ops::lower::{Arg, Lowered, Warp};
use crate::ops::{AugMix, Crop, Op, OpKind};
use crate::plan::{Plan, PlannedImage};
use crate::threads;

/// Images that one thread cuts at once: some 50 us of work.
const PART: usize = 512;

/// Cuts the chain of every image into segments, by several threads if there are many images.
pub(crate) fn segments_of_all(plan: &Plan, sizes: Sizes<'_>, gray: bool) -> Result<Segmented> {
    let images = plan.images();
    if images.len() <= PART || threads::count() == 1 {
        return segments(images, |i| sizes.get(i), gray);
    }
    let part = |(k, images)| segments(images, |i| sizes.get(k * PART + i), gray);
    let parts: Vec<Result<Segmented>> = images.par_chunks(PART).enumerate().map(part).collect();
    let mut all = Segmented::default();
    for part in parts {
        all.append(part?);
    }
    Ok(all)
}

/// Cuts the chain of each image into segments. There is at least one, which can be empty.
fn segments(images: &[PlannedImage], size: impl Fn(usize) -> Size, gray: bool) -> Result<Segmented> {
    let mut ends = Vec::with_capacity(images.len());
    let mut chain = Chain::new(gray, 0, Source::of(Size { width: 0, height: 0 }));
    chain.segments.reserve(images.len());
    for (i, image) in images.iter().enumerate() {
        let size = size(i);
        chain.next = Source::of(size);
        chain.push_all(&image.ops, size)?;
        chain.end();
        ends.push(chain.segments.len());
    }
    Ok(Segmented { segments: chain.segments, ends })
}

/// A chain while it is cut into segments.
struct Chain {
    gray: bool,
    /// The slot in which segments store their results.
    slot: usize,
    /// Its segments so far, behind those of other images.
    segments: Vec<Segment>,
    /// The source of the next segment.
    next: Source,
    /// Its stages so far.
    stages: Vec<(Stage, Table)>,
}

/// The input of the next segment.
#[derive(Clone)]
struct Source {
    view: SourceView,
    sums: Sums,
    /// Its slot. `None` for the input image.
    from: Option<usize>,
    /// The level of the next segment.
    level: usize,
}

impl Source {
    /// The input image.
    fn of(size: Size) -> Self {
        Source { view: SourceView::whole(size), sums: Sums::Nothing, from: None, level: 0 }
    }
}

impl Chain {
    /// Continues with the image of this source.
    fn new(gray: bool, slot: usize, next: Source) -> Self {
        Chain { gray, slot, segments: Vec::new(), next, stages: Vec::with_capacity(2) }
    }

    /// Adds operations. The first one gets an image of this size.
    fn push_all(&mut self, ops: &[Op], mut size: Size) -> Result<()> {
        for op in ops {
            match op.lower(size) {
                Lowered::Point(arg) => self.point(op.kind(), arg.into()),
                Lowered::Crop(mut crop) => {
                    if self.gray {
                        crop.fill = [crop.fill[0]; 3];
                    }
                    self.crop(&crop, size);
                }
                Lowered::Blur(blur) => self.blur(blur),
                Lowered::Branches => {
                    if let Op::AugMix(mix) = op {
                        self.branches(mix, size)?;
                    }
                }
                Lowered::Flip { horizontal, vertical } => self.flip(horizontal, vertical, size),
                Lowered::Resize { columns, rows, columns_first } => {
                    self.bare();
                    self.resize(columns, rows, columns_first);
                }
                lowered => {
                    let stage = stage(op.kind(), lowered, size, self.gray);
                    self.stages.extend(stage.map(|stage| (stage, Table::default())));
                }
            }
            size = op.output_size(size)?;
        }
        Ok(())
    }

    /// Stores the current result, unless it is an image in memory with a view.
    fn bare(&mut self) {
        if !self.stages.is_empty() || !matches!(self.next.sums, Sums::Nothing) {
            self.store();
        }
    }

    /// Each branch begins with the current result and stores its own result in a slot of its own. All of them are one
    /// level below the mixture.
    fn branches(&mut self, mix: &AugMix, size: Size) -> Result<()> {
        self.bare();
        let source = self.next.clone();
        let mut branches = Vec::with_capacity(mix.branches.len());
        for (i, branch) in mix.branches.iter().enumerate() {
            let mut chain = Chain::new(self.gray, i + 1, source.clone());
            chain.push_all(&branch.ops, size)?;
            chain.end();
            branches.push(chain.segments);
        }
        let longest = branches.iter().map(Vec::len).max().unwrap_or(0);
        let mut waits = branches.iter().map(|segments| longest - segments.len()).chain([longest]);
        if source.from.is_some() && waits.any(|wait| wait % 2 == 1) {
            // Every other level reads the buffer that the source is not in: a copy of it goes there first.
            self.next.view = SourceView::whole(source.view.source);
            self.store();
        }
        for mut segments in branches {
            let wait = longest - segments.len();
            segments.iter_mut().for_each(|segment| segment.level += wait);
            self.segments.append(&mut segments);
        }
        let weights = mix.branches.iter().map(|branch| branch.weight as f32).collect();
        let sums = Sums::Mixture(Mixture { rule: mix.rule, weights });
        self.next = Source { sums, level: source.level + longest, ..source };
        self.store();
        Ok(())
    }

    fn point(&mut self, op: OpKind, arg: Argument) {
        let took = match self.stages.last_mut() {
            Some((stage, table)) if stage.kind == StageKind::Table => table.push(op, arg),
            _ => false,
        };
        if !took {
            let mut table = Table::default();
            table.push(op, arg);
            self.stages.push((Stage { kind: StageKind::Table, ..Stage::NONE }, table));
        }
    }

    /// A stage for each pass. No pass can be evaluated through another.
    fn blur(&mut self, blur: BoxBlur) {
        for along_columns in [0, 1] {
            let args = [blur.reach as u32, blur.inner, blur.outer, along_columns, 0, 0, 0];
            let stage = Stage { kind: StageKind::Box, args, ..Stage::NONE };
            self.stages.extend((0..PASSES).map(|_| (stage.clone(), Table::default())));
        }
    }

    fn crop(&mut self, crop: &Crop, size: Size) {
        if !self.stages.is_empty() {
            self.store();
        }
        self.next.view = match self.next.view.crop(crop) {
            Some(view) => view,
            None => {
                self.store();
                // A whole view has room for any crop whose numbers were checked.
                SourceView::whole(size).crop(crop).unwrap_or(SourceView::whole(size))
            }
        };
    }

    fn flip(&mut self, horizontal: bool, vertical: bool, size: Size) {
        if self.stages.is_empty() {
            self.next.view = self.next.view.flip(horizontal, vertical);
            return;
        }
        const ONE: i32 = 1 << 16;
        let [x, y] = [(horizontal, size.width), (vertical, size.height)].map(|(flip, side)| {
            // Beyond 16 integer bits there is no such warp.
            let last = i32::try_from(side - 1).ok().filter(|last| *last < 1 << 15)?;
            Some(if flip { (-ONE, last * ONE) } else { (ONE, 0) })
        });
        let (Some((a, c)), Some((e, f))) = (x, y) else {
            self.store();
            self.next.view = self.next.view.flip(horizontal, vertical);
            return;
        };
        let args = [a, 0, c, 0, e, f, 0].map(|v| v as u32);
        self.stages.push((Stage { kind: StageKind::Warp, args, ..Stage::NONE }, Table::default()));
    }

    /// The source has no stages yet, only its view.
    fn resize(&mut self, columns: Arc<Weights>, rows: Arc<Weights>, columns_first: bool) {
        let to = Size { width: columns.len(), height: rows.len() };
        // The first pass covers only the input of the second pass.
        let (shift, end) = if columns_first { columns.used() } else { rows.used() };
        let (stored, view) = match columns_first {
            true => (Size { width: end - shift, ..to }, self.next.view.skip(shift, 0)),
            false => (Size { height: end - shift, ..to }, self.next.view.skip(0, shift)),
        };
        let (first, second) = if columns_first { (rows, columns) } else { (columns, rows) };
        let stride = stored.width;
        self.next.view = view;
        self.next.sums = Sums::First(Pass { weights: first, along_rows: !columns_first, shift: 0, stride });
        self.segment([Stage::NONE, Stage::NONE], Table::default(), stored);
        let second = Pass { weights: second, along_rows: columns_first, shift, stride };
        self.next.view = SourceView::whole(to);
        self.next.sums = Sums::Second(second);
    }

    /// Stores the current result, unless it is stored already.
    fn end(&mut self) {
        let Source { view, sums, from, .. } = &self.next;
        let is_stored = *from == Some(self.slot) && matches!(sums, Sums::Nothing) && view.is_whole();
        if !is_stored || !self.stages.is_empty() {
            self.store();
        }
    }

    /// Makes segments of the current stages. The last one's result is the next source.
    fn store(&mut self) {
        let size = self.next.view.size;
        // The memory is kept for the next ones.
        let mut stages = std::mem::take(&mut self.stages);
        let mut left = stages.drain(..).peekable();
        loop {
            let (first, first_table) = left.next().unwrap_or((Stage::NONE, Table::default()));
            let second = left.next_if(|(second, table)| together(&first, second, table));
            let (second, second_table) = second.unwrap_or((Stage::NONE, Table::default()));
            let table = if first.kind == StageKind::Table { first_table } else { second_table };
            self.segment([first, second], table, size);
            if left.peek().is_none() {
                break;
            }
        }
        drop(left);
        self.stages = stages;
    }

    /// Makes a segment on the next source. Its result of `size` is the source after that.
    fn segment(&mut self, stages: [Stage; 2], table: Table, size: Size) {
        let stored = Source { from: Some(self.slot), level: self.next.level + 1, ..Source::of(size) };
        let Source { view, sums, from, level } = std::mem::replace(&mut self.next, stored);
        self.segments.push(Segment { stages, table, view, size, sums, level, from, slot: self.slot });
    }
}

/// Whether two stages make one segment.
fn together(first: &Stage, second: &Stage, second_table: &Table) -> bool {
    use StageKind::{Box, Interpolated, Table, Window};
    match (first.kind, second.kind) {
        // There is one table in workgroup memory.
        (Table, Table) => false,
        // Statistics of an interpolated warp, or many pixels of something dear for each pixel.
        (Interpolated, Table) => !second_table.dynamic,
        (Interpolated | Box, Window | Interpolated | Box) | (Window, Interpolated | Box) => false,
        _ => true,
    }
}

impl From<Arg> for Argument {
    fn from(arg: Arg) -> Self {
        match arg {
            Arg::Word(word) => Argument { word, is_blend: false },
            Arg::Blend(alpha) => Argument { word: alpha.to_bits(), is_blend: true },
        }
    }
}

fn stage(op: OpKind, lowered: Lowered, size: Size, gray: bool) -> Option<Stage> {
    let packed = |[r, g, b]: [u8; 3]| if gray { u32::from(r) * 0x10101 } else { u32::from_le_bytes([r, g, b, 0]) };
    let with_op = |kind, arg: Arg| {
        let Argument { word, is_blend } = arg.into();
        let mut args = [0; 7];
        args[0] = word;
        args[ARG_OP] = op as u32;
        Stage { kind, args, is_blend, extra: Extra::Nothing }
    };
    Some(match lowered {
        Lowered::Copy
        | Lowered::Point(_)
        | Lowered::Blur(_)
        | Lowered::Crop(_)
        | Lowered::Flip { .. }
        | Lowered::Resize { .. }
        | Lowered::Branches => return None,
        Lowered::Pixel(arg) => with_op(StageKind::Pixel, arg),
        Lowered::Window(arg) => with_op(StageKind::Window, arg),
        Lowered::Mix { arg, partner } => Stage { extra: Extra::Partner(partner), ..with_op(StageKind::Mix, arg) },
        Lowered::Mask { left, top, right, bottom, fill } => {
            let args = [left, top, right, bottom, 0, op as u32, packed(fill)];
            Stage { kind: StageKind::Mask, args, ..Stage::NONE }
        }
        Lowered::Warp(Warp::Fixed { coefficients, fill }) => {
            let [a, b, c, d, e, f] = coefficients.map(|v| v as u32);
            Stage { kind: StageKind::Warp, args: [a, b, c, d, e, f, packed(fill)], ..Stage::NONE }
        }
        Lowered::Warp(Warp::IndexMap { affine }) => {
            let mut args = [0; 7];
            args[ARG_FILL] = packed(affine.fill);
            Stage { kind: StageKind::IndexMap, args, is_blend: false, extra: Extra::Words(affine.list(size)) }
        }
        Lowered::Warp(Warp::Interpolated { matrix, interpolation, fill }) => {
            let mut args = [0; 7];
            args[ARG_FILL] = packed(fill);
            Stage {
                kind: StageKind::Interpolated,
                args,
                is_blend: false,
                extra: Extra::Words(warp_params::words(&matrix, interpolation, size)),
            }
        }
    })
}
