//! Decoded: pixels that the loader's threads write to staging memory, and their copy on the device.
//!
//! Decoders read their own output, and mapped memory cannot be read. Each image is therefore decoded to its thread's
//! memory first and copied from there.

use std::ops::Range;

use rayon::prelude::*;

use super::Gpu;
use super::compile::ALIGNMENT;
use super::device::buffers::PooledBuffer;
use super::device::context::Context;
use super::device::staging::{MOST_VIEWS, Slot, Staging};
use super::device::waiting::block_on;
use super::transfer::storage;
use crate::error::Result;

/// Pixels on the device, or on the way there. Later submissions see them.
pub(crate) struct Upload {
    pub buffer: PooledBuffer,
    /// Bytes sent.
    pub bytes: u64,
}

impl Gpu {
    /// Writes images to the device. `fill` gets the number of an image and memory for its `spans[number]`, with zeros
    /// or an earlier image's bytes. Spans ascend and begin at multiples of [`ALIGNMENT`]. Returns the result of each
    /// `fill`.
    ///
    /// Threads of the current rayon pool take part.
    ///
    /// # Errors
    /// [`Error::DeviceLimit`](crate::Error::DeviceLimit), [`Error::OutOfMemory`](crate::Error::OutOfMemory),
    /// [`Error::Device`](crate::Error::Device), [`Error::DeviceLost`](crate::Error::DeviceLost).
    pub(crate) fn upload_decoded<T: Send>(
        &self,
        staging: &Staging,
        spans: &[Range<usize>],
        fill: impl Fn(usize, &mut [u8]) -> T + Sync,
    ) -> Result<(Upload, Vec<T>)> {
        self.forget_if_refused(staging.upload(&self.inner.context, spans, fill))
    }
}

impl Staging {
    fn upload<T: Send>(
        &self,
        context: &Context,
        spans: &[Range<usize>],
        fill: impl Fn(usize, &mut [u8]) -> T + Sync,
    ) -> Result<(Upload, Vec<T>)> {
        let bytes = spans.last().map_or(0, |span| span.end.next_multiple_of(ALIGNMENT) as u64);
        // Asked for first, because its error names the limit that a batch exceeds.
        let buffer = block_on(context.guarded(|| context.pool.take("a batch of decoded images", bytes, storage())))?;
        let slot = block_on(self.take(context, bytes))?;
        // Not within `guarded`, as [`Slot::write`].
        let filled = match slot.fill_with(spans, fill) {
            Ok(filled) => filled,
            Err(reason) => return Err(block_on(context.not_mapped(&reason))),
        };
        block_on(self.deliver(context, slot, &buffer, 0, bytes))?;
        Ok((Upload { buffer, bytes }, filled))
    }
}

impl Slot {
    fn fill_with<T: Send>(
        &self,
        spans: &[Range<usize>],
        fill: impl Fn(usize, &mut [u8]) -> T + Sync,
    ) -> Result<Vec<T>, String> {
        let together = spans.len().div_ceil(MOST_VIEWS).max(1);
        let mut views = Vec::with_capacity(spans.len().div_ceil(together));
        for spans in spans.chunks(together) {
            let (Some(first), Some(last)) = (spans.first(), spans.last()) else { continue };
            let end = last.end.next_multiple_of(ALIGNMENT);
            views.push((self.view(first.start, end - first.start)?, spans));
        }
        let filled: Vec<Vec<T>> = views
            .into_par_iter()
            .enumerate()
            .map_init(Vec::new, |own: &mut Vec<u8>, (number, (mut view, spans))| {
                let start = spans.first().map_or(0, |span| span.start);
                let each = spans.iter().enumerate().map(|(i, span)| {
                    own.clear();
                    own.resize(span.len(), 0);
                    let done = fill(number * together + i, own);
                    view.slice(span.start - start..span.end - start).copy_from_slice(own);
                    done
                });
                each.collect()
            })
            .collect();
        Ok(filled.into_iter().flatten().collect())
    }
}
