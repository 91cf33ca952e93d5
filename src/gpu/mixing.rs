//! Mixing on the device: augmented bytes become mixed and normalized values in one dispatch per chunk.
//!
//! MixUp's products are looked up. For each weight and channel, this code makes 256 products of an image's bytes and
//! 256 of its partner's, as the host does. One sum per value remains, which the kernel computes with integers
//! (`shaders/arithmetic/binary32.wgsl`). The products follow the records of the images, in place of programs. A batch
//! with one lambda uploads 6 KiB of them.
//!
//! # Tried
//! * *The device's own sum* instead of integers. WGSL does not fix the rounding of a sum or the result for subnormal
//!   numbers, which weights near 0 produce. Predicted for integers: hardly slower, because four look-ups per value are
//!   most of the work. Measured on lavapipe, for 64 images of 224 x 224: integers take 1.01 to 1.21 times as long for
//!   MixUp, in f16 and f32. Kept, because the bits are then the host's on every device.

use std::ops::Range;

use super::batch::{GpuBatch, GpuImages, check_apart, check_bytes, check_room};
use super::compile::chunks::{ChunkSize, cut};
use super::compile::commands::{PARAMETERS_STRIDE, Role};
use super::compile::host::span;
use super::compile::mixing::{BINDINGS, MixChunk, MixCommand, RECORD_WORDS, value};
use super::compile::schedule::Kernel;
use super::compile::written::Written;
use super::device::context::Context;
#[cfg(not(target_arch = "wasm32"))]
use super::device::waiting::block_on;
use super::device::workspace::{BufferPart, ExternalBuffers, Purpose};
use super::transfer::{Destination, window};
use super::{Gpu, Inner};
use crate::batch::{Placement, Shape};
use crate::error::{Error, Result};
use crate::mixing::{MixPlan, MixedImage};
use crate::output::{Dtype, Form, Output};
use crate::report::Report;

/// 2^126. Below it a sum of two is finite.
const LARGEST: f32 = 8.507_059e37;

