//! Staging: a ring of mapped memory for all uploads to the device.
//!
//! A slot is a buffer with the usages MAP_WRITE and COPY_SRC, mapped in advance. It is filled and unmapped. The
//! submission that reads it copies it to buffers of the device. Then its next mapping is requested, which completes
//! after the submission. Meanwhile the next slot is filled. So the host copies no byte twice, and it waits for the
//! device only if the device is slower.
//!
//! wgpu's mapped memory can be written and not read, because it can be write-combining.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

use super::buffers::{PooledBuffer, size_class};
use super::context::Context;
use super::mapped::Mapped;
use crate::error::Result;
use crate::gpu::compile::ALIGNMENT;
use crate::gpu::compile::written::{Written, neighbors};
#[cfg(not(target_arch = "wasm32"))]
use crate::threads;

const _: () = assert!(ALIGNMENT as u64 == wgpu::MAP_ALIGNMENT);

/// Bytes that one thread copies at a time. Writes over a bus are slower than reads, so several threads copy.
pub(crate) const SHARE: usize = 1 << 20;

/// The most views at a time, because wgpu compares each new view with all others.
pub(crate) const MOST_VIEWS: usize = 256;

/// Slots that can be filled.
#[derive(Debug)]
pub(crate) struct Staging {
    free: Mutex<VecDeque<Slot>>,
    /// The number of free slots before one is reused, and the most slots that are kept.
    least: usize,
    most: usize,
}

/// One buffer, mapped or soon mapped.
#[derive(Debug)]
pub(crate) struct Slot {
    pub buffer: PooledBuffer,
    mapped: Mapped,
}

impl Staging {
    /// Keeps at most `most` slots, and `least` of them take turns. They are created on first use, and larger batches
    /// create larger ones.
    pub fn new(least: usize, most: usize) -> Self {
        Staging { free: Mutex::default(), least, most }
    }

    /// A mapped slot of at least this size. It is the slot that was returned first, because that one is most likely
    /// mapped again. This waits for its mapping, and never for a slot in use.
    pub(crate) async fn take(&self, context: &Context, bytes: u64) -> Result<Slot> {
        let slot = match self.turn(bytes) {
            Some(slot) => slot,
            None => {
                let usage = wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC;
                // A quarter more than this batch needs, because needs differ from batch to batch.
                let most = context.device.limits().max_buffer_size / 8 * 8;
                let size = size_class(bytes + bytes / 4).min(most).max(bytes);
                let make = || context.allocator.make("what is sent at once", size, usage, true);
                Slot { buffer: context.guarded(make).await?, mapped: Mapped::already() }
            }
        };
        slot.mapped.wait(&context.device, &context.loss).await?;
        Ok(slot)
    }

    fn turn(&self, bytes: u64) -> Option<Slot> {
        let mut free = self.free();
        let fits = |slot: &Slot| slot.buffer.size() >= bytes;
        if free.iter().filter(|slot| fits(slot)).count() < self.least {
            // A larger one will take the place of one that has become too small.
            free.iter().position(|slot| !fits(slot)).map(|i| free.remove(i));
            return None;
        }
        free.iter().position(fits).and_then(|i| free.remove(i))
    }

    /// Copies bytes to a buffer in a submission of its own.
    pub async fn send(&self, context: &Context, buffer: &wgpu::Buffer, at: u64, written: &[Written<'_>]) -> Result<()> {
        let bytes = written.iter().map(Written::end).max().unwrap_or(0);
        if bytes == 0 {
            return Ok(());
        }
        let size = bytes.next_multiple_of(4) as u64;
        let slot = self.take(context, size).await?;
        slot.write(context, written).await?;
        self.deliver(context, slot, buffer, at, size).await
    }

    /// Copies a slot's first bytes to a buffer in a submission of its own, and keeps the slot.
    pub(crate) async fn deliver(
        &self,
        context: &Context,
        slot: Slot,
        buffer: &wgpu::Buffer,
        at: u64,
        bytes: u64,
    ) -> Result<()> {
        let copied = || {
            slot.buffer.unmap();
            let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(&slot.buffer, 0, buffer, at, bytes);
            context.queue.submit([encoder.finish()]);
            Ok(())
        };
        context.guarded(copied).await?;
        self.give(context, slot).await
    }

    /// Keeps a slot after the submission of its copies, and requests its next mapping.
    ///
    /// # Errors
    /// [`Error::DeviceLost`](crate::Error::DeviceLost) if the device was lost before. wgpu silently accepts submissions
    /// to a lost device, and refuses only to map.
    pub(crate) async fn give(&self, context: &Context, slot: Slot) -> Result<()> {
        let mapped = Mapped::ask(&slot.buffer, wgpu::MapMode::Write);
        mapped.is_done(&context.device, &context.loss).await?;
        let mut free = self.free();
        if free.len() == self.most {
            free.pop_front();
        }
        free.push_back(Slot { mapped, ..slot });
        Ok(())
    }

    /// Drops all free slots.
    pub(crate) fn forget(&self) {
        self.free().clear();
    }

    fn free(&self) -> MutexGuard<'_, VecDeque<Slot>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Writes bytes, given in the order of their places; where there are many, threads of the current pool of rayon
    /// take part. Do not call it within `guarded`. A thread that waits for the others could start another batch
    /// meanwhile, and its errors would count as this one's.
    pub async fn write(&self, context: &Context, written: &[Written<'_>]) -> Result<()> {
        match self.fill(written) {
            Ok(()) => Ok(()),
            Err(reason) => Err(context.not_mapped(&reason).await),
        }
    }

    fn fill(&self, written: &[Written<'_>]) -> Result<(), String> {
        let bytes: usize = written.iter().map(Written::len).sum();
        let share = SHARE.max(bytes.div_ceil(MOST_VIEWS / 2)).next_multiple_of(ALIGNMENT);
        let mut shares = Vec::with_capacity(written.len());
        written.iter().for_each(|written| written.cut(share, &mut shares));
        let copy = |(mut view, shares): (wgpu::BufferViewMut, &[Written<'_>])| {
            let start = shares.first().map_or(0, |share| share.at);
            for (at, row) in shares.iter().flat_map(Written::rows) {
                view.slice(at - start..at - start + row.len()).copy_from_slice(row);
            }
            // What fills up the last word.
            let end = shares.last().map_or(start, Written::end) - start;
            let rest = [0; 4];
            let more = view.len() - end;
            view.slice(end..).copy_from_slice(&rest[..more]);
        };
        for groups in neighbors(&shares, share).chunks(MOST_VIEWS) {
            let view = |shares: &&[Written<'_>]| {
                let start = shares.first().map_or(0, |share| share.at);
                let end = shares.last().map_or(start, Written::end);
                self.view(start, end - start)
            };
            let views: Vec<_> = groups.iter().map(view).collect::<Result<_, _>>()?;
            let views: Vec<_> = views.into_iter().zip(groups.iter().copied()).collect();
            #[cfg(not(target_arch = "wasm32"))]
            if bytes > SHARE && !threads::are_none() {
                views.into_par_iter().for_each(copy);
                continue;
            }
            views.into_iter().for_each(copy);
        }
        Ok(())
    }

    /// Memory for so many bytes, the last word filled up, or why there is none.
    pub fn view(&self, at: usize, bytes: usize) -> Result<wgpu::BufferViewMut, String> {
        let range = at as u64..(at + bytes).next_multiple_of(4) as u64;
        self.buffer.get_mapped_range_mut(range).map_err(|e| e.to_string())
    }
}
