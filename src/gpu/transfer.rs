//! Transfer: batches to the device and back, in chunks if they exceed its limits.

use std::ops::Range;

use super::batch::{GpuBatch, GpuImages, GpuRaggedBatch};
use super::compile::chunks::{ChunkLimits, chunks};
use super::compile::commands::{Chunk, WholeBatch};
use super::compile::host::{HostImages, Sent, partners, span};
use super::compile::schedule::Sources;
use super::compile::written::Written;
use super::device::buffers::PooledBuffer;
use super::device::context::Context;
use super::device::readback::{InFlight, ReadbackBuffer};
#[cfg(not(target_arch = "wasm32"))]
use super::device::waiting::block_on;
use super::device::workspace::BufferPart;
use super::run::{Origin, Target};
use super::{Gpu, Inner};
use crate::batch::{Batch, Images, Place, RaggedBatch, Shape};
use crate::error::{Error, Result};
use crate::output::{Dtype, Output, Tensor, TensorData, TensorMut};
use crate::plan::{CheckedPlan, Plan};
use crate::report::Report;

/// The usage of buffers of whole batches.
pub(super) const BATCH: &str = "batch";

/// The number of chunks of one batch on the device at the same time.
const IN_FLIGHT: usize = 2;

/// Kernels can read and write them, and copies can start and end there.
pub(super) fn storage() -> wgpu::BufferUsages {
    wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST
}

impl Gpu {
    /// The device's limits of a chunk, for images from host memory or on the device.
    pub(super) fn chunk_limits(&self, from_host: bool) -> ChunkLimits {
        let Context { device, allocator, .. } = &self.inner.context;
        let limits = device.limits();
        let alignment = u64::from(limits.min_storage_buffer_offset_alignment);
        ChunkLimits::new(allocator.bindable(), limits.max_buffer_size, alignment, from_host)
    }

