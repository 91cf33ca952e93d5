//! `bench`: the speed of augmentation on this machine, beside its limit.

mod check;
#[cfg(feature = "gpu")]
mod clock;
#[cfg(feature = "gpu")]
mod copy;
#[cfg(feature = "gpu")]
mod gpu;
mod host;
mod measure;
mod pictures;
mod planning;
mod plot;
mod point;
mod report;
mod rows;
mod sweep;
mod work;

use std::path::{Path, PathBuf};

#[cfg(feature = "gpu")]
use autoaugment::gpu::Grouping;
use autoaugment::{Device, Dtype, Executor, Layout, Normalize};
use clap::Args;
use indicatif::ProgressBar;

use crate::choices::{self, Drawing, Runs, Where};
use crate::encode::{self, Format};
use crate::outcome::{EXIT_CODES, Outcome};
use crate::terminal::{self, Terminal};
use crate::{values, write};
use check::Expected;
use measure::Measured;
use pictures::Pictures;
use planning::Planning;
use point::Point;
use report::{CpuSide, GpuSide, Report};
use rows::Row;
use sweep::{Over, Sweep};
use work::{Form, Work};

pub use plot::{FONT as PLOT_FONT, check_name as check_plot_name, is_svg, register as register_plot_font};

const DETAILS: &str = "\
Rows:
  Each row augments one batch of images, with a new plan per run. The rows are: one thread; all threads; the GPU with \
resident images and results; the GPU with upload; the GPU with upload and readback. Beside each row stands its limit, \
which only moves the same bytes: memcpy on as many threads, a kernel that copies, upload and readback alone. GB/s \
count the bytes of the images and of the results once each.

Method:
  First the bytes of several plans are compared with the reference's. If they differ, nothing is measured. All rows \
run in turns, in several rounds, so that other work on the machine affects all rows alike. A row shows the median of \
its rounds. SPREAD is the distance from the fastest round to the slowest. With more than 50 %, marked by !, the \
machine was too busy with other work. The GPU's own clock times resident batches, \
or the wall clock where the GPU has none; the first lines say which. Drawing plans is timed apart.

Devices:
  auto measures a GPU if there is one. Software adapters, which compute on the CPU, are measured only with \
--device gpu.";

/// Measure the speed of augmentation on this machine
#[derive(Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{DETAILS}\n\n{EXIT_CODES}"))]
pub struct Bench {
    /// Photographs, or folders of them, cropped and scaled to --size; without any, generated images
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Width and height of the images, in pixels
    #[arg(long, value_name = "PIXELS", default_value = "224", value_parser = clap::value_parser!(u32).range(1..=8192))]
    size: u32,
    /// Images per batch
    #[arg(long, value_name = "N", default_value = "256", value_parser = clap::value_parser!(u32).range(1..=65536))]
    batch: u32,
    /// Type of the output's values; floats are normalized with ImageNet's means and deviations
    #[arg(long, value_name = "DTYPE", default_value = "u8", value_parser = values::dtypes())]
    dtype: Dtype,
    /// Order of the output's axes
    #[arg(long, value_name = "LAYOUT", default_value = "nhwc", value_parser = values::layouts())]
    output_layout: Layout,
    /// Division of a batch among the GPU's dispatches: auto, whole, single, by-class or by-pair
    #[cfg(feature = "gpu")]
    #[arg(long, value_name = "NAME", default_value = "auto")]
    grouping: Grouping,
    /// Approximate time per row
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    seconds: f64,
    /// Print JSON, not a table
    #[arg(long)]
    json: bool,
    /// Measure other sizes of batches and images too, and plot all to this .svg or .png file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Overwrite a file that exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    device: Where,
    #[command(flatten)]
    drawing: Drawing,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.001..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err(format!("`{text}` must be a number of seconds of 0.001..=3600")),
    }
}

/// Rounds of the table, and of each point of the plot.
const ROUNDS: usize = 7;
const SWEEP_ROUNDS: usize = 5;
/// What each point of the plot has of the time of the table.
const SWEEP_PART: f64 = 0.25;

/// What everything runs on.
struct Machine {
    pools: host::Pools,
    cpu: Executor,
    #[cfg(feature = "gpu")]
    gpu: Option<gpu::Opened>,
}

impl Bench {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        if let Some(path) = &self.plot {
            plot::check_name(path)?;
            write::check_free(path, self.force)?;
        }
        work::check_bytes(self.batch as usize, self.size as usize)?;
        let scheme = self.drawing.scheme()?;
        let convention = scheme.convention();
        let sampler = self.drawing.sampler(scheme)?;
        let pictures = match &self.inputs[..] {
            [] => Pictures::generated(self.drawing.seed),
            inputs => Pictures::read(inputs, self.plot.as_deref(), terminal)?,
        };
        let output = choices::output(self.dtype, self.output_layout, Normalize::IMAGENET)?;
        let form = Form { sampler: &sampler, first_epoch: self.drawing.epoch, output };
        let machine = Machine::open(&self, terminal)?;

