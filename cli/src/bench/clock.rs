//! Clock: how long the device takes for what is submitted to it, by its own timestamps where it has them.
//!
//! A timestamp is written when everything before it is done. If it were written when the queue is empty, the time would
//! include what the host needs to record and submit what follows. So the queue is kept busy with copies meanwhile: the
//! first timestamp is written when all is submitted, and the two have only the device's work between them.

use std::cell::Cell;
use std::time::Instant;

use anyhow::Context;
use autoaugment::{Batch, Gpu, Layout, Output, Plan, Shape};

use super::copy::Copy;

/// The most that the queue is kept busy for, in seconds: submitting takes longer only where kernels are compiled.
const LONGEST: f64 = 0.05;

/// Two timestamps of a device.
pub struct Timestamps {
    /// One for each, since resetting one must not touch the other.
    queries: [wgpu::QuerySet; 2],
    resolved: wgpu::Buffer,
    readable: wgpu::Buffer,
    /// Of one tick.
    seconds: f64,
}

/// Times what is submitted to a device.
pub struct Stopwatch<'a> {
    gpu: &'a Gpu,
    timestamps: Option<&'a Timestamps>,
    /// What keeps the queue busy, and how many seconds one takes.
    copy: Copy,
    copy_seconds: f64,
    /// What submitting took the last time, in seconds.
    submitting: Cell<f64>,
}

impl Timestamps {
    /// None where the device has none, or they do not fit the wall clock.
    pub fn trusted(gpu: &Gpu) -> anyhow::Result<Option<Self>> {
        if !gpu.device().features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Ok(None);
        }
        let timestamps = Timestamps::new(gpu);
        let shape = Shape { images: 16, height: 256, width: 256, channels: 1 };
        let source = gpu.upload(&Batch::new(vec![0; shape.values()], shape, Layout::Nhwc)?)?;
        let (destination, _) = gpu.apply_resident(&source, &Plan::uniform(shape.images, Vec::new()), &Output::u8())?;
        let copy = Copy::new(gpu, &source, &destination);
        wait(gpu)?;
        let began = Instant::now();
        timestamps.mark(gpu, 0);
        copy.submit(gpu, 16);
        timestamps.mark(gpu, 1);
        let seconds = timestamps.read(gpu)?;
        Ok((0.0 < seconds && seconds <= began.elapsed().as_secs_f64()).then_some(timestamps))
    }

    fn new(gpu: &Gpu) -> Self {
        use wgpu::BufferUsages as Usage;
        let device = gpu.device();
        let queries = [(); 2].map(|()| {
            device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timestamp"),
                ty: wgpu::QueryType::Timestamp,
                count: 1,
            })
        });
        let buffer = |usage| {
            // Queries are resolved to multiples of 256 bytes.
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("timestamps"),
                size: 512,
                usage,
                mapped_at_creation: false,
            })
        };
        Timestamps {
            queries,
            resolved: buffer(Usage::QUERY_RESOLVE | Usage::COPY_SRC),
            readable: buffer(Usage::MAP_READ | Usage::COPY_DST),
            seconds: f64::from(gpu.queue().get_timestamp_period()) * 1e-9,
        }
    }

    /// Submits an empty pass that writes one of them.
    fn mark(&self, gpu: &Gpu, which: usize) {
        let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        drop(encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("timestamp"),
            timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                query_set: &self.queries[which],
                beginning_of_pass_write_index: (which == 1).then_some(0),
                end_of_pass_write_index: (which == 0).then_some(0),
            }),
        }));
        gpu.queue().submit([encoder.finish()]);
    }

    /// Waits for both and returns the seconds between them.
    fn read(&self, gpu: &Gpu) -> anyhow::Result<f64> {
        let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for (queries, at) in self.queries.iter().zip([0, 256]) {
            encoder.resolve_query_set(queries, 0..1, &self.resolved, at);
        }
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.readable, 0, 512);
        gpu.queue().submit([encoder.finish()]);
        let (sender, receiver) = std::sync::mpsc::channel();
        self.readable.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            // The receiver is gone only if waiting failed.
            let _ = sender.send(result);
        });
        wait(gpu)?;
        receiver.recv()?.context("reading timestamps")?;
        let ticks = {
            let view = self.readable.slice(..).get_mapped_range()?;
            let at = |first: usize| -> anyhow::Result<u64> {
                Ok(u64::from_le_bytes(view.get(first..first + 8).context("timestamps are missing")?.try_into()?))
            };
            at(256)?.wrapping_sub(at(0)?)
        };
        self.readable.unmap();
        Ok(ticks as f64 * self.seconds)
    }
}

impl<'a> Stopwatch<'a> {
    pub fn new(gpu: &'a Gpu, timestamps: Option<&'a Timestamps>, copy: Copy) -> anyhow::Result<Self> {
        const COPIES: usize = 8;
        // The first makes the driver compile it.
        copy.submit(gpu, 1);
        wait(gpu)?;
        let began = Instant::now();
        copy.submit(gpu, COPIES);
        wait(gpu)?;
        let copy_seconds = began.elapsed().as_secs_f64() / COPIES as f64;
        Ok(Stopwatch { gpu, timestamps, copy, copy_seconds, submitting: Cell::new(0.0) })
    }

    /// Seconds that the device takes for one copy.
    pub fn time_copy(&self) -> anyhow::Result<f64> {
        self.time(|| {
            self.copy.submit(self.gpu, 1);
            Ok(())
        })
    }

    /// Seconds that the device takes for what `submit` submits; without timestamps those until it is done.
    pub fn time(&self, submit: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
        let Some(timestamps) = self.timestamps else {
            let began = Instant::now();
            submit()?;
            wait(self.gpu)?;
            return Ok(began.elapsed().as_secs_f64());
        };
        let busy = (2.0 * self.submitting.get()).min(LONGEST);
        self.copy.submit(self.gpu, 1 + (busy / self.copy_seconds) as usize);
        timestamps.mark(self.gpu, 0);
        let began = Instant::now();
        submit()?;
        timestamps.mark(self.gpu, 1);
        self.submitting.set(began.elapsed().as_secs_f64());
        timestamps.read(self.gpu)
    }
}

/// Waits until all that was submitted is done.
pub fn wait(gpu: &Gpu) -> anyhow::Result<()> {
    gpu.device().poll(wgpu::PollType::wait_indefinitely())?;
    Ok(())
}
