//! Transfer: batches to the device and back, in pieces where they exceed its limits.

use std::collections::HashMap;
use std::ops::Range;

use super::Gpu;
use super::batch::{GpuBatch, GpuImages, GpuRaggedBatch};
use super::program::Segment;
use super::run::{Given, Part};
use super::schedule::middle_words;
use super::steps::Piece;
use crate::batch::{Batch, Shape};
use crate::error::{Error, Result};
use crate::images::{Images, Placement};
use crate::output::{Dtype, Output, Tensor, TensorData};
use crate::plan::Plan;
use crate::ragged::{Place, RaggedBatch};
use crate::report::Report;

impl Gpu {
    /// Sends a batch to the device.
    ///
    /// # Errors
    /// [`Error::DeviceLimit`], [`Error::OutOfMemory`], [`Error::Device`], [`Error::DeviceLost`].
    pub fn upload(&self, batch: &Batch<'_>) -> Result<GpuBatch> {
        GpuBatch::new(self.upload_bytes(batch.data())?, 0, batch.shape(), batch.layout(), Dtype::U8)
    }

    /// Sends images of different sizes to the device, each to the byte that it has in host memory.
    ///
    /// # Errors
    /// Those of [`Gpu::upload`].
    pub fn upload_ragged(&self, batch: &RaggedBatch<'_>) -> Result<GpuRaggedBatch> {
        let places = batch.sizes().iter().zip(batch.offsets()).map(|(&size, &offset)| Place { offset, size });
        let buffer = self.upload_bytes(batch.data())?;
        GpuRaggedBatch::new(buffer, &places.collect::<Vec<_>>(), batch.channels())
    }

    /// Sends bytes to a buffer of their own.
    pub(crate) fn upload_bytes(&self, bytes: &[u8]) -> Result<wgpu::Buffer> {
        self.guarded(|| {
            let buffer = self.new_storage("batch", bytes.len() as u64)?;
            self.write(&buffer, 0, bytes, &mut Report::default());
            Ok(buffer)
        })
    }

    /// Fetches a batch from the device. Waits for it.
    ///
    /// # Errors
    /// [`Error::Buffer`] if the buffer lacks the usage `COPY_SRC`, and those of [`Gpu::upload`].
    pub fn download(&self, batch: &GpuBatch) -> Result<Tensor> {
        if !batch.buffer().usage().contains(wgpu::BufferUsages::COPY_SRC) {
            return Err(Error::Buffer(format!("usage {:?} lacks COPY_SRC", batch.buffer().usage())));
        }
        self.guarded(|| {
            let mut data = TensorData::zeros(batch.dtype(), batch.shape().values());
            self.fetch(batch.buffer(), batch.offset(), bytes_of(&mut data))?;
            Ok(Tensor { shape: batch.shape(), layout: batch.layout(), data })
        })
    }

