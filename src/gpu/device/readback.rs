//! Readback: downloads that are under way, and batches of them.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use super::buffers::PooledBuffer;
use super::context::Context;
use super::mapped::Mapped;
#[cfg(not(target_arch = "wasm32"))]
use super::waiting;
use crate::error::Result;
use crate::output::{Tensor, TensorMut};
use crate::report::Report;

/// Bytes in memory of their own, which is being mapped.
///
/// If it is dropped before the bytes arrive, the memory is dropped too and not reused. A canceled mapping could make a
/// later one complete too early.
#[derive(Debug)]
struct Readback {
    buffer: PooledBuffer,
    mapped: Mapped,
}

/// The target of a copy in a submission that is not yet made.
pub(crate) struct ReadbackBuffer(PooledBuffer);

impl ReadbackBuffer {
    /// Memory for a copy of this many bytes.
    pub fn new(context: &Context, bytes: u64) -> Result<Self> {
        use wgpu::BufferUsages as Usage;
        Ok(ReadbackBuffer(context.pool.take("what is fetched at once", bytes, Usage::MAP_READ | Usage::COPY_DST)?))
    }

    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.0
    }
}

/// Results on their way to host memory. The waiting caller gives their destination, the same memory each time.
pub(crate) struct InFlight {
    context: Context,
    /// The downloads in order, with their bytes of the result.
    chunks: VecDeque<(Range<usize>, Readback)>,
    pub report: Report,
}

impl InFlight {
    /// Results without submissions yet.
    pub fn new(context: &Context, report: Report) -> Self {
        InFlight { context: context.clone(), chunks: VecDeque::new(), report }
    }

    /// Adds a download of these bytes of the result, after the submitted work.
    pub fn push(&mut self, range: Range<usize>, readback: ReadbackBuffer) {
        let mapped = Mapped::ask(readback.buffer(), wgpu::MapMode::Read);
        self.chunks.push_back((range, Readback { buffer: readback.0, mapped }));
    }

    /// Waits until no more than `most` chunks are still in flight, and writes the others to `result`.
    pub async fn fetch_all_but(&mut self, most: usize, result: &mut [u8]) -> Result<()> {
        let Context { device, loss, pool, .. } = &self.context;
        while self.chunks.len() > most {
            let Some((range, chunk)) = self.chunks.pop_front() else { break };
            chunk.mapped.wait(device, loss).await?;
            let bytes = range.len().next_multiple_of(4) as u64;
            let copied = chunk.buffer.get_mapped_range(..bytes).map(|view| {
                result[range.clone()].copy_from_slice(&view[..range.len()]);
            });
            if let Err(e) = copied {
                return Err(self.context.not_mapped(&e.to_string()).await);
            }
            chunk.buffer.unmap();
            pool.give(chunk.buffer);
        }
        Ok(())
    }
}

/// A batch that was submitted and may not be done: [`Gpu::begin`](crate::Gpu::begin) made it, [`Pending::wait`] and
/// [`Pending::fetch`] have the result.
///
/// It does not borrow the GPU. You can wait for batches in any order, in another thread, or not at all. After a drop,
/// the work still runs, and its result is lost.
#[must_use = "call `wait` or `fetch` to get the result"]
pub struct Pending {
    pub(crate) in_flight: InFlight,
    pub(crate) tensor: Tensor,
}

impl Pending {
    /// Waits for the device and returns the images and their cost. Blocks this thread; see [`Pending::fetch`].
    ///
    /// # Errors
    /// [`Error::DeviceLost`](crate::Error::DeviceLost), [`Error::Device`](crate::Error::Device).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn wait(self) -> Result<(Tensor, Report)> {
        waiting::block_on(self.fetch())
    }

    /// The images and their cost, when the device is done.
    ///
    /// # Errors
    /// Those of [`Pending::wait`].
    pub async fn fetch(mut self) -> Result<(Tensor, Report)> {
        self.in_flight.fetch_all_but(0, TensorMut::from(&mut self.tensor.data).into_bytes()).await?;
        Ok((self.tensor, self.in_flight.report))
    }

    /// Whether [`Pending::wait`] would return immediately.
    ///
    /// # Errors
    /// Those of [`Pending::wait`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn is_done(&self) -> Result<bool> {
        let InFlight { context, chunks, .. } = &self.in_flight;
        let Context { device, loss, .. } = context;
        if let Err(e) = device.poll(wgpu::PollType::Poll) {
            return Err(waiting::block_on(context.not_mapped(&e.to_string())));
        }
        loss.check()?;
        // Work is done in the order in which it was submitted.
        chunks.back().map_or(Ok(true), |(_, last)| waiting::block_on(last.mapped.is_done(device, loss)))
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chunks = self.in_flight.chunks.len();
        f.debug_struct("Pending").field("shape", &self.tensor.shape).field("chunks", &chunks).finish_non_exhaustive()
    }
}
