//! Staging: mapped memory that the loader's threads write pixels to, and its copy on the device.
//!
//! A slot is a buffer of the usages MAP_WRITE and COPY_SRC, mapped before it is needed. Threads fill it, it is unmapped and
//! copied to a buffer of the device in one submission, and mapping it again is asked for at once, which happens when the
//! copy is done. wgpu's mapped memory can be written and not read, as it may be write-combining; decoders read what they
//! wrote, so that each image is decoded to memory of its thread first and copied from there.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::Gpu;
use crate::error::{Error, Result};

/// Images begin at multiples of this: wgpu maps ranges from such bytes on.
pub(crate) const ALIGNMENT: usize = wgpu::MAP_ALIGNMENT as usize;

/// The most views at once; more images share them, as wgpu compares each new view with all others.
const MOST_VIEWS: usize = 256;

/// How long the device may take for a copy. Nothing real takes a hundredth of it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Slots that wait for a batch.
pub(crate) struct Staging {
    free: Mutex<VecDeque<Slot>>,
    /// The most that are kept.
    slots: usize,
}

struct Slot {
    buffer: wgpu::Buffer,
    /// None once mapping it was asked for and not done yet.
    mapped: Arc<Mapped>,
}

#[derive(Default)]
struct Mapped {
    result: Mutex<Option<Result<(), String>>>,
    changed: Condvar,
}

/// Pixels on the device, or rather on the way there: what is submitted later finds them.
pub(crate) struct Upload {
    pub buffer: wgpu::Buffer,
    /// Bytes sent.
    pub bytes: u64,
}

impl Upload {
    /// Gives the buffer back once everything that reads it is submitted.
    pub fn give_back(self, gpu: &Gpu) {
        gpu.pool.give([self.buffer]);
    }
}

impl Staging {
    /// Keeps at most `slots` slots. They are made when they are first needed, and made larger when a batch is.
    pub fn new(slots: usize) -> Self {
        Staging { free: Mutex::default(), slots }
    }

    /// Writes images to the device: `fill` is given the number of an image and memory for its `spans[number]`, which is
    /// all zeros or has an earlier image's bytes. Spans ascend and begin at multiples of [`ALIGNMENT`]. Returns what
    /// `fill` did for each.
    ///
    /// Threads of the current pool of rayon take part.
    ///
    /// # Errors
    /// [`Error::DeviceLimit`], [`Error::OutOfMemory`], [`Error::Device`], [`Error::DeviceLost`].
    pub fn upload<T: Send>(
        &self,
        gpu: &Gpu,
        spans: &[Range<usize>],
        fill: impl Fn(usize, &mut [u8]) -> T + Sync,
    ) -> Result<(Upload, Vec<T>)> {
        let bytes = spans.last().map_or(0, |span| span.end.next_multiple_of(ALIGNMENT) as u64);
        let slot = self.take(gpu, bytes)?;
        slot.wait(gpu)?;
        // Not within `guarded`: a thread that waits for the others may meanwhile begin another batch, whose errors
        // would be taken for this one's.
        let filled = slot.fill(gpu, spans, fill)?;
        let buffer = gpu.guarded(|| {
            use wgpu::BufferUsages as Usage;
            let usage = Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST;
            slot.buffer.unmap();
            let buffer = gpu.pool.take(&gpu.device, "decoded images", bytes, usage)?;
            let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(&slot.buffer, 0, &buffer, 0, bytes);
            gpu.queue.submit([encoder.finish()]);
            Ok(buffer)
        })?;
        self.give(slot);
        Ok((Upload { buffer, bytes }, filled))
    }

