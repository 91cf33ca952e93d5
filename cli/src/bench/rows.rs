//! Rows: what is timed, and which limit belongs to what.

use std::time::Instant;

use autoaugment::Plan;
use serde::Serialize;

/// One line of the table, and one line of the plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "gpu"), allow(dead_code))]
pub enum Id {
    CpuOneThread,
    CpuAllThreads,
    GpuResident,
    GpuUpload,
    GpuUploadAndReadback,
    MemcpyOneThread,
    MemcpyAllThreads,
    CopyKernel,
    UploadAlone,
    UploadAndReadbackAlone,
}

/// What is timed.
pub struct Row<'a> {
    pub id: Id,
    pub run: Run<'a>,
}

/// Handles one batch for each of the plans, and returns the seconds that it took.
pub type Run<'a> = Box<dyn FnMut(&[&Plan]) -> anyhow::Result<f64> + 'a>;

/// The seconds that `f` took by the wall clock.
pub fn wall(f: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let began = Instant::now();
    f()?;
    Ok(began.elapsed().as_secs_f64())
}

impl Id {
    /// What it could be at best; none for the limits themselves.
    pub fn limit(self) -> Option<Id> {
        match self {
            Id::CpuOneThread => Some(Id::MemcpyOneThread),
            Id::CpuAllThreads => Some(Id::MemcpyAllThreads),
            Id::GpuResident => Some(Id::CopyKernel),
            Id::GpuUpload => Some(Id::UploadAlone),
            Id::GpuUploadAndReadback => Some(Id::UploadAndReadbackAlone),
            _ => None,
        }
    }

    pub fn is_on_cpu(self) -> bool {
        matches!(self, Id::CpuOneThread | Id::CpuAllThreads)
    }

    pub fn name(self, threads: usize) -> String {
        match self {
            Id::CpuOneThread => "CPU, 1 thread".to_string(),
            Id::CpuAllThreads => format!("CPU, {threads} threads"),
            Id::GpuResident => "GPU, resident".to_string(),
            Id::GpuUpload => "GPU, with upload".to_string(),
            Id::GpuUploadAndReadback => "GPU, upload and readback".to_string(),
            Id::MemcpyOneThread => "memcpy, 1 thread".to_string(),
            Id::MemcpyAllThreads => format!("memcpy, {threads} threads"),
            Id::CopyKernel => "copy kernel".to_string(),
            Id::UploadAlone => "upload alone".to_string(),
            Id::UploadAndReadbackAlone => "upload and readback alone".to_string(),
        }
    }
}

/// The order of the table.
pub fn sort(rows: &mut [Row<'_>]) {
    rows.sort_by_key(|row| row.id as u8);
}
