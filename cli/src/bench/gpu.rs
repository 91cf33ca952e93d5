//! The GPU's rows: augmenting resident batches, with upload, with readback; and the same bytes only moved.

use std::hint::black_box;
use std::rc::Rc;

use anyhow::Context;
use autoaugment::gpu::Grouping;
use autoaugment::{Executor, Gpu, Plan};

use super::clock::{Stopwatch, Timestamps, wait};
use super::copy::Copy;
use super::report::GpuSide;
use super::rows::{Id, Row, wall};
use super::work::Work;
use crate::terminal::Terminal;

/// A GPU, and its clock if it has one.
pub struct Opened {
    executor: Executor,
    timestamps: Option<Timestamps>,
}

impl Opened {
    /// None if the executor runs on the CPU.
    pub fn of(executor: Executor, grouping: Grouping, terminal: Terminal) -> anyhow::Result<Option<Self>> {
        let Some(gpu) = executor.gpu() else { return Ok(None) };
        if gpu.adapter().is_software {
            terminal.note("notice: this adapter computes on the CPU; its rows say nothing about a GPU");
        }
        let timestamps = Timestamps::trusted(gpu)?;
        let executor = Executor::with_gpu(gpu.clone().grouping(grouping));
        Ok(Some(Opened { executor, timestamps }))
    }

    pub fn gpu(&self) -> anyhow::Result<&Gpu> {
        self.executor.gpu().context("there is no GPU")
    }

    pub fn side(&self) -> Option<GpuSide> {
        let summary = self.executor.gpu()?.adapter();
        Some(GpuSide {
            name: summary.name.clone(),
            backend: summary.backend.clone(),
            kind: summary.kind.clone(),
            driver: summary.driver.clone(),
            is_software: summary.is_software,
            has_timestamps: self.timestamps.is_some(),
        })
    }
}

pub fn rows<'a>(opened: &'a Opened, work: &'a Work) -> anyhow::Result<Vec<Row<'a>>> {
    let gpu = opened.gpu()?;
    let Work { batch, output, .. } = work;
    let resident = gpu.upload(batch)?;
    let (results, _) = gpu.apply_resident(&resident, work.plan(0), output)?;
    let copy = Copy::new(gpu, &resident, &results);
    let stopwatch = Rc::new(Stopwatch::new(gpu, opened.timestamps.as_ref(), copy)?);

    let watch = stopwatch.clone();
    let into = results.clone();
    let augment_resident = move |plans: &[&Plan]| {
        let seconds = plans.iter().map(|plan| {
            watch.time(|| {
                gpu.apply_into(&resident, plan, output, into.buffer(), 0)?;
                Ok(())
            })
        });
        seconds.sum()
    };
    let copied = move |plans: &[&Plan]| plans.iter().map(|_| stopwatch.time_copy()).sum();
    let into = results.clone();
    let augment_uploaded = move |plans: &[&Plan]| {
        wall(|| {
            for plan in plans {
                let uploaded = gpu.upload(batch)?;
                gpu.apply_into(&uploaded, plan, output, into.buffer(), 0)?;
                // The next batch is sent while the device is at this one.
                gpu.recycle(uploaded);
            }
            wait(gpu)
        })
    };
    let uploaded = move |plans: &[&Plan]| {
        wall(|| {
            for _ in plans {
                upload(gpu, work)?;
                wait(gpu)?;
            }
            Ok(())
        })
    };
    let fetched = move |plans: &[&Plan]| {
        wall(|| {
            for _ in plans {
                upload(gpu, work)?;
                black_box(gpu.download(&results)?);
            }
            Ok(())
        })
    };
    let row = |id, run| Row { id, run };
    Ok(vec![
        row(Id::GpuResident, Box::new(augment_resident)),
        row(Id::GpuUpload, Box::new(augment_uploaded)),
        row(Id::GpuUploadAndReadback, Box::new(move |plans| wall(|| round_trips(gpu, work, plans)))),
        row(Id::CopyKernel, Box::new(copied)),
        row(Id::UploadAlone, Box::new(uploaded)),
        row(Id::UploadAndReadbackAlone, Box::new(fetched)),
    ])
}

/// Batches from host memory to host memory, each begun before the one before is waited for.
fn round_trips(gpu: &Gpu, work: &Work, plans: &[&Plan]) -> anyhow::Result<()> {
    let mut pending = None;
    for plan in plans {
        if let Some(before) = pending.replace(gpu.begin(&work.batch, plan, &work.output)?) {
            black_box(before.wait()?);
        }
    }
    if let Some(last) = pending {
        black_box(last.wait()?);
    }
    Ok(())
}

/// Sends the images.
fn upload(gpu: &Gpu, work: &Work) -> anyhow::Result<()> {
    gpu.recycle(black_box(gpu.upload(&work.batch)?));
    Ok(())
}
