//! Gather: partners in another chunk of a large batch than the images that are mixed with them.

use std::collections::HashMap;

use super::Gpu;
use super::batch::GpuImages;
use super::device::buffers::PooledBuffer;
use crate::error::{Error, Result};

/// Images that are copied into one buffer, each keeping its byte within a word.
pub(super) struct Gathered {
    pub buffer: PooledBuffer,
    /// The first byte of each image in the buffer.
    pub places: HashMap<usize, u32>,
    /// Place in the source, place in the buffer, number of bytes.
    copies: Vec<[u64; 3]>,
}

impl Gathered {
    /// Records the copies.
    pub fn copy(&self, source: &wgpu::Buffer, encoder: &mut wgpu::CommandEncoder) {
        for &[from, to, size] in &self.copies {
            encoder.copy_buffer_to_buffer(source, from, &self.buffer, to, size);
        }
    }
}

impl Gpu {
    /// Copies the images `partners` into one buffer.
    pub(super) async fn gather(
        &self,
        batch: &GpuImages<'_>,
        partners: impl Iterator<Item = usize>,
    ) -> Result<Gathered> {
        use wgpu::BufferUsages as Usage;
        if !batch.buffer.usage().contains(Usage::COPY_SRC) {
            let message = "SamplePairing across chunks of a large batch needs the usage COPY_SRC".to_string();
            return Err(Error::Buffer(message));
        }
        let context = &self.inner.context;
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
                copies.push([from, end, size]);
                let place = end + (first - from);
                end += size.next_multiple_of(4);
                place as u32
            });
        }
        let buffer = context.guarded(|| context.pool.take("partners", end, Usage::STORAGE | Usage::COPY_DST)).await?;
        Ok(Gathered { buffer, places, copies })
    }
}
