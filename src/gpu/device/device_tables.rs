//! Device tables: the tables on the device, which all batches look up, and which start afresh where they have grown too
//! large.

use super::buffers::{Allocator, Held};
use super::context::Context;
use super::staging::{SHARE, Staging};
use super::written::Written;
use crate::error::{Error, Result};
use crate::gpu::compile::tables::Tables;

/// Bytes of the tables' buffer at first.
pub(crate) const FIRST_TABLES: u64 = 256 << 10;

/// Bytes of tables that are kept. All policies and schemes with fixed magnitudes together take less than half of it;
/// magnitudes drawn from a continuum fill it in some 30 batches of 256 images.
const KEPT_TABLES: u64 = 8 << 20;

/// The tables on the host, and what of them is on the device.
#[derive(Debug, Default)]
pub(crate) struct DeviceTables {
    host: Tables,
    buffer: Option<Held>,
    /// Bytes that were sent there.
    sent: usize,
}

impl DeviceTables {
    /// What `f` makes of the tables, to which it may add. Where they become more than is kept they start afresh, with
    /// what `f` adds alone: in a new buffer, as what others have prepared looks up the old one's.
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

    /// The tables' buffer, with all that is on the host, and how many bytes were sent for that: as a rule none, once
    /// every alpha was seen. After an error there is no buffer, and the next one gets all words.
    pub async fn on_device(&mut self, context: &Context, staging: &Staging) -> Result<(wgpu::Buffer, u64)> {
        let bytes: &[u8] = bytemuck::cast_slice(self.host.words());
        let room = |b: &Held| b.size() >= bytes.len() as u64;
        let buffer = match self.buffer.take().filter(room) {
            Some(buffer) => buffer,
            None => {
                self.sent = 0;
                let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
                // Twice what is needed now, so that growing stays rare; no preset's policy exceeds the first size.
                let (needed, limit) = (bytes.len() as u64, context.allocator.bindable());
                if needed > limit {
                    return Err(Error::DeviceLimit { what: "the tables of all blends", needed, limit });
                }
                let size = (2 * needed).max(FIRST_TABLES).min(KEPT_TABLES.min(limit)).max(needed);
                context.guarded(|| context.allocator.make("tables", size, usage, false)).await?
            }
        };
        let new = bytes.get(self.sent..).unwrap_or_default();
        // No more at once than one thread writes: whoever waits for other threads of rayon may be given another batch
        // to begin, which would wait for this lock.
        for (i, new) in new.chunks(SHARE).enumerate() {
            staging.send(context, &buffer, (self.sent + i * SHARE) as u64, &[Written::bytes(0, new)]).await?;
        }
        self.sent = bytes.len();
        let handle = (*buffer).clone();
        self.buffer = Some(buffer);
        Ok((handle, new.len() as u64))
    }
}
