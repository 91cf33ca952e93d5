//! Report: everything that was measured, as JSON and as a table.

use autoaugment::{Convention, Layout};
use serde::Serialize;

use super::planning::Planning;
use super::point::Point;
use super::rows::Id;
use super::sweep::Sweep;
use crate::terminal;

#[derive(Serialize)]
pub struct Report {
    pub version: &'static str,
    pub policy: String,
    pub convention: Convention,
    pub seed: u64,
    pub epoch: u64,
    /// Where the images come from.
    pub source: String,
    pub output: &'static str,
    pub output_layout: Layout,
    pub cpu: CpuSide,
    /// What was measured beside the CPU.
    pub gpu: Option<GpuSide>,
    /// Plans whose bytes were the reference's on all of these.
    pub plans_compared: usize,
    pub planning: Planning,
    #[serde(flatten)]
    pub table: Point,
    /// Rows of the table whose rounds differ too much to be believed.
    pub noisy: Vec<Id>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sweeps: Vec<Sweep>,
}

#[derive(Serialize)]
pub struct CpuSide {
    pub name: String,
    pub architecture: &'static str,
    pub os: &'static str,
    pub threads: usize,
}

#[derive(Serialize)]
#[cfg_attr(not(feature = "gpu"), allow(dead_code))]
pub struct GpuSide {
    pub name: String,
    pub backend: String,
    pub kind: String,
    pub driver: String,
    pub is_software: bool,
    /// Whether resident batches and the copy kernel were timed by the device itself.
    pub has_timestamps: bool,
}

impl CpuSide {
    pub fn of(threads: usize) -> Self {
        let name = cpu_name().unwrap_or_else(|| "unknown processor".to_string());
        CpuSide { name, architecture: std::env::consts::ARCH, os: std::env::consts::OS, threads }
    }
}

/// Where Linux tells it.
fn cpu_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, name) = text.lines().find(|line| line.starts_with("model name"))?.split_once(':')?;
    Some(name.trim().to_string())
}

impl Report {
    /// What to make of noise, if there was too much of it.
    pub fn doubt(&self) -> Option<String> {
        let points = self.sweeps.iter().flat_map(|sweep| &sweep.points);
        let rows = || std::iter::once(&self.table).chain(points.clone()).flat_map(|point| &point.rows);
        let noisy = rows().filter(|line| line.measured.is_noisy()).count();
        (noisy > 0).then(|| {
            let (all, rows) = (rows().count(), terminal::counted(noisy, "measurement", "measurements"));
            format!(
                "the machine was too noisy: the rounds of {rows} of {all} differ by more than half of their median; \
                 end other work and measure again, or longer with --seconds"
            )
        })
    }

    /// What was measured, on what, and the table.
    pub fn text(&self) -> String {
        let Point { images, side, input_bytes, output_bytes, .. } = self.table;
        let megabytes = |bytes: usize| significant(bytes as f64 / 1e6);
        let mut text = format!(
            "autoaugment {}: policy {} ({}), seed {}, {images} images of {side} x {side} x 3\n\
             {}; u8 NHWC to {} {}, {} + {} MB a batch\n",
            self.version,
            self.policy,
            self.convention,
            self.seed,
            self.source,
            self.output,
            match self.output_layout {
                Layout::Nhwc => "NHWC",
                Layout::Nchw => "NCHW",
            },
            megabytes(input_bytes),
            megabytes(output_bytes),
        );
        let CpuSide { name, architecture, os, threads } = &self.cpu;
        let threads = terminal::counted(*threads, "thread", "threads");
        text += &format!("CPU: {name} ({architecture}, {os}), {threads}\n");
        if let Some(gpu) = &self.gpu {
            let clock = if gpu.has_timestamps { "the device's timestamps" } else { "the wall clock until it is done" };
            text += &format!(
                "GPU: {} ({}, {}), driver {}; resident batches and the copy kernel by {clock}\n",
                gpu.name, gpu.backend, gpu.kind, gpu.driver
            );
        }
        text += &format!("All gave the reference's bytes for {} plans\n", self.plans_compared);
        text += &format!("Drawing plans takes {} us an image", significant(self.planning.drawing_seconds * 1e6));
        if let Some(seconds) = self.planning.programs_seconds {
            text += &format!(", making the GPU's programs of them {} us", significant(seconds * 1e6));
        }
        let heading = ["", "IMAGES/S", "GB/S", "SPREAD", "IMAGES/CPU-S", "OF ITS LIMIT"];
        let mut lines = vec![heading.map(String::from).to_vec()];
        let (measured, limits): (Vec<_>, Vec<_>) = self.table.rows.iter().partition(|line| line.limit.is_some());
        for line in measured.into_iter().chain(limits) {
            let limit = line.limit.and_then(|id| self.table.line(id)).map(|limit| limit.name.as_str());
            lines.push(vec![
                line.name.clone(),
                significant(line.images_per_second),
                significant(line.bytes_per_second / 1e9),
                format!("{:.0} %{}", 100.0 * line.measured.spread, if line.measured.is_noisy() { " !" } else { "" }),
                line.images_per_cpu_second.map(significant).unwrap_or_default(),
                match (line.of_limit, limit) {
                    (Some(part), Some(limit)) => format!("{} % of {limit}", significant(100.0 * part)),
                    _ => String::new(),
                },
            ]);
        }
        let table = terminal::aligned(&lines, |column| (1..5).contains(&column));
        let doubt = self.doubt().map(|doubt| format!("\n\n! {doubt}")).unwrap_or_default();
        format!("{text}\n\n{table}{doubt}")
    }
}

/// A number with three digits, or all before the point.
pub fn significant(number: f64) -> String {
    let decimals = match number {
        n if n >= 100.0 => 0,
        n if n >= 10.0 => 1,
        n if n >= 1.0 => 2,
        n if n >= 0.1 => 3,
        _ => 4,
    };
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn numbers_have_three_digits() {
        let numbers = [123_456.7, 99.94, 1.0, 0.5, 0.012_34].map(significant);
        assert_eq!(numbers, ["123457", "99.9", "1.00", "0.500", "0.0123"]);
    }
}