    /// A slot of at least this size: the one that was given back first, as it is the likeliest to be mapped again.
    fn take(&self, gpu: &Gpu, bytes: u64) -> Result<Slot> {
        if let Some(slot) = self.free().pop_front().filter(|slot| slot.buffer.size() >= bytes) {
            return Ok(slot);
        }
        let limit = gpu.device.limits().max_buffer_size;
        if bytes > limit {
            return Err(Error::DeviceLimit { what: "a batch of decoded images", needed: bytes, limit });
        }
        // A quarter more than is needed now, so that batches of somewhat different sizes find room.
        let size = (bytes + bytes / 4).max(4096).next_multiple_of(ALIGNMENT as u64).min(limit / 8 * 8).max(bytes);
        let buffer = gpu.guarded(|| {
            Ok(gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("staging"),
                size,
                usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: true,
            }))
        })?;
        let mapped = Arc::new(Mapped { result: Mutex::new(Some(Ok(()))), changed: Condvar::new() });
        Ok(Slot { buffer, mapped })
    }

    /// Asks for a slot to be mapped again and keeps it.
    fn give(&self, slot: Slot) {
        let mapped = Arc::new(Mapped::default());
        let told = mapped.clone();
        slot.buffer.slice(..).map_async(wgpu::MapMode::Write, move |result| {
            *lock(&told.result) = Some(result.map_err(|e| e.to_string()));
            told.changed.notify_all();
        });
        let mut free = self.free();
        if free.len() < self.slots {
            free.push_back(Slot { mapped, ..slot });
        }
    }

    fn free(&self) -> MutexGuard<'_, VecDeque<Slot>> {
        lock(&self.free)
    }
}

impl Slot {
    /// Waits until the slot is mapped, the device is lost, or patience ends.
    fn wait(&self, gpu: &Gpu) -> Result<()> {
        let began = Instant::now();
        let mut result = lock(&self.mapped.result);
        loop {
            match &*result {
                Some(Ok(())) => return gpu.loss.check(),
                Some(Err(reason)) => return Err(refused(gpu, reason)),
                None if began.elapsed() > PATIENCE => {
                    return Err(Error::Device(format!(
                        "a staging buffer was not mapped within {} s",
                        PATIENCE.as_secs()
                    )));
                }
                None => {}
            }
            drop(result);
            gpu.loss.check()?;
            // Not a poll that waits: that one would keep others from submitting meanwhile.
            gpu.device.poll(wgpu::PollType::Poll).map_err(|e| Error::Device(e.to_string()))?;
            result = lock(&self.mapped.result);
            if result.is_none() {
                let (again, _) = self
                    .mapped
                    .changed
                    .wait_timeout(result, Duration::from_millis(1))
                    .unwrap_or_else(PoisonError::into_inner);
                result = again;
            }
        }
    }

    fn fill<T: Send>(
        &self,
        gpu: &Gpu,
        spans: &[Range<usize>],
        fill: impl Fn(usize, &mut [u8]) -> T + Sync,
    ) -> Result<Vec<T>> {
        let together = spans.len().div_ceil(MOST_VIEWS).max(1);
        let mut views = Vec::with_capacity(spans.len().div_ceil(together));
        for spans in spans.chunks(together) {
            let (Some(first), Some(last)) = (spans.first(), spans.last()) else { continue };
            let range = first.start as u64..last.end.next_multiple_of(ALIGNMENT) as u64;
            let view = self.buffer.get_mapped_range_mut(range).map_err(|e| refused(gpu, &e.to_string()))?;
            views.push((view, spans));
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

/// An error if the device was lost before this was called, which asks it. wgpu takes submissions to a lost device without
/// a word; only what has to be mapped cannot be had of one.
pub(crate) fn check_alive(gpu: &Gpu) -> Result<()> {
    gpu.guarded(|| {
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("is the device there"),
            size: ALIGNMENT as u64,
            usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: true,
        });
        let mapped = buffer.get_mapped_range_mut(..);
        mapped.map(drop).map_err(|e| refused(gpu, &e.to_string()))
    })
}

/// Why a buffer cannot be mapped: the loss of the device where that is the reason.
fn refused(gpu: &Gpu, reason: &str) -> Error {
    match gpu.loss.ask(&gpu.device) {
        Ok(()) => Error::Device(format!("mapping a staging buffer: {reason}")),
        Err(lost) => lost,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
