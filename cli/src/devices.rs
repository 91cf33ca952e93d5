//! `devices`: the adapters of this machine, its CUDA devices, and the CPU.

use clap::Args;
use serde::Serialize;

use crate::outcome::Outcome;
use crate::terminal;

#[derive(Args)]
pub struct Devices {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One line of the table.
#[derive(Serialize)]
struct Line {
    /// What `--device` takes for it.
    device: String,
    name: String,
    backend: String,
    kind: String,
    driver: String,
    is_software: bool,
}

impl Devices {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let mut lines = adapters();
        let (on_cuda, without_cuda) = cuda();
        lines.extend(on_cuda);
        lines.push(cpu());
        if self.json {
            terminal::json(&lines)?;
            return Ok(Outcome::Done);
        }
        let mut table = vec![["DEVICE", "NAME", "BACKEND", "KIND", "DRIVER"].map(String::from).to_vec()];
        table.extend(lines.into_iter().map(|line| vec![line.device, line.name, line.backend, line.kind, line.driver]));
        terminal::data(&terminal::aligned(&table, |_| false))?;
        if let Some(reason) = without_cuda {
            terminal::data(&format!("\nwithout CUDA: {reason}"))?;
        }
        let jpeg = autoaugment::loader::decode::jpeg_decoder();
        let simd = if jpeg.simd { "with SIMD" } else { "without SIMD" };
        let name = jpeg.name;
        let exact = if jpeg.exact { "Pillow's bytes" } else { "not Pillow's bytes" };
        terminal::data(&format!("\nJPEG decoder: {name}, {simd}, {exact}"))?;
        Ok(Outcome::Done)
    }
}

#[cfg(feature = "gpu")]
fn adapters() -> Vec<Line> {
    let line = |(number, a): (usize, autoaugment::gpu::AdapterSummary)| Line {
        device: number.to_string(),
        name: a.name,
        backend: a.backend,
        kind: a.kind,
        driver: a.driver,
        is_software: a.is_software,
    };
    autoaugment::gpu::adapters().into_iter().enumerate().map(line).collect()
}

#[cfg(not(feature = "gpu"))]
fn adapters() -> Vec<Line> {
    Vec::new()
}

/// The devices of CUDA, or why there are none.
#[cfg(feature = "cuda")]
fn cuda() -> (Vec<Line>, Option<String>) {
    let line = |device: autoaugment::cuda::CudaSummary| Line {
        device: format!("cuda:{}", device.number),
        name: device.name,
        backend: "CUDA".to_string(),
        kind: "experimental".to_string(),
        driver: format!("CUDA {}", device.driver),
        is_software: false,
    };
    match autoaugment::cuda::devices() {
        Ok(devices) => (devices.into_iter().map(line).collect(), None),
        Err(autoaugment::Error::NoGpu(reason)) => (Vec::new(), Some(reason)),
        Err(error) => (Vec::new(), Some(error.to_string())),
    }
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> (Vec<Line>, Option<String>) {
    (Vec::new(), None)
}

/// The executor that is always there.
fn cpu() -> Line {
    let threads = rayon::current_num_threads();
    Line {
        device: "cpu".to_string(),
        name: "CPU".to_string(),
        backend: "none".to_string(),
        kind: format!("{threads} {}", if threads == 1 { "thread" } else { "threads" }),
        driver: "none".to_string(),
        is_software: false,
    }
}