    /// A new buffer that kernels may read and write and that may be copied from and to.
    pub(super) fn new_storage(&self, what: &'static str, bytes: u64) -> Result<wgpu::Buffer> {
        use wgpu::BufferUsages as Usage;
        let size = bytes.max(4).next_multiple_of(4);
        let limit = self.device.limits().max_buffer_size;
        if size > limit {
            return Err(Error::DeviceLimit { what, needed: size, limit });
        }
        let usage = Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST;
        Ok(self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(what),
            size,
            usage,
            mapped_at_creation: false,
        }))
    }

    /// Reads bytes from a buffer, waiting for everything that was submitted before.
    fn fetch(&self, buffer: &wgpu::Buffer, offset: u64, out: &mut [u8]) -> Result<()> {
        use wgpu::BufferUsages as Usage;
        let most = self.device.limits().max_buffer_size.min(1 << 30) / 16 * 16;
        for (i, out) in out.chunks_mut(most as usize).enumerate() {
            let size = (out.len() as u64).next_multiple_of(4);
            let staging = self.pool.take(&self.device, "readback", size, Usage::MAP_READ | Usage::COPY_DST)?;
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(buffer, offset + i as u64 * most, &staging, 0, size);
            self.queue.submit([encoder.finish()]);
            let (sender, receiver) = std::sync::mpsc::channel();
            staging.slice(..size).map_async(wgpu::MapMode::Read, move |result| {
                // The receiver is gone only if this function failed before.
                let _ = sender.send(result);
            });
            self.device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| Error::Device(e.to_string()))?;
            self.loss.check()?;
            let mapped = receiver.recv().map_err(|e| Error::Device(e.to_string()))?;
            mapped.map_err(|e| Error::Device(format!("reading back: {e}")))?;
            {
                let view = staging.slice(..size).get_mapped_range().map_err(|e| Error::Device(e.to_string()))?;
                out.copy_from_slice(&view[..out.len()]);
            }
            staging.unmap();
            self.pool.give([staging]);
        }
        Ok(())
    }

    /// Host memory in, host memory out.
    pub(super) fn through_host(
        &self,
        batch: Images<'_>,
        shape: Shape,
        plan: &Plan,
        output: &Output,
        report: &mut Report,
    ) -> Result<Tensor> {
        use wgpu::BufferUsages as Usage;
        let placed = batch.placement();
        let output_bytes = shape.values_per_image() * output.dtype().bytes();
        let (prepared, tables) = self.prepare(plan, placed, output)?;
        let operations = self.operations(plan);
        // What the device cannot do is refused before memory is taken for it.
        let pieces = self.pieces(placed, &prepared.segmented, output_bytes, true, 0)?;
        let mut data = TensorData::zeros(output.dtype(), shape.values());
        for range in pieces {
            let images = &prepared.segmented[range.clone()];
            let bytes = span(placed, &range);
            // Partners outside the piece are sent along, behind it.
            let mut guests = HashMap::new();
            let mut end = bytes.len().next_multiple_of(4);
            for partner in partners(images).filter(|p| !range.contains(p)) {
                guests.entry(partner).or_insert_with(|| {
                    let at = end;
                    end = (end + placed.bytes_of(partner)).next_multiple_of(4);
                    at
                });
            }
            let usage = Usage::STORAGE | Usage::COPY_DST;
            let source = self.pool.take(&self.device, "images", end as u64, usage)?;
            let made = (range.len() * output_bytes) as u64;
            let destination =
                self.pool.take(&self.device, "augmented images", made, Usage::STORAGE | Usage::COPY_SRC)?;
            self.write(&source, 0, &batch.data()[bytes.clone()], report);
            for (&partner, &at) in &guests {
                self.write(&source, at as u64, &batch.data()[placed.range(partner)], report);
            }
            let home = |image: usize| (placed.range(image).start - bytes.start) as u32;
            let place = |partner: usize| guests.get(&partner).map_or_else(|| home(partner), |&at| at as u32);
            let sources: Vec<u32> = range.clone().map(home).collect();
            let piece = Piece {
                images,
                normalize: prepared.normalize,
                shape,
                layout: placed.layout,
                output,
                sources: &sources,
                partner: &place,
                first_value: 0,
                operations: &operations,
            };
            let images = Part::whole(&source);
            let (tables, into) = (Part::whole(&tables), Part::whole(&destination));
            self.run(&piece, Given { source: images, partners: images, tables, destination: into }, report)?;
            let out = &mut bytes_of(&mut data)[range.start * output_bytes..range.end * output_bytes];
            self.fetch(&destination, 0, out)?;
            report.bytes_downloaded += made;
            self.pool.give([source, destination]);
        }
        Ok(Tensor { shape, layout: output.layout(placed.layout), data })
    }

    /// Device memory in, device memory out.
    pub(super) fn on_device(
        &self,
        batch: GpuImages<'_>,
        plan: &Plan,
        into: Destination<'_>,
        report: &mut Report,
    ) -> Result<()> {
        let Destination { buffer, offset, shape, output } = into;
        let placed = &batch.placement;
        let output_bytes = shape.values_per_image() * output.dtype().bytes();
        let alignment = u64::from(self.device.limits().min_storage_buffer_offset_alignment);
        let (prepared, tables) = self.prepare(plan, placed, output)?;
        let operations = self.operations(plan);
        // Bindings begin at multiples of the alignment; up to as much is bound in vain.
        for range in self.pieces(placed, &prepared.segmented, output_bytes, false, alignment)? {
            let images = &prepared.segmented[range.clone()];
            let bytes = span(placed, &range);
            let (source, first_byte) = window(batch.buffer, batch.offset, &bytes, alignment);
            let made = range.start * output_bytes..range.end * output_bytes;
            let (destination, first_out) = window(buffer, offset, &made, alignment);
            let home = |image: usize| (placed.range(image).start - bytes.start + first_byte) as u32;
            let sources: Vec<u32> = range.clone().map(home).collect();
            let given = Given { source, partners: source, tables: Part::whole(&tables), destination };
            let mut piece = Piece {
                images,
                normalize: prepared.normalize,
                shape,
                layout: placed.layout,
                output,
                sources: &sources,
                partner: &home,
                first_value: first_out / output.dtype().bytes(),
                operations: &operations,
            };
            if partners(images).all(|partner| range.contains(&partner)) {
                self.run(&piece, given, report)?;
                continue;
            }
            // Some partner is in another piece: all partners of this one are brought together.
            let (gathered, places) = self.gather(&batch, partners(images))?;
            let place = |partner: usize| places.get(&partner).copied().unwrap_or(0);
            piece.partner = &place;
            self.run(&piece, Given { partners: Part::whole(&gathered), ..given }, report)?;
            self.pool.give([gathered]);
        }
        Ok(())
    }

    /// Cuts a batch into ranges of images whose buffers can be bound: what they are made of, their partners (`with_guests` in
    /// the same buffer), their programs, what is stored between, and `output_bytes` each of what they become; less `slack`.
    fn pieces(
        &self,
        placed: &Placement<'_>,
        segmented: &[Vec<Segment>],
        output_bytes: usize,
        with_guests: bool,
        slack: u64,
    ) -> Result<Vec<Range<usize>>> {
        let limits = self.device.limits();
        let room = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(u64::from(u32::MAX));
        let room = room.saturating_sub(slack + 16) as usize;
        let mut pieces = Vec::new();
        let mut start = 0;
        let mut sums = Room::default();
        for (i, segments) in segmented.iter().enumerate() {
            let own = Room {
                bytes: placed.range(i),
                guests: segments.iter().flat_map(Segment::partners).map(|p| placed.bytes_of(p) + 8).sum(),
                programs: segments.iter().map(|segment| 4 * segment.words()).sum(),
                middles: 4 * middle_words(segments),
                outputs: output_bytes,
            };
            let alone = own.largest(with_guests);
            if alone > room {
                let (needed, limit) = (alone as u64, room as u64);
                return Err(Error::DeviceLimit { what: "one image", needed, limit });
            }
            let with = sums.with(&own);
            if i > start && with.largest(with_guests) > room {
                pieces.push(start..i);
                (start, sums) = (i, own);
            } else {
                sums = if i == start { own } else { with };
            }
        }
        if start < segmented.len() {
            pieces.push(start..segmented.len());
        }
        Ok(pieces)
    }
}

