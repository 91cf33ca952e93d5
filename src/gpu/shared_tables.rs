//! Shared tables: the tables on the device, which all batches look up.

use super::Gpu;
use super::buffers::Held;
use super::staging::SHARE;
use super::tables::Tables;
use crate::error::Result;

/// Bytes of the tables' buffer at first.
pub(super) const FIRST_TABLES: u64 = 256 << 10;

/// The tables on the host, and what of them is on the device.
#[derive(Debug, Default)]
pub(super) struct SharedTables {
    pub host: Tables,
    buffer: Option<Held>,
    /// Bytes that were sent there.
    sent: usize,
}

impl SharedTables {
    /// The tables' buffer, with all that is on the host, and how many bytes were sent for that: as a rule none, once every
    /// alpha was seen. After an error there is no buffer, and the next one gets all words.
    pub fn on_device(&mut self, gpu: &Gpu) -> Result<(wgpu::Buffer, u64)> {
        let bytes: &[u8] = bytemuck::cast_slice(self.host.words());
        let room = |b: &Held| b.size() >= bytes.len() as u64;
        let buffer = match self.buffer.take().filter(room) {
            Some(buffer) => buffer,
            None => {
                self.sent = 0;
                let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
                // Twice what is needed now, so that growing stays rare; no preset's policy exceeds the first size.
                let limit = gpu.device.limits().max_storage_buffer_binding_size / 4 * 4;
                let size = (2 * bytes.len() as u64).max(FIRST_TABLES).min(limit).max(bytes.len() as u64);
                gpu.guarded(|| gpu.allocator.make("tables", size, usage, false))?
            }
        };
        let new = bytes.get(self.sent..).unwrap_or_default();
        // No more at once than one thread writes: whoever waits for other threads of rayon may be given another batch to begin,
        // which would wait for this lock.
        for (i, new) in new.chunks(SHARE).enumerate() {
            gpu.send(&buffer, (self.sent + i * SHARE) as u64, new)?;
        }
        self.sent = bytes.len();
        let handle = (*buffer).clone();
        self.buffer = Some(buffer);
        Ok((handle, new.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_refusal_does_not_wait_for_the_tables() {
        let Ok(gpu) = Gpu::new() else { return };
        let _held = gpu.tables();
        let refused = gpu.guarded(|| Err::<(), _>(Error::OutOfMemory("a test".to_string())));
        assert_eq!(refused, Err(Error::OutOfMemory("a test".to_string())));
    }
}