impl Gpu {
    /// Mixes augmented bytes on the device. The result stays there in the form of `output`, in a new buffer or in one
    /// from [`Gpu::recycle`]. The bits are those of [`MixPlan::apply`] on the normalized images.
    ///
    /// Returns after the submission. Later submissions to the queue see the result.
    ///
    /// # Errors
    /// Those of [`MixPlan::check`] and [`Gpu::upload`]. [`Error::Buffer`] if the batch is not u8. [`Error::Output`] for
    /// MixUp with u8 output, or with normalized values of 2^126 and more.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn mix(&self, batch: &GpuBatch, plan: &MixPlan, output: &Output) -> Result<(GpuBatch, Report)> {
        block_on(self.mix_async(batch, plan, output))
    }

    /// Mixes images, as [`Gpu::mix`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::mix`].
    pub async fn mix_async(&self, batch: &GpuBatch, plan: &MixPlan, output: &Output) -> Result<(GpuBatch, Report)> {
        let shape = batch.shape();
        check(batch, plan, output)?;
        let (buffer, transient) = self.result_buffer(shape, output).await?;
        let into = Destination { buffer: &buffer, offset: 0, shape, output, transient };
        let report = self.forget_if_refused(self.mix_to(batch, plan, into).await)?;
        let layout = output.layout(batch.layout());
        let mixed = GpuBatch::new(buffer.release(), 0, shape, layout, output.dtype())?;
        Ok((mixed.with_origin_pool(self.pool()), report))
    }

    /// Mixes images into memory that the caller owns, contiguous from byte `offset` of `buffer`. Other bytes are not
    /// touched.
    ///
    /// # Errors
    /// Those of [`Gpu::mix`]. [`Error::Buffer`] if `offset` is not a multiple of 4, or if the buffer is too small, is
    /// the input, or lacks the usage `STORAGE`.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn mix_into(
        &self,
        batch: &GpuBatch,
        plan: &MixPlan,
        output: &Output,
        buffer: &wgpu::Buffer,
        offset: u64,
    ) -> Result<Report> {
        block_on(self.mix_into_async(batch, plan, output, buffer, offset))
    }

    /// Mixes images into the caller's memory, as [`Gpu::mix_into`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::mix_into`].
    pub async fn mix_into_async(
        &self,
        batch: &GpuBatch,
        plan: &MixPlan,
        output: &Output,
        buffer: &wgpu::Buffer,
        offset: u64,
    ) -> Result<Report> {
        let shape = batch.shape();
        check(batch, plan, output)?;
        check_room(buffer, offset, shape, output.dtype())?;
        check_apart(batch.buffer(), buffer)?;
        let into = Destination { buffer, offset, shape, output, transient: false };
        self.forget_if_refused(self.mix_to(batch, plan, into).await)
    }

    async fn mix_to(&self, batch: &GpuBatch, plan: &MixPlan, into: Destination<'_>) -> Result<Report> {
        let images = plan.images().len();
        let mut report = Report { device: self.description(), images, ..Report::default() };
        let (normalize, tables, sent) = self.with_tables(|tables| tables.normalize(into.output.form())).await?;
        report.bytes_uploaded += sent;
        for range in self.mixed_chunks(plan, into.shape, into.output)? {
            report.bytes_uploaded += self.mix_chunk(batch, plan, &range, &into, normalize, &tables).await?;
            report.chunks += 1;
            report.dispatches += 1;
            let images = &plan.images()[range];
            // Of a cut image each value is read once, of a sum two.
            let read = images.len() + images.iter().filter(|image| image.rectangle.is_none()).count();
            report.bytes_read += (read * into.shape.values_per_image()) as u64;
            let written = images.len() * into.shape.values_per_image() * into.output.dtype().bytes();
            report.bytes_written += written as u64;
        }
        Ok(report)
    }

    /// Cuts a batch into ranges of images whose buffers can be bound: images, all images from the first partner to the
    /// last, products, and results.
    fn mixed_chunks(&self, plan: &MixPlan, shape: Shape, output: &Output) -> Result<Vec<Range<usize>>> {
        let values = shape.values_per_image();
        let room = |image: &MixedImage| ChunkSize {
            bytes: image.partner * values..(image.partner + 1) * values,
            commands: 4 * (RECORD_WORDS + 2 * 768) + 2 * PARAMETERS_STRIDE,
            outputs: values * output.dtype().bytes(),
            ..ChunkSize::default()
        };
        cut(plan.images().iter().map(room), &self.chunk_limits(false))
    }

    /// Mixes one chunk. Returns the number of uploaded bytes.
    async fn mix_chunk(
        &self,
        batch: &GpuBatch,
        plan: &MixPlan,
        range: &Range<usize>,
        into: &Destination<'_>,
        normalize: u32,
        tables: &wgpu::Buffer,
    ) -> Result<u64> {
        let Inner { context, pipelines, workspaces, staging, .. } = &*self.inner;
        let Context { device, queue, allocator, .. } = context;
        let Destination { shape, output, transient, .. } = *into;
        let images = &plan.images()[range.clone()];
        let placed = Placement::uniform(shape, batch.layout());
        let alignment = u64::from(device.limits().min_storage_buffer_offset_alignment);
        let (source, first_byte) = window(batch.buffer(), batch.offset(), &span(&placed, range), alignment);
        let first_partner = images.iter().map(|image| image.partner).min().unwrap_or(0);
        let last_partner = images.iter().map(|image| image.partner).max().unwrap_or(0);
        let partner_bytes = span(&placed, &(first_partner..last_partner + 1));
        let (partners, first_partner_byte) = window(batch.buffer(), batch.offset(), &partner_bytes, alignment);
        let bytes = output.dtype().bytes();
        let values = shape.values_per_image();
        let made = range.start * values * bytes..range.end * values * bytes;
        let (destination, first_out) = window(into.buffer, into.offset, &made, alignment);

        let work = MixCommand::of(&MixChunk {
            images,
            shape,
            layout: batch.layout(),
            output,
            normalize,
            source: first_byte,
            partner: &|partner| first_partner_byte + (partner - first_partner) * values,
            first_value: first_out / bytes,
        });
        let programs: &[u8] = bytemuck::cast_slice(&work.programs);
        let parameters_at = programs.len().next_multiple_of(PARAMETERS_STRIDE);
        let commands_bytes = (parameters_at + PARAMETERS_STRIDE) as u64;
        let slot = staging.take(context, commands_bytes).await?;
        let parameters = Written::bytes(parameters_at, bytemuck::cast_slice(&work.parameters));
        slot.write(context, &[Written::bytes(0, programs), parameters]).await?;

        let mut workspace = workspaces.take();
        let submitted = || {
            slot.buffer.unmap();
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let commands = workspace.room(allocator, Purpose::Programs, commands_bytes)?;
            encoder.copy_buffer_to_buffer(&slot.buffer, 0, &commands, 0, commands_bytes);
            let external =
                ExternalBuffers { source, partners, tables: BufferPart::whole(tables), destination, transient };
            workspace.uses(&external);
            let part = |role| match role {
                Role::Partners => partners,
                Role::Programs => BufferPart::whole(&commands),
                Role::Tables => BufferPart::whole(tables),
                Role::Destination => destination,
                Role::Parameters => BufferPart { buffer: &commands, offset: 0, size: PARAMETERS_STRIDE as u64 },
                Role::Source | Role::Intermediate(_) | Role::Counts => source,
            };
            let parts = BINDINGS.map(|(binding, role)| (binding, role, part(role)));
            let group = workspace.group(context, pipelines, Kernel::Apply, &parts, transient);
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&pipelines.mixing(device, &work.variant, &allocator.counters));
            pass.set_bind_group(0, &group, &[parameters_at as u32]);
            let [x, y, z] = work.grid;
            pass.dispatch_workgroups(x, y, z);
            drop(pass);
            queue.submit([encoder.finish()]);
            Ok(())
        };
        context.guarded(submitted).await?;
        workspaces.keep(workspace);
        staging.give(context, slot).await?;
        Ok((programs.len() + PARAMETERS_STRIDE) as u64)
    }
}

impl GpuImages<'_> {
    /// Refuses to write the results over the sources, before the sources are augmented.
    #[cfg(feature = "loader")]
    pub(crate) fn check_apart(&self, output: &wgpu::Buffer) -> Result<()> {
        check_apart(self.buffer, output)
    }
}

/// Refuses inputs that [`Gpu::mix`] cannot mix.
fn check(batch: &GpuBatch, plan: &MixPlan, output: &Output) -> Result<()> {
    plan.check(batch.shape())?;
    output.check()?;
    check_bytes(batch.dtype())?;
    match output.form() {
        Form::U8 => plan.check_cuts_only(),
        Form::F32(normalize) | Form::F16(normalize) => {
            let is_half = output.dtype() == Dtype::F16;
            let values = (0..batch.shape().channels).flat_map(|c| [0, 255].map(|v| value(&normalize, is_half, c, v)));
            match values.into_iter().find(|v| v.abs() >= LARGEST) {
                None => Ok(()),
                Some(bad) => {
                    Err(Error::Output(format!("mixing needs values below 2^126, and mean and std make {bad}")))
                }
            }
        }
    }
}
