//! CPU executor: each image in as few passes as its operations allow, images in parallel.
//!
//! `chain.rs` runs the operations of an image, and `pass.rs` makes the passes. A geometry fetches a band of rows. Then
//! all operations that change no coordinates run on the band while it is in the first-level cache. `kernels` has the
//! loops over pixels. All of it is tested against the references in `src/ops` (`reference.rs`).
//!
//! Images are divided among the threads of the current rayon pool. If there are fewer images than threads, and they are
//! large, the rows of each image are divided instead. A plan with the same tables for every image, and no other
//! operation, is one look-up of all bytes.
//!
//! # Tried
//! Times are ratios within one run on one core of a Zen 4 server. Unless stated otherwise, they are for 256 images of
//! 224 x 224 x 3 that come from memory.
//!
//! | what | predicted | measured |
//! |--|--|--|
//! | all of this, instead of the references | 10 x | ImageNet policy 8.9 x |
//! | tables by vector permutation, not by a load a byte | 10 x in the cache, then as fast as memory | point operations take 1.0 to 1.1 x as long as memcpy (1.2 x for images of 32 x 32, which stay in the cache) |
//! | histograms several times over, not once | 2 x on flat images | 1.0 x there, 1.1 x on photographs: this processor forwards a sum to the next addition. Kept for those that wait; twice over below 16 KiB, where emptying them tells |
//! | ends of a channel for AutoContrast, not its histogram | 3 x | 2.3 x |
//! | reading an image from front to back before walking across it | memory's latency hidden | rotations 2.7 x |
//! | one check for the places of 16 pixels | 1.3 x | rotations 1.7 x |
//! | sums of Sharpness's columns kept | 1.3 x | 0.4 x: they go through memory, and all nine are read where they are |
//! | a blur's boxes not summed anew for each value, but their sums moved on by a row at a time, down strips of 64 columns | 8 x at radius 50, as fast as before at 2 | 512 x 512: 0.95 x at radius 1, 1.04 x at 2, 3.1 x at 10, 14 x at 50, 40 x at 128; in 0.07 to 0.10 of Pillow's time at every radius, where before it was 0.07, 0.08, 0.28, 1.4 and 4.1 |
//! | rows of a blur turned over to be such strips, 32 bytes at a time | as long as a pass | as long as two; boxes that reach 2 values or fewer are summed where they are, in 0.83 to 0.95 of the time, and from 3 on that takes as long or longer |
//! | `f64` in vectors of a pixel's channels, by hand | 3 x | bilinear warps 3 x; the compiler's own were no better than none |
//! | tables of Equalize and AutoContrast in vector instructions | 2 x for 32 x 32 | CIFAR-10 policy at 32 x 32 1.3 x |
//! | with AVX2, a byte's lower bits in the sixteen parts of a table, and its upper bits to choose one; channels in planes, not one load per byte | none made | 224 x 224 on Zen 3: AutoContrast 1.22 x, Equalize 1.15 x, ImageNet policy 1.13 to 1.14 x |
//! | blends looked up, as differences of bytes (`kernels/blend.rs`) | 2 x where an alpha allows it | Color 1.6 x, Sharpness of 32 x 32 1.1 x |
//! | plans checked and counted once for neighbors that are alike | 40 ns an image | plans of one table at 32 x 32 2 x |
//! | weights of resizes in digits, several taps an instruction; rows of a crop read where they lie | 4 to 5 x along rows | Sapphire Rapids: random crops of 500 x 500 resized to 224 x 224 4.6 x |
//! | bilinear RGB pixels in `f32`, and again in `f64` near whole numbers | 2.8 x | Sapphire Rapids: 1.6 x on noise, 1.2 x on photographs |
//! | nearest pixels gathered, 16 at once | 2 x | Sapphire Rapids: rotations 1.8 x, ImageNet policy 1.07 x |
//! | pairs of values counted for Equalize, and their counts added up | 1.6 x | Sapphire Rapids: 0.97 x on photographs, 0.8 x on noise, 0.62 x on one color, whose additions wait for each other; not kept |
//! | pixels of four bytes packed and spread a band at a time, not all of an image before and after | calls on 224 x 224 in 0.8 of the time | no operation 0.85, ImageNet policy 0.95: packing and spreading themselves are most of it |
//! | results stored past the cache where they exceed it | a third of the memory's traffic | policies 1.07 x; not kept, as who reads the result next finds it further away |
//!
//! Two threads on batches of 1,024 images of 32 x 32 under the CIFAR-10 policy take 0.60 of one thread's time, with
//! the draws. Two processes of one thread each do 1.96 times one's work on that machine. Where the rest goes is not
//! profiled yet. One thread takes 0.75 of the time before. Parts of 64 KiB at most, instead of at least, were
//! compared on a machine with other work only. In three pairs of runs, two threads gained 1.05, 1.06 and 1.12 times
//! as much.
//!
//! Under the ImageNet policy, the remaining time is a third memory, a third histograms (one addition per byte) and a
//! third other work.
//!
//! # Memory
//! Images are read where they lie, and results are written to their final place. An image in planes, in pixels of four
//! bytes, or with gaps between rows, is brought together by the pass that first reads it. An interleaved image without
//! gaps is never copied.
//!
//! Besides the batch and its result, each thread keeps memory for the largest image that it has met:
//!
//! * two images between passes, and a band
//! * one more image if several threads write an image in another form
//! * for a blur, rows padded to multiples of 64 bytes, and 64 rows or columns twice
//! * for branches of AugMix, all of this once more, and one image per branch
//!
//! Only these are allocated per image: the weights of a resize that was not met before, the digits of a resize's
//! weights, those of an AugMix, and lists of source pixels for warps beyond 16.16 fixed point. All threads together
//! keep up to 4 MiB of weights of resizes.

