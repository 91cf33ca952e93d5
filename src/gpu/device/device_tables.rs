//! Device tables: the tables of all batches on the device. They start empty again when they grow too large.

use super::buffers::{Allocator, PooledBuffer};
use super::context::Context;
use super::errors::Guarded;
use crate::error::{Error, Result};
use crate::gpu::compile::tables::Tables;

/// The first size of the tables' buffer, in bytes.
pub(crate) const FIRST_TABLES: u64 = 256 << 10;

/// The most bytes of tables. All policies and schemes with fixed magnitudes together take less than half of it.
/// Continuous magnitudes fill it in about 30 batches of 256 images.
const KEPT_TABLES: u64 = 8 << 20;

/// The tables on the host, and their uploaded part.
#[derive(Debug, Default)]
pub(crate) struct DeviceTables {
    host: Tables,
    buffer: Option<PooledBuffer>,
    /// Uploaded bytes.
    sent: usize,
}

impl DeviceTables {
    /// The result of `f` on the tables, to which it can add. If they exceed the limit, they start again with the values
    /// of `f` alone. They then have a new buffer, because prepared work of others uses the old one.
    pub fn with<T>(&mut self, allocator: &Allocator, f: impl Fn(&mut Tables) -> Result<T>) -> Result<T> {
        let kept = KEPT_TABLES.min(allocator.bindable());
        // A plan that alone has more than is kept leaves them so.
        if self.bytes() <= kept {
            let made = f(&mut self.host);
            if self.bytes() <= kept {
                return made;
            }
        }
        *self = DeviceTables::default();
        f(&mut self.host)
    }

    /// Bytes of all tables.
    pub fn bytes(&self) -> u64 {
        4 * self.host.words().len() as u64
    }

    /// Has all words of the host in the tables' buffer before the next submission. Settled, it is that buffer and the
    /// number of uploaded bytes. That number is usually 0 after every alpha was seen.
    ///
    /// It does not wait, so that a future that is not polled for long never keeps others from the tables. wgpu
    /// therefore stages the words itself.
    pub fn on_device(&mut self, context: &Context) -> Result<Guarded<(wgpu::Buffer, u64)>> {
        let bytes: &[u8] = bytemuck::cast_slice(self.host.words());
        let room = |b: &PooledBuffer| b.size() >= bytes.len() as u64;
        context.guard(|| {
            let buffer = match self.buffer.take().filter(room) {
                Some(buffer) => buffer,
                None => {
                    self.sent = 0;
                    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
                    // Twice the current need, so that growth stays rare. No preset's policy exceeds the first size.
                    let (needed, limit) = (bytes.len() as u64, context.allocator.bindable());
                    if needed > limit {
                        return Err(Error::DeviceLimit { what: "the tables of all blends", needed, limit });
                    }
                    let size = (2 * needed).max(FIRST_TABLES).min(KEPT_TABLES.min(limit)).max(needed);
                    context.allocator.make("tables", size, usage, false)?
                }
            };
            let new = bytes.get(self.sent..).unwrap_or_default();
            if !new.is_empty() {
                context.queue.write_buffer(&buffer, self.sent as u64, new);
            }
            self.sent = bytes.len();
            let handle = (*buffer).clone();
            self.buffer = Some(buffer);
            Ok((handle, new.len() as u64))
        })
    }

    /// Drops the buffer, which the device refused. The next one gets all words.
    pub fn forget_buffer(&mut self) {
        self.buffer = None;
    }
}
