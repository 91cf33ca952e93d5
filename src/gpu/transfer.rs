//! Transfer: batches to the device and back, in pieces where they exceed its limits.

use std::collections::HashMap;
use std::ops::Range;

use super::Gpu;
use super::batch::GpuBatch;
use super::program::Segment;
use super::run::{Given, Part};
use super::schedule::middle_words;
use super::steps::Piece;
use crate::batch::{Batch, Shape};
use crate::error::{Error, Result};
use crate::output::{Dtype, Output, Tensor, TensorData};
use crate::plan::Plan;
use crate::report::Report;

impl Gpu {
    /// Sends a batch to the device.
    ///
    /// # Errors
    /// [`Error::DeviceLimit`], [`Error::OutOfMemory`], [`Error::Device`], [`Error::DeviceLost`].
    pub fn upload(&self, batch: &Batch<'_>) -> Result<GpuBatch> {
        self.guarded(|| {
            let buffer = self.new_storage("batch", batch.data().len() as u64)?;
            self.write(&buffer, 0, batch.data(), &mut Report::default());
            GpuBatch::new(buffer, 0, batch.shape(), batch.layout(), Dtype::U8)
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
        batch: &Batch<'_>,
        plan: &Plan,
        output: &Output,
        report: &mut Report,
    ) -> Result<Tensor> {
        use wgpu::BufferUsages as Usage;
        let shape = batch.shape();
        let image_bytes = shape.values_per_image();
        let output_bytes = image_bytes * output.dtype().bytes();
        let mut data = TensorData::zeros(output.dtype(), shape.values());
        let (prepared, tables) = self.prepare(plan, shape, output)?;
        let operations = self.operations(plan);
        let with_guests = partners(&prepared.segmented).next().is_some();
        let needs = Needs { slack: 0, with_guests, with_middles: prepared.stores_between() };
        for range in pieces(shape, output.dtype(), self.room(), needs)? {
            let images = &prepared.segmented[range.clone()];
            // Partners outside the piece are sent along, behind it.
            let mut guests = HashMap::new();
            let mut end = (range.len() * image_bytes).next_multiple_of(4);
            for partner in partners(images).filter(|p| !range.contains(p)) {
                guests.entry(partner).or_insert_with(|| {
                    let at = end;
                    end = (end + image_bytes).next_multiple_of(4);
                    at
                });
            }
            let usage = Usage::STORAGE | Usage::COPY_DST;
            let source = self.pool.take(&self.device, "images", end as u64, usage)?;
            let bytes = range.len() * output_bytes;
            let destination =
                self.pool.take(&self.device, "augmented images", bytes as u64, Usage::STORAGE | Usage::COPY_SRC)?;
            self.write(&source, 0, &batch.data()[range.start * image_bytes..range.end * image_bytes], report);
            for (&partner, &at) in &guests {
                self.write(&source, at as u64, batch.image_bytes(partner), report);
            }
            let sources: Vec<u32> = (0..range.len()).map(|i| (i * image_bytes) as u32).collect();
            let place = |partner: usize| match guests.get(&partner) {
                Some(&at) => at as u32,
                None => ((partner - range.start) * image_bytes) as u32,
            };
            let piece = Piece {
                images,
                normalize: prepared.normalize,
                shape,
                layout: batch.layout(),
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
            report.bytes_downloaded += bytes as u64;
            self.pool.give([source, destination]);
        }
        Ok(Tensor { shape, layout: output.layout(batch.layout()), data })
    }

    /// Device memory in, device memory out.
    pub(super) fn on_device(
        &self,
        batch: &GpuBatch,
        plan: &Plan,
        output: &Output,
        buffer: &wgpu::Buffer,
        offset: u64,
        report: &mut Report,
    ) -> Result<()> {
        use wgpu::BufferUsages as Usage;
        let shape = batch.shape();
        let image_bytes = shape.values_per_image();
        let output_bytes = image_bytes * output.dtype().bytes();
        let alignment = u64::from(self.device.limits().min_storage_buffer_offset_alignment);
        // Bindings begin at multiples of the alignment; up to as much is bound in vain.
        let (prepared, tables) = self.prepare(plan, shape, output)?;
        let operations = self.operations(plan);
        let needs = Needs { slack: alignment, with_guests: false, with_middles: prepared.stores_between() };
        for range in pieces(shape, output.dtype(), self.room(), needs)? {
            let images = &prepared.segmented[range.clone()];
            let (source, first_byte) = window(batch.buffer(), batch.offset(), &range, image_bytes, alignment);
            let (destination, first_out) = window(buffer, offset, &range, output_bytes, alignment);
            let sources: Vec<u32> = (0..range.len()).map(|i| (first_byte + i * image_bytes) as u32).collect();
            let guests: Vec<usize> = partners(images).filter(|p| !range.contains(p)).collect();
            let home = |partner: usize| (first_byte + (partner - range.start) * image_bytes) as u32;
            let given = Given { source, partners: source, tables: Part::whole(&tables), destination };
            let mut piece = Piece {
                images,
                normalize: prepared.normalize,
                shape,
                layout: batch.layout(),
                output,
                sources: &sources,
                partner: &home,
                first_value: first_out / output.dtype().bytes(),
                operations: &operations,
            };
            if guests.is_empty() {
                self.run(&piece, given, report)?;
                continue;
            }
            // Some partner is in another piece: all partners of this one are gathered, each at its byte within a word.
            if !batch.buffer().usage().contains(Usage::COPY_SRC) {
                let message = "SamplePairing across pieces of a large batch needs the usage COPY_SRC".to_string();
                return Err(Error::Buffer(message));
            }
            let slot = image_bytes.next_multiple_of(4) + 8;
            let mut places = HashMap::new();
            for partner in partners(images) {
                let next = places.len() * slot;
                places.entry(partner).or_insert(next);
            }
            let gathered = self.pool.take(
                &self.device,
                "partners",
                (places.len() * slot) as u64,
                Usage::STORAGE | Usage::COPY_DST,
            )?;
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for (&partner, at) in &mut places {
                let first = batch.offset() + (partner * image_bytes) as u64;
                let from = first / 4 * 4;
                let size = ((first + image_bytes as u64).next_multiple_of(4) - from).min(batch.buffer().size() - from);
                encoder.copy_buffer_to_buffer(batch.buffer(), from, &gathered, *at as u64, size);
                *at += (first - from) as usize;
            }
            self.queue.submit([encoder.finish()]);
            let place = |partner: usize| places.get(&partner).map_or(0, |&at| at as u32);
            piece.partner = &place;
            self.run(&piece, Given { partners: Part::whole(&gathered), ..given }, report)?;
            self.pool.give([gathered]);
        }
        Ok(())
    }

    /// Bytes that one binding may have.
    fn room(&self) -> u64 {
        let limits = self.device.limits();
        limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(u64::from(u32::MAX))
    }
}

/// The images that others are mixed with.
fn partners(images: &[Vec<Segment>]) -> impl Iterator<Item = usize> + '_ {
    images.iter().flatten().flat_map(Segment::partners)
}

/// What decides how many images make a piece, besides their size.
struct Needs {
    /// Bytes of every binding that are lost to alignment.
    slack: u64,
    /// Whether a partner from elsewhere may have to come along with each image.
    with_guests: bool,
    /// Whether there are intermediate images.
    with_middles: bool,
}

/// Cuts a batch into ranges of images whose buffers fit `room` bytes each.
fn pieces(shape: Shape, dtype: Dtype, room: u64, needs: Needs) -> Result<Vec<Range<usize>>> {
    let values = shape.values_per_image() as u64;
    let pixels = shape.height * shape.width;
    let input = if needs.with_guests { 2 * values + 8 } else { values };
    // As if every image had one.
    let middle = if needs.with_middles { 4 * middle_words(pixels) as u64 } else { 0 };
    let largest = input.max(values * dtype.bytes() as u64).max(middle);
    let room = room.saturating_sub(needs.slack + 16);
    let most = room / largest;
    if most == 0 && shape.images > 0 {
        return Err(Error::DeviceLimit { what: "one image", needed: largest, limit: room });
    }
    Ok((0..shape.images).step_by(most.max(1) as usize).map(|a| a..shape.images.min(a + most as usize)).collect())
}

/// The part of a buffer with these images, from a place that may be bound, and the byte of the first image in it.
fn window<'a>(
    buffer: &'a wgpu::Buffer,
    offset: u64,
    range: &Range<usize>,
    image_bytes: usize,
    alignment: u64,
) -> (Part<'a>, usize) {
    let first = offset + (range.start * image_bytes) as u64;
    let end = (offset + (range.end * image_bytes) as u64).next_multiple_of(4).min(buffer.size());
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