mod branches;
mod chain;
mod geometry;
mod headroom;
mod kernels;
mod pass;
mod pointwise;
pub mod reference;
mod scratch;
mod write_output;

use std::cell::Cell;

use half::f16;
use rayon::prelude::*;

use self::chain::{Chain, Finish};
use self::kernels::lut::{Tables, map_values_from};
use self::scratch::Scratch;
use self::write_output::{Normalized, Planes, Rgbx, WriteOutput};
use crate::batch::{ImageView, Images, Layout, Packed, Size};
use crate::error::Result;
use crate::ops::{Category, ImageStats, Op, RequiredStats};
use crate::output::{Output, TensorMut};
use crate::plan::{CheckedPlan, Plan};
use crate::threads;

/// The fewest bytes that are worth a thread.
const TASK: usize = 1 << 16;
/// The fewest bytes of an image whose rows are divided among threads.
const LARGE: usize = 1 << 19;

thread_local! {
    static SCRATCH: Cell<Memory> = Cell::default();
}

/// The memory that a thread keeps from image to image.
#[derive(Default)]
struct Memory {
    scratch: Scratch,
    /// The image before several threads write it in another form.
    finished: Vec<u8>,
}

/// Runs a checked plan into memory of the right type and length. The only error is a lack of memory.
pub(crate) fn run(batch: Images<'_>, plan: CheckedPlan<'_>, output: &Output, into: TensorMut<'_>) -> Result<()> {
    let (size, plan) = (plan.size(), plan.plan());
    let (channels, layout) = (batch.channels(), output.layout(batch.layout()));
    let in_planes = layout == Layout::Nchw && channels == 3;
    let run = Run { batch, size, plan, threads: by_rows(&batch) };
    headroom::check(&batch, size, if run.threads { 1 } else { threads::count() })?;
    match into {
        TensorMut::U8(values) => match run.tables(layout) {
            Some((bytes, tables)) => map_all_values(bytes, tables.as_ref(), values),
            None if in_planes => run.store(&Planes, values),
            None => run.pixels(values),
        },
        TensorMut::F32(values) => run.store(&Normalized::<f32>::new(output.form(), channels, layout), values),
        TensorMut::F16(values) => run.store(&Normalized::<f16>::new(output.form(), channels, layout), values),
    }
    Ok(())
}

/// Runs a checked plan of one RGB image, without partners. Its pixels have four bytes, before and after.
pub(crate) fn run_rgbx(rgbx: &[u8], before: Size, plan: CheckedPlan<'_>, into: &mut [u8]) -> Result<()> {
    let (size, plan) = (plan.size(), plan.plan());
    let image = [ImageView::packed(rgbx, before, 3, Layout::Nhwc)];
    let batch = Images::from(&image);
    let run = Run { batch, size, plan, threads: by_rows(&batch) };
    headroom::check(&batch, size, 1)?;
    let mut memory = SCRATCH.take();
    let Memory { scratch, finished } = &mut memory;
    let mut chain = Chain::of_rgbx(&run.batch, image[0], scratch, run.threads);
    plan.images().iter().flat_map(|image| &image.ops).for_each(|op| chain.push(op));
    run.write(&Rgbx, chain, finished, into);
    SCRATCH.set(memory);
    Ok(())
}