/// Bytes that some images need in each buffer.
#[derive(Default)]
struct Room {
    bytes: Range<usize>,
    guests: usize,
    programs: usize,
    middles: usize,
    outputs: usize,
}

impl Room {
    fn with(&self, other: &Room) -> Room {
        Room {
            bytes: self.bytes.start.min(other.bytes.start)..self.bytes.end.max(other.bytes.end),
            guests: self.guests + other.guests,
            programs: self.programs + other.programs,
            middles: self.middles + other.middles,
            outputs: self.outputs + other.outputs,
        }
    }

    /// The largest of the buffers.
    fn largest(&self, with_guests: bool) -> usize {
        let sources = match with_guests {
            true => self.bytes.len() + self.guests,
            false => self.bytes.len().max(self.guests),
        };
        sources.max(self.programs).max(self.middles).max(self.outputs)
    }
}

/// Memory that the caller owns, and what is to be written there.
#[derive(Clone, Copy)]
pub(super) struct Destination<'a> {
    pub buffer: &'a wgpu::Buffer,
    pub offset: u64,
    pub shape: Shape,
    pub output: &'a Output,
}

/// The images that others are mixed with.
fn partners(images: &[Vec<Segment>]) -> impl Iterator<Item = usize> + '_ {
    images.iter().flatten().flat_map(Segment::partners)
}

/// The bytes from the first of these images to the last.
fn span(placed: &Placement<'_>, range: &Range<usize>) -> Range<usize> {
    let ranges = || range.clone().map(|i| placed.range(i));
    ranges().map(|r| r.start).min().unwrap_or(0)..ranges().map(|r| r.end).max().unwrap_or(0)
}

/// These bytes of a buffer behind `offset`, from a place that may be bound, and the first of them in it.
fn window<'a>(buffer: &'a wgpu::Buffer, offset: u64, bytes: &Range<usize>, alignment: u64) -> (Part<'a>, usize) {
    let first = offset + bytes.start as u64;
    let end = (offset + bytes.end as u64).next_multiple_of(4).min(buffer.size());
    let from = first / alignment * alignment;
    (Part { buffer, offset: from, size: end - from }, (first - from) as usize)
}

fn bytes_of(data: &mut TensorData) -> &mut [u8] {
    match data {
        TensorData::U8(values) => values,
        TensorData::F32(values) => bytemuck::cast_slice_mut(values),
        TensorData::F16(values) => bytemuck::cast_slice_mut(values),
    }
}
