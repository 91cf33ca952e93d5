//! Run: one piece of a batch through the dispatches of its schedule.

use std::sync::PoisonError;

use super::Gpu;
use super::buffers;
use super::program::{self, COUNTS_WORDS, Kinds, Segment};
use super::schedule::{self, Dispatch, Kernel, Schedule, Sizes, Sources};
use super::shader::{self, SLICE_QUADS, Variant};
use crate::batch::{Layout, Shape};
use crate::error::{Error, Result};
use crate::ops::{Kind, OpKind};
use crate::output::Output;
use crate::plan::{Plan, PlannedImage};
use crate::report::Report;

/// Sizes of small images are rounded up to this many pixels, so that few kernels serve all.
const TILE_STEP: usize = 512;
/// WebGPU's limit of workgroups in each dimension.
const MOST_WORKGROUPS: u32 = 65535;
/// The largest alignment of uniform offsets that WebGPU allows; one set of parameters takes as much.
const PARAMETERS_STRIDE: usize = 256;

/// A part of a buffer, from a place that may be bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub buffer: &'a wgpu::Buffer,
    pub offset: u64,
    pub size: u64,
}

impl<'a> Part<'a> {
    pub fn whole(buffer: &'a wgpu::Buffer) -> Self {
        Part { buffer, offset: 0, size: buffer.size() }
    }

    fn binding(self) -> wgpu::BindingResource<'a> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: self.buffer,
            offset: self.offset,
            size: wgpu::BufferSize::new(self.size),
        })
    }
}

/// One piece: images whose buffers can all be bound at once.
pub(super) struct Piece<'a> {
    pub images: &'a [Vec<Segment>],
    /// Of the batch; `images` says how many there are in this piece.
    pub shape: Shape,
    pub layout: Layout,
    pub output: &'a Output,
    pub source: Part<'a>,
    /// First byte of each image in `source`.
    pub sources: &'a [u32],
    pub partners: Part<'a>,
    /// First byte of an image of the batch in `partners`.
    pub partner: &'a dyn Fn(usize) -> u32,
    pub destination: Part<'a>,
    /// The first value's place in `destination`.
    pub first_value: usize,
    /// Operations that such plans may have.
    pub operations: &'a [OpKind],
}

/// A plan made ready for the device, all pieces at once.
pub(super) struct Prepared {
    /// Each image's segments.
    pub segmented: Vec<Vec<Segment>>,
    normalize: u32,
    tables: wgpu::Buffer,
}

impl Prepared {
    /// Whether something has to be stored between segments.
    pub fn stores_between(&self) -> bool {
        self.segmented.iter().any(|segments| segments.len() > 1)
    }
}

