//! Gather: partners that are in another piece of a large batch than the images mixed with them.

use std::collections::HashMap;

use super::Gpu;
use super::batch::GpuImages;
use crate::error::{Error, Result};

impl Gpu {
    /// Copies the images `partners` into one buffer, each at its byte within a word; says where each begins.
    pub(super) fn gather(
        &self,
        batch: &GpuImages<'_>,
        partners: impl Iterator<Item = usize>,
    ) -> Result<(wgpu::Buffer, HashMap<usize, u32>)> {
        use wgpu::BufferUsages as Usage;
        if !batch.buffer.usage().contains(Usage::COPY_SRC) {
            let message = "SamplePairing across pieces of a large batch needs the usage COPY_SRC".to_string();
            return Err(Error::Buffer(message));
        }
        let mut places = HashMap::new();
        let mut copies = Vec::new();
        let mut end = 0;
        for partner in partners {
            places.entry(partner).or_insert_with(|| {
                let bytes = batch.placement.range(partner);
                let first = batch.offset + bytes.start as u64;
                let last = batch.offset + bytes.end as u64;
                let from = first / 4 * 4;
                let size = (last.next_multiple_of(4) - from).min(batch.buffer.size() - from);
                copies.push((from, end, size));
                let place = end + (first - from);
                end += size.next_multiple_of(4);
                place as u32
            });
        }
        let gathered = self.pool.take(&self.device, "partners", end, Usage::STORAGE | Usage::COPY_DST)?;
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for (from, to, size) in copies {
            encoder.copy_buffer_to_buffer(batch.buffer, from, &gathered, to, size);
        }
        self.queue.submit([encoder.finish()]);
        Ok((gathered, places))
    }
}
