//! First batch: what a training loop waits for before its first images, cold and with what the driver kept.
//!
//! Each is a process of its own. The first one has empty folders for what NVIDIA's and Mesa's drivers keep on disk, the
//! second one the same folders. Other drivers keep theirs elsewhere, where both are warm.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use autoaugment::{Layout, Output, Policy, Sampler};
use serde::{Deserialize, Serialize};

use crate::batches::{batch_of, rgb};

/// The environment variables that name a driver's folder.
const FOLDERS: [&str; 2] = ["__GL_SHADER_DISK_CACHE_PATH", "MESA_SHADER_CACHE_DIR"];

/// Seconds on the clock, for 64 images of 224 x 224 under the ImageNet policy.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FirstBatch {
    pub open: f64,
    /// With pipelines, tables and memory.
    pub first: f64,
    /// Another plan, whose kernels are there.
    pub second: f64,
    /// The median of the ones after it.
    pub later: f64,
    pub pipelines: usize,
}

/// Measures in this process.
pub fn measure(device: &str, images: usize) -> Result<FirstBatch> {
    let shape = rgb(images, 224, 224);
    let batch = batch_of(shape, Layout::Nhwc, 1);
    let sampler = Sampler::new(Policy::imagenet(), 1)?;
    let indices: Vec<u64> = (0..images as u64).collect();
    let began = Instant::now();
    let gpu = crate::open(device)?;
    let open = began.elapsed().as_secs_f64();
    let mut seconds = Vec::new();
    for epoch in 0..7 {
        let plan = sampler.plan(shape, epoch, &indices)?;
        let began = Instant::now();
        gpu.apply(&batch, &plan, &Output::u8())?;
        seconds.push(began.elapsed().as_secs_f64());
    }
    let mut later = seconds[2..].to_vec();
    later.sort_by(f64::total_cmp);
    Ok(FirstBatch {
        open,
        first: seconds[0],
        second: seconds[1],
        later: later[later.len() / 2],
        pipelines: gpu.pipelines(),
    })
}

/// Measures twice, each time in a new process. `folder` is for what drivers keep, and must be new.
pub fn cold_and_warm(device: &str, images: usize, folder: &Path) -> Result<[FirstBatch; 2]> {
    let measured = || {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["first-batch", "--device", device, "--images", &images.to_string()]);
        FOLDERS.iter().for_each(|name| {
            command.env(name, folder);
        });
        let output = command.output().context("measuring the first batch")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "measuring the first batch failed: {}", error.trim());
        serde_json::from_str(&text).with_context(|| format!("the first batch's line is {text:?}"))
    };
    Ok([measured()?, measured()?])
}
