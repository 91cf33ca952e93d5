//! Readback: bytes on their way from the device, and a batch whose bytes are.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use super::buffers::Held;
use super::context::Context;
use super::mapped::Mapped;
#[cfg(not(target_arch = "wasm32"))]
use super::waiting;
use crate::error::Result;
use crate::output::{Tensor, TensorMut};
use crate::report::Report;

/// Bytes that were copied to memory of their own, which is being mapped.
///
/// Dropped before they have come, the memory goes with it instead of being used again: mapping cannot be taken back so
/// surely that a later one would not be told too early.
#[derive(Debug)]
struct Readback {
    buffer: Held,
    mapped: Mapped,
}

/// Memory that bytes are copied to in a submission that is not yet made.
pub(crate) struct Landing(Held);

impl Landing {
    /// Memory to copy this many bytes to.
    pub fn new(context: &Context, bytes: u64) -> Result<Self> {
        use wgpu::BufferUsages as Usage;
        Ok(Landing(context.pool.take("what is fetched at once", bytes, Usage::MAP_READ | Usage::COPY_DST)?))
    }

    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.0
    }
}

/// Results on their way to host memory. Whoever waits for them says where they go, which is the same memory each time.
pub(crate) struct Coming {
    context: Context,
    /// What comes, in order, and which bytes of the result it is.
    parts: VecDeque<(Range<usize>, Readback)>,
    pub report: Report,
}

impl Coming {
    /// Results of which nothing was submitted yet.
    pub fn new(context: &Context, report: Report) -> Self {
        Coming { context: context.clone(), parts: VecDeque::new(), report }
    }

    /// Has these bytes of the result come once what was submitted is done.
    pub fn expect(&mut self, range: Range<usize>, landing: Landing) {
        let mapped = Mapped::ask(landing.buffer(), wgpu::MapMode::Read);
        self.parts.push_back((range, Readback { buffer: landing.0, mapped }));
    }

    /// Waits until no more than `most` parts are still coming, and writes the others to `result`.
    pub async fn fetch_all_but(&mut self, most: usize, result: &mut [u8]) -> Result<()> {
        let Context { device, loss, pool, .. } = &self.context;
        while self.parts.len() > most {
            let Some((range, part)) = self.parts.pop_front() else { break };
            part.mapped.wait(device, loss).await?;
            let bytes = range.len().next_multiple_of(4) as u64;
            let copied = part.buffer.get_mapped_range(..bytes).map(|view| {
                result[range.clone()].copy_from_slice(&view[..range.len()]);
            });
            if let Err(e) = copied {
                return Err(self.context.not_mapped(&e.to_string()).await);
            }
            part.buffer.unmap();
            pool.give(part.buffer);
        }
        Ok(())
    }
}

/// A batch that was submitted and may not be done: [`Gpu::begin`](crate::Gpu::begin) made it, [`Pending::wait`] and
/// [`Pending::fetch`] have the result.
///
/// It does not borrow the GPU and may be waited for in any order, in another thread, or not at all: dropped, the work
/// is done all the same and its result goes nowhere.
#[must_use = "call `wait` or `fetch` to get the result"]
pub struct Pending {
    pub(crate) coming: Coming,
    pub(crate) tensor: Tensor,
}

impl Pending {
    /// Waits for the device and returns the images, and what they cost. Blocks this thread; see [`Pending::fetch`].
    ///
    /// # Errors
    /// [`Error::DeviceLost`](crate::Error::DeviceLost), [`Error::Device`](crate::Error::Device).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn wait(self) -> Result<(Tensor, Report)> {
        waiting::block_on(self.fetch())
    }

    /// The images, and what they cost, once the device is done.
    ///
    /// # Errors
    /// Those of [`Pending::wait`].
    pub async fn fetch(mut self) -> Result<(Tensor, Report)> {
        self.coming.fetch_all_but(0, TensorMut::from(&mut self.tensor.data).into_bytes()).await?;
        Ok((self.tensor, self.coming.report))
    }

    /// Whether [`Pending::wait`] would return at once.
    ///
    /// # Errors
    /// Those of [`Pending::wait`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn is_done(&self) -> Result<bool> {
        let Coming { context, parts, .. } = &self.coming;
        let Context { device, loss, .. } = context;
        if let Err(e) = device.poll(wgpu::PollType::Poll) {
            return Err(waiting::block_on(context.not_mapped(&e.to_string())));
        }
        loss.check()?;
        // Work is done in the order in which it was submitted.
        parts.back().map_or(Ok(true), |(_, last)| waiting::block_on(last.mapped.is_done(device, loss)))
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.coming.parts.len();
        f.debug_struct("Pending").field("shape", &self.tensor.shape).field("parts", &parts).finish_non_exhaustive()
    }
}