    /// Uploads a batch to the device.
    ///
    /// # Errors
    /// [`Error::DeviceLimit`], [`Error::OutOfMemory`], [`Error::Device`], [`Error::DeviceLost`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn upload(&self, batch: &Batch<'_>) -> Result<GpuBatch> {
        block_on(self.upload_async(batch))
    }

    /// Sends a batch to the device, as [`Gpu::upload`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::upload`].
    pub async fn upload_async(&self, batch: &Batch<'_>) -> Result<GpuBatch> {
        let buffer = self.upload_bytes(&[Written::bytes(0, batch.data())]).await?.release();
        Ok(GpuBatch::new(buffer, 0, batch.shape(), batch.layout(), Dtype::U8)?.with_origin_pool(self.pool()))
    }

    /// Uploads images of different sizes to the device, each at the same byte as in host memory.
    ///
    /// # Errors
    /// Those of [`Gpu::upload`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn upload_ragged(&self, batch: &RaggedBatch<'_>) -> Result<GpuRaggedBatch> {
        block_on(self.upload_ragged_async(batch))
    }

    /// Sends images of different sizes to the device, as [`Gpu::upload_ragged`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::upload`].
    pub async fn upload_ragged_async(&self, batch: &RaggedBatch<'_>) -> Result<GpuRaggedBatch> {
        let places = batch.sizes().iter().zip(batch.offsets()).map(|(&size, &offset)| Place { offset, size });
        let buffer = self.upload_bytes(&[Written::bytes(0, batch.data())]).await?.release();
        GpuRaggedBatch::new(buffer, &places.collect::<Vec<_>>(), batch.channels())
    }

    /// Uploads bytes to a buffer of their own.
    pub(crate) async fn upload_bytes(&self, written: &[Written<'_>]) -> Result<PooledBuffer> {
        let Inner { context, staging, .. } = &*self.inner;
        let bytes = written.iter().map(Written::end).max().unwrap_or(0);
        let sent = async {
            let buffer = context.guarded(|| context.pool.take(BATCH, bytes as u64, storage())).await?;
            staging.send(context, &buffer, 0, written).await?;
            Ok(buffer)
        };
        self.forget_if_refused(sent.await)
    }

    /// Takes back a buffer after the submission of all work that reads it.
    pub(crate) fn return_buffer(&self, buffer: PooledBuffer) {
        self.pool().give(buffer);
    }

    /// Downloads a batch from the device, and waits for it.
    ///
    /// # Errors
    /// [`Error::Buffer`] if the buffer lacks the usage `COPY_SRC`, and those of [`Gpu::upload`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn download(&self, batch: &GpuBatch) -> Result<Tensor> {
        block_on(self.download_async(batch))
    }

    /// Fetches a batch from the device, as [`Gpu::download`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::download`].
    pub async fn download_async(&self, batch: &GpuBatch) -> Result<Tensor> {
        if !batch.buffer().usage().contains(wgpu::BufferUsages::COPY_SRC) {
            return Err(Error::Buffer(format!("usage {:?} lacks COPY_SRC", batch.buffer().usage())));
        }
        let data = TensorData::zeros(batch.dtype(), batch.shape().values())?;
        let mut tensor = Tensor { shape: batch.shape(), layout: batch.layout(), data };
        let result = TensorMut::from(&mut tensor.data).into_bytes();
        let bytes = result.len();
        let context = &self.inner.context;
        let Context { device, queue, .. } = context;
        let mut in_flight = InFlight::new(context, Report::default());
        let most = device.limits().max_buffer_size.min(1 << 30) as usize / 16 * 16;
        for start in (0..bytes).step_by(most) {
            let range = start..bytes.min(start + most);
            in_flight.fetch_all_but(IN_FLIGHT - 1, result).await?;
            let submitted = || {
                let size = range.len().next_multiple_of(4) as u64;
                let readback = ReadbackBuffer::new(context, size)?;
                let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                let from = batch.offset() + start as u64;
                encoder.copy_buffer_to_buffer(batch.buffer(), from, readback.buffer(), 0, size);
                queue.submit([encoder.finish()]);
                Ok(readback)
            };
            let readback = context.guarded(submitted).await;
            in_flight.push(range, self.forget_if_refused(readback)?);
        }
        in_flight.fetch_all_but(0, result).await?;
        Ok(tensor)
    }

    /// Host memory in, host memory out: `result` has the first parts of the result then, and gets the others once they
    /// have come.
    pub(super) async fn through_host(
        &self,
        batch: Images<'_>,
        plan: CheckedPlan<'_>,
        output: &Output,
        result: &mut [u8],
    ) -> Result<InFlight> {
        let (shape, plan) = (batch.shape(plan.size()), plan.plan());
        let host = HostImages::new(batch);
        let placed = &host.placement();
        let output_bytes = shape.values_per_image() * output.dtype().bytes();
        let mut in_flight = InFlight::new(&self.inner.context, Report::of(self.description(), plan));
        let (prepared, tables) = self.prepare(plan, placed, output, &mut in_flight.report).await?;
        let operations = self.inner.seen.with(plan);
        let whole = WholeBatch { prepared: &prepared, shape, layout: placed.layout, output, operations: &operations };
        // Refuses impossible work before it takes memory.
        for range in chunks(placed, &prepared.segmented, output_bytes, &self.chunk_limits(true))? {
            let images = prepared.segmented.images(range.clone());
            let sent = Sent::of(placed, &range, images);
            let mut written = host.written(&range);
            written.extend(sent.foreign.iter().map(|&(partner, at)| host.image(partner, at)));
            let work = {
                let place = |partner: usize| sent.partner(placed, partner);
                let places = Sources { images: &sent.sources, partners: &place };
                self.commands(&Chunk::of(&whole, range.clone(), places, 0))?
            };
            let made = range.start * output_bytes..range.end * output_bytes;
            // While the device is at one chunk the next is sent; more would only take more memory.
            in_flight.fetch_all_but(IN_FLIGHT - 1, result).await?;
            let to = Target::Host(made.len() as u64);
            let from = Origin::Host(&written);
            if let Some(readback) = self.run(work, &tables, &from, to, &mut in_flight.report).await? {
                in_flight.push(made, readback);
            }
        }
        Ok(in_flight)
    }

    /// From device memory to device memory.
    pub(super) async fn on_device(
        &self,
        batch: GpuImages<'_>,
        plan: &Plan,
        into: Destination<'_>,
        report: &mut Report,
    ) -> Result<()> {
        let Destination { buffer, offset, shape, output, transient } = into;
        let placed = &batch.placement;
        let output_bytes = shape.values_per_image() * output.dtype().bytes();
        let alignment = u64::from(self.inner.context.device.limits().min_storage_buffer_offset_alignment);
        let (prepared, tables) = self.prepare(plan, placed, output, report).await?;
        let operations = self.inner.seen.with(plan);
        let whole = WholeBatch { prepared: &prepared, shape, layout: placed.layout, output, operations: &operations };
        for range in chunks(placed, &prepared.segmented, output_bytes, &self.chunk_limits(false))? {
            let images = prepared.segmented.images(range.clone());
            let bytes = span(placed, &range);
            let (source, first_byte) = window(batch.buffer, batch.offset, &bytes, alignment);
            let made = range.start * output_bytes..range.end * output_bytes;
            let (destination, first_out) = window(buffer, offset, &made, alignment);
            // Where some partner is in another chunk, all partners of this one are brought together.
            let gathered = match partners(images).all(|partner| range.contains(&partner)) {
                true => None,
                false => Some(self.gather(&batch, partners(images)).await?),
            };
            let work = {
                let place_of = |image: usize| (placed.range(image).start - bytes.start + first_byte) as u32;
                // Threads share the places alone: in a browser they may not share a buffer.
                let gathered_places = gathered.as_ref().map(|gathered| &gathered.places);
                let place = |partner: usize| match gathered_places {
                    None => place_of(partner),
                    Some(places) => places.get(&partner).copied().unwrap_or(0),
                };
                let sources: Vec<u32> = range.clone().map(place_of).collect();
                let places = Sources { images: &sources, partners: &place };
                self.commands(&Chunk::of(&whole, range.clone(), places, first_out / output.dtype().bytes()))?
            };
            let from = Origin::Device { images: source, partners: gathered.as_ref() };
            self.run(work, &tables, &from, Target::Device { images: destination, transient }, report).await?;
            if let Some(gathered) = gathered {
                self.return_buffer(gathered.buffer);
            }
        }
        Ok(())
    }
}

/// The caller's memory, and the results to be written there.
#[derive(Clone, Copy)]
pub(super) struct Destination<'a> {
    pub buffer: &'a wgpu::Buffer,
    pub offset: u64,
    pub shape: Shape,
    pub output: &'a Output,
    /// The buffer was made for this and is not used again.
    pub transient: bool,
}

/// These bytes of a buffer after `offset`, from a place that can be bound, and the place of the first byte there.
pub(super) fn window<'a>(
    buffer: &'a wgpu::Buffer,
    offset: u64,
    bytes: &Range<usize>,
    alignment: u64,
) -> (BufferPart<'a>, usize) {
    let first = offset + bytes.start as u64;
    let end = (offset + bytes.end as u64).next_multiple_of(4).min(buffer.size());
    let from = first / alignment * alignment;
    (BufferPart { buffer, offset: from, size: end - from }, (first - from) as usize)
}