/// Whether the rows of an image are divided among threads, instead of the images.
fn by_rows(batch: &Images<'_>) -> bool {
    let images = batch.sizes().len();
    images < threads::count() && (0..images).all(|i| batch.view(i).bytes() >= LARGE)
}

struct Run<'a> {
    batch: Images<'a>,
    size: Size,
    plan: &'a Plan,
    /// Several threads for one image.
    threads: bool,
}

impl Run<'_> {
    /// Interleaved bytes.
    fn pixels(&self, values: &mut [u8]) {
        self.each(values, |i, out, memory| self.chain(i, memory, |chain, _| chain.finish(Finish::Pixels(out))));
    }

    /// Another form.
    fn store<S: WriteOutput>(&self, store: &S, values: &mut [S::Value]) {
        self.each(values, |i, out, memory| {
            self.chain(i, memory, |chain, finished| self.write(store, chain, finished, out));
        });
    }

    /// The last pass of an image, to another form.
    fn write<S: WriteOutput>(&self, store: &S, chain: Chain<'_>, finished: &mut Vec<u8>, out: &mut [S::Value]) {
        if !self.threads {
            return chain.finish(Finish::Bands(&mut |first, band| store.write(first, band, out)));
        }
        finished.resize(self.size.pixels() * self.batch.channels(), 0);
        chain.finish(Finish::Pixels(finished));
        store.write_all(finished, out);
    }

    /// Calls `f` with each image's number and its part of the output.
    fn each<T: Send>(&self, values: &mut [T], f: impl Fn(usize, &mut [T], &mut Memory) + Sync) {
        let per_image = self.size.pixels() * self.batch.channels();
        let run = |(i, out): (usize, &mut [T])| {
            let mut memory = SCRATCH.take();
            f(i, out, &mut memory);
            SCRATCH.set(memory);
        };
        if self.threads || threads::are_none() {
            values.chunks_mut(per_image).enumerate().for_each(run);
        } else {
            // Larger parts would be divided too late, when one thread waits for the other.
            let together = (TASK / per_image).max(1);
            let images = values.par_chunks_mut(per_image).enumerate();
            images.with_min_len(together).with_max_len(together).for_each(run);
        }
    }

    /// Runs the operations of image `i`, except the last pass.
    fn chain(&self, i: usize, memory: &mut Memory, finish: impl FnOnce(Chain<'_>, &mut Vec<u8>)) {
        let Memory { scratch, finished } = memory;
        let mut chain = Chain::new(&self.batch, self.batch.view(i), scratch, self.threads);
        self.plan.images()[i].ops.iter().for_each(|op| chain.push(op));
        finish(chain, finished);
    }

    /// All bytes of the batch and the table of a plan that is one table for all images. `None` inside for a plan that
    /// changes no byte.
    fn tables(&self, layout: Layout) -> Option<(&[u8], Option<Tables>)> {
        let Packed { data, placement } = self.batch.packed()?;
        let is_table =
            |op: &Op| matches!(op.kind().category(), Category::Copy | Category::Point(RequiredStats::Nothing));
        let (first, rest) = self.plan.images().split_first()?;
        let same_form = placement.sizes.are_same() && (layout == placement.layout || placement.channels == 1);
        if !same_form || !first.ops.iter().all(is_table) || rest.iter().any(|image| image.ops != first.ops) {
            return None;
        }
        let points = first.ops.iter().filter(|op| op.kind().category() != Category::Copy);
        let tables = points.map(|op| Tables::same(op.table(&ImageStats::default())));
        Some((data, tables.reduce(|first, second| first.then(&second))))
    }
}

/// Maps every byte by one table for all channels.
fn map_all_values(bytes: &[u8], tables: Option<&Tables>, out: &mut [u8]) {
    let map = |(out, bytes): (&mut [u8], &[u8])| match tables {
        Some(tables) => map_values_from(bytes, tables, out),
        None => out.copy_from_slice(bytes),
    };
    if threads::are_none() {
        return map((out, bytes));
    }
    out.par_chunks_mut(TASK).zip(bytes.par_chunks(TASK)).for_each(map);
}