        let (batch, size) = (self.batch as usize, self.size as usize);
        let overs = if self.plot.is_some() { &Over::ALL[..] } else { &[] };
        let all: Vec<_> = overs.iter().map(|&over| (over, over.points(batch, size))).collect();
        let others: usize = all.iter().map(|(_, points)| points.len()).sum();
        let progress = terminal.progress(machine.rows() * (ROUNDS + others * SWEEP_ROUNDS), "runs");
        let measure = |images, side, seconds, rounds| {
            let work = Work::new(&pictures, images, side, &form)?;
            let measured = machine.measure(&work, seconds, rounds, &progress)?;
            anyhow::Ok(Point::of(&work, measured, machine.pools.threads()))
        };
        let table = measure(batch, size, self.seconds, ROUNDS)?;
        let mut sweeps = Vec::new();
        for (over, points) in all {
            let point = |(images, side)| measure(images, side, self.seconds * SWEEP_PART, SWEEP_ROUNDS);
            sweeps.push(Sweep { over, points: points.into_iter().map(point).collect::<anyhow::Result<_>>()? });
        }
        progress.finish_and_clear();

        let report = Report {
            version: env!("CARGO_PKG_VERSION"),
            policy: self.drawing.policy_name().to_string(),
            convention,
            seed: self.drawing.seed,
            epoch: self.drawing.epoch,
            source: pictures.source(),
            output: output.dtype().name(),
            output_layout: self.output_layout,
            cpu: CpuSide::of(machine.pools.threads()),
            gpu: machine.gpu_side(),
            plans_compared: work::COMPARED,
            planning: Planning::of(&form, batch, size, machine.gpu_side().is_some())?,
            noisy: table.rows.iter().map(|line| &line.measured).filter(|m| m.is_noisy()).map(|m| m.id).collect(),
            table,
            sweeps,
        };
        if self.json {
            terminal::json(&report)?;
            report.doubt().iter().for_each(|doubt| terminal.note(&format!("notice: {doubt}")));
        } else {
            terminal::data(&report.text())?;
        }
        if let Some(path) = &self.plot {
            write_plot(path, &report, self.force)?;
            terminal.note(&format!("wrote {}", terminal::name(path)));
        }
        Ok(Outcome::Done)
    }
}

fn write_plot(path: &Path, report: &Report, overwrites: bool) -> anyhow::Result<()> {
    let bytes = if plot::is_svg(path) {
        plot::svg(report)?.into_bytes()
    } else {
        let (rgb, [width, height]) = plot::rgb(report)?;
        encode::encode(&rgb, [height, width, 3], Format::Png, 100, 1)?
    };
    write::whole(path, &bytes, overwrites)
}

impl Machine {
    fn open(bench: &Bench, terminal: Terminal) -> anyhow::Result<Self> {
        if let Device::Cuda(_) = bench.device.device {
            anyhow::bail!("bench measures adapters and the CPU, and not CUDA; take another device");
        }
        let executor = bench.device.open(terminal, Runs::Long)?;
        Ok(Machine {
            pools: host::Pools::new()?,
            #[cfg(feature = "gpu")]
            gpu: gpu::Opened::of(executor, bench.grouping, terminal)?,
            #[cfg(feature = "gpu")]
            cpu: Executor::new(Device::Cpu)?,
            #[cfg(not(feature = "gpu"))]
            cpu: executor,
        })
    }

    /// Compares bytes, then measures every row.
    fn measure(
        &self,
        work: &Work,
        seconds: f64,
        rounds: usize,
        progress: &ProgressBar,
    ) -> anyhow::Result<Vec<Measured>> {
        let expected = Expected::of(work)?;
        expected.check_cpu(&self.cpu, work)?;
        let mut rows: Vec<Row<'_>> = host::rows(&self.pools, &self.cpu, work)?;
        #[cfg(feature = "gpu")]
        if let Some(gpu) = &self.gpu {
            expected.check_gpu(gpu.gpu()?, work)?;
            rows.extend(gpu::rows(gpu, work)?);
        }
        drop(expected);
        rows::sort(&mut rows);
        measure::measure(rows, work, seconds, rounds, progress)
    }

    /// How many rows there are.
    fn rows(&self) -> usize {
        let host = if self.pools.threads() > 1 { 4 } else { 2 };
        host + if self.gpu_side().is_some() { 6 } else { 0 }
    }

    #[cfg(feature = "gpu")]
    fn gpu_side(&self) -> Option<GpuSide> {
        self.gpu.as_ref().and_then(gpu::Opened::side)
    }

    #[cfg(not(feature = "gpu"))]
    fn gpu_side(&self) -> Option<GpuSide> {
        None
    }
}