impl Gpu {
    /// Cuts every image's operations into segments and brings the tables that they need to the device.
    pub(super) fn prepare(&self, plan: &Plan, shape: Shape, output: &Output) -> Result<Prepared> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let grey = shape.channels == 1;
        let segments = |image: &PlannedImage| program::segments(&image.ops, shape.size(), grey, &mut tables.host);
        let segmented = plan.images().iter().map(segments).collect::<Result<_>>()?;
        let normalize = tables.host.normalize(output.form())?;
        Ok(Prepared { segmented, normalize, tables: tables.on_device(&self.device, &self.queue)? })
    }

    /// Records and submits the dispatches of one piece and adds to the report what they do.
    pub(super) fn run(&self, prepared: &Prepared, piece: &Piece<'_>, report: &mut Report) -> Result<()> {
        let pixels = piece.shape.width * piece.shape.height;
        let tile = pixels.next_multiple_of(TILE_STEP);
        let sizes = Sizes {
            pixels,
            values_per_image: piece.shape.values_per_image(),
            dtype: piece.output.dtype(),
            first_value: piece.first_value,
            small: shader::small_memory(tile) <= self.workgroup_memory,
        };
        let sources = Sources { images: piece.sources, partners: piece.partner };
        let possible = Kinds::of_operations(piece.operations);
        let schedule = schedule::schedule(piece.images, &sources, sizes, self.grouping, possible);
        self.submit(piece, &schedule, prepared, tile, report)
    }

    fn submit(
        &self,
        piece: &Piece<'_>,
        schedule: &Schedule,
        prepared: &Prepared,
        tile: usize,
        report: &mut Report,
    ) -> Result<()> {
        use wgpu::BufferUsages as Usage;
        let size = piece.shape.size();
        let pixels = size.width * size.height;
        let quads = pixels.div_ceil(4);
        let slices = quads.div_ceil(SLICE_QUADS) as u32;
        if slices > MOST_WORKGROUPS {
            let limit = u64::from(MOST_WORKGROUPS) * 4 * SLICE_QUADS as u64 * piece.shape.channels as u64;
            return Err(Error::DeviceLimit { what: "one image", needed: piece.shape.values_per_image() as u64, limit });
        }
        let parameters: Vec<u32> = schedule
            .dispatches
            .iter()
            .flat_map(|d| {
                let round = if let Kernel::Statistics(round) = d.kernel { round } else { 0 };
                let mut words = [0u32; PARAMETERS_STRIDE / 4];
                let numbers = [size.width as u32, size.height as u32, pixels as u32, quads as u32];
                words[..4].copy_from_slice(&numbers);
                words[4..8].copy_from_slice(&[d.list, d.images, prepared.normalize, round]);
                words
            })
            .collect();
        let counts_bytes = 4 * (schedule.counts * COUNTS_WORDS) as u64;
        let middle_bytes = 4 * (schedule.middles * schedule::middle_words(pixels)) as u64;
        let depth = schedule.dispatches.last().map_or(1, |d| d.level + 1);
        let take = |what, size, usage| self.pool.take(&self.device, what, size, usage | Usage::COPY_DST);
        let programs_bytes: &[u8] = bytemuck::cast_slice(&schedule.programs);
        let parameters_bytes: &[u8] = bytemuck::cast_slice(&parameters);
        let programs = take("programs", programs_bytes.len() as u64, Usage::STORAGE)?;
        let parameters = take("parameters", parameters_bytes.len() as u64, Usage::UNIFORM)?;
        let counts = take("statistics", counts_bytes, Usage::STORAGE)?;
        // Two sets of intermediate images: a level reads what the one before wrote.
        let middles = [
            take("intermediate images", if depth > 1 { middle_bytes } else { 0 }, Usage::STORAGE)?,
            take("intermediate images", if depth > 2 { middle_bytes } else { 0 }, Usage::STORAGE)?,
        ];
        let binding_limit = self.device.limits().max_storage_buffer_binding_size;
        for buffer in [&programs, &counts, &middles[0]] {
            if buffer.size() > binding_limit {
                return Err(Error::DeviceLimit {
                    what: "a piece's buffers",
                    needed: buffer.size(),
                    limit: binding_limit,
                });
            }
        }
        self.queue.write_buffer(&programs, 0, programs_bytes);
        self.queue.write_buffer(&parameters, 0, parameters_bytes);

        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        if counts_bytes > 0 {
            encoder.clear_buffer(&counts, 0, Some(counts_bytes));
        }
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for (i, dispatch) in schedule.dispatches.iter().enumerate() {
                let pipeline = self.pipelines.get(&self.device, variant(piece, dispatch, tile));
                let read = &middles[(dispatch.level + 1) % 2];
                let written = &middles[dispatch.level % 2];
                let mut bound = vec![
                    (0, piece.source),
                    (1, Part::whole(read)),
                    (2, piece.partners),
                    (3, Part::whole(&programs)),
                    (4, Part::whole(&prepared.tables)),
                    (6, Part::whole(&counts)),
                    (7, Part { buffer: &parameters, offset: 0, size: PARAMETERS_STRIDE as u64 }),
                ];
                match dispatch.kernel {
                    Kernel::Statistics(_) => {}
                    Kernel::ApplyToMiddle => bound.push((5, Part::whole(written))),
                    Kernel::Apply | Kernel::Small => bound.push((5, piece.destination)),
                }
                let entries: Vec<_> = bound
                    .iter()
                    .map(|(binding, part)| wgpu::BindGroupEntry { binding: *binding, resource: part.binding() })
                    .collect();
                let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
                    label: None,
                    layout: self.pipelines.bindings(dispatch.kernel),
                    entries: &entries,
                });
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &group, &[(i * PARAMETERS_STRIDE) as u32]);
                let [x, y, z] = grid(dispatch, slices);
                pass.dispatch_workgroups(x, y, z);
            }
        }
        self.queue.submit([encoder.finish()]);
        let [middle_a, middle_b] = middles;
        self.pool.give([programs, parameters, counts, middle_a, middle_b]);
        report.chunks += 1;
        report.dispatches += schedule.dispatches.len();
        report.bytes_read += schedule.bytes_read;
        report.bytes_written += schedule.bytes_written;
        report.bytes_uploaded += (programs_bytes.len() + parameters_bytes.len()) as u64;
        Ok(())
    }

    /// Writes bytes to a buffer from its start.
    pub(super) fn write(&self, buffer: &wgpu::Buffer, at: u64, bytes: &[u8], report: &mut Report) {
        buffers::write(&self.queue, buffer, at, bytes);
        report.bytes_uploaded += bytes.len() as u64;
    }
}

/// Workgroups of a dispatch, folded where a dimension would be too long.
fn grid(dispatch: &Dispatch, slices: u32) -> [u32; 3] {
    let along = dispatch.images.min(MOST_WORKGROUPS);
    let folds = dispatch.images.div_ceil(MOST_WORKGROUPS);
    match dispatch.kernel {
        Kernel::Small => [along, folds, 1],
        _ => [slices, along, folds],
    }
}

fn variant(piece: &Piece<'_>, dispatch: &Dispatch, tile: usize) -> Variant {
    // Operations of kinds that this kernel does not have would only make more variants.
    let used = |op: &&OpKind| !matches!(op.class(), Kind::Copy | Kind::Warp);
    let form = piece.output.dtype();
    Variant {
        // Both rounds of statistics are one kernel.
        kernel: if let Kernel::Statistics(_) = dispatch.kernel { Kernel::Statistics(0) } else { dispatch.kernel },
        kinds: dispatch.kinds,
        operations: piece.operations.iter().filter(used).copied().collect(),
        from_middle: dispatch.from_middle,
        channels: piece.shape.channels,
        input: piece.layout,
        output: piece.output.layout(piece.layout),
        dtype: form,
        whole_words: (piece.shape.width * piece.shape.height).is_multiple_of(4),
        tile: if dispatch.kernel == Kernel::Small { tile } else { 0 },
    }
}
