//! The proof kit of a GPU: whether its bytes are the CPU's, and how fast they come.
//!
//! It runs every kernel on the GPU and on the CPU, measures the first batch, and has `autoaugment bench` measure the
//! rest. All of it is written to one folder an adapter.

#[path = "../../tests/support/batches.rs"]
#[allow(dead_code)]
mod batches;
mod cases;
mod conformance;
mod first_batch;
mod picture;
mod results;
mod speed;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use autoaugment::{Executor, Gpu};
use clap::{Parser, Subcommand};

use cases::Extent;
use results::Run;
use speed::Adapter;

/// Proves a GPU: every kernel's bytes beside the CPU's, and how fast they come
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// The adapter: gpu, its number in `autoaugment devices`, or a part of its name
    #[arg(long, default_value = "gpu")]
    device: String,
    /// Small images and one size: tries the kit out, on a software adapter too
    #[arg(long)]
    short: bool,
    /// The folder of all results; those of an adapter have one of their own in it
    #[arg(long, default_value = "gpu-proof")]
    out: PathBuf,
    /// The command line, whose `bench` measures [default: beside this program]
    #[arg(long, value_name = "PROGRAM")]
    autoaugment: Option<PathBuf>,
    /// Seconds of each row of the measurement
    #[arg(long, default_value_t = 0.2)]
    seconds: f64,
}

#[derive(Subcommand)]
enum Part {
    /// Measures the first batch in this process, and prints it as JSON
    #[command(hide = true)]
    FirstBatch {
        #[arg(long)]
        device: String,
        #[arg(long)]
        images: usize,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(given: Arguments) -> Result<ExitCode> {
    if let Some(Part::FirstBatch { device, images }) = given.part {
        println!("{}", serde_json::to_string(&first_batch::measure(&device, images)?)?);
        return Ok(ExitCode::SUCCESS);
    }
    let began = Instant::now();
    let extent = if given.short { Extent::Short } else { Extent::Whole };
    let bench = match given.autoaugment {
        Some(bench) => bench,
        None => beside()?,
    };
    anyhow::ensure!(bench.is_file(), "{}: there is no such program; --autoaugment names it", bench.display());
    let gpu = open(&given.device)?;
    let summary = gpu.adapter();
    let mut adapter = Adapter {
        name: summary.name.clone(),
        backend: summary.backend.clone(),
        kind: summary.kind.clone(),
        driver: summary.driver.clone(),
        is_software: summary.is_software,
        has_timestamps: false,
    };
    println!("{} ({}, {}, {})", adapter.name, adapter.kind, adapter.backend, adapter.driver);
    if adapter.is_software {
        println!("This adapter computes on the CPU: its speed says nothing about a GPU.");
    }
    let folder = given.out.join(results::slug(&adapter.name));
    let date = results::today()?;
    let pictures = folder.join(format!("differences-{date}"));
    std::fs::create_dir_all(&pictures).with_context(|| pictures.display().to_string())?;

    println!("\nBytes, beside the CPU's:");
    let conformance = conformance::run(&gpu, extent, &pictures)?;
    drop(gpu);
    // Only differences leave something there.
    let _ = std::fs::remove_dir(&pictures);

    println!("\nThe first batch:");
    let kept = folder.join("driver-cache");
    let _ = std::fs::remove_dir_all(&kept);
    std::fs::create_dir_all(&kept).with_context(|| kept.display().to_string())?;
    let images = if given.short { 4 } else { 64 };
    let first = first_batch::cold_and_warm(&given.device, images, &kept);
    let _ = std::fs::remove_dir_all(&kept);
    let first = first?;
    for (name, first) in ["cold", "warm"].iter().zip(&first) {
        let first_batch::FirstBatch { open, first, second, later, pipelines } = first;
        println!("{name}: open {open:.3} s, first batch {first:.3} s with {pipelines} pipelines,");
        println!("      second {second:.4} s, later ones {later:.4} s");
    }

    println!("\nSpeed:");
    let mut speed = Vec::new();
    for point in speed::points(extent) {
        let (measured_on, lines) = speed::measure(&bench, &given.device, point, given.seconds)?;
        adapter.has_timestamps = measured_on.has_timestamps;
        let resident = lines.iter().find(|line| line.row == "gpu_resident").context("the bench has no GPU's row")?;
        println!(
            "{} of {} x {} to {}, {}: {:.0} images/s, {:.1} GB/s, {:.2} of a copy",
            point.images,
            point.side,
            point.side,
            point.dtype,
            point.grouping,
            resident.images_per_second,
            resident.gigabytes_per_second,
            resident.of_limit
        );
        speed.extend(lines);
    }

    let run = Run {
        date,
        version: env!("CARGO_PKG_VERSION"),
        adapter,
        short: given.short,
        conformance,
        first_batch: Some(first),
        speed,
        seconds: began.elapsed().as_secs_f64(),
    };
    finish(&run, &folder)
}

/// Writes the results, and says what is new.
fn finish(run: &Run, folder: &Path) -> Result<ExitCode> {
    if let Some((date, last)) = results::last(folder, &run.date)? {
        println!("\nAgainst the run of {date}:");
        let changes = run.against(&last);
        print!("{}", if changes.is_empty() { "nothing changed\n" } else { &changes });
    }
    let path = run.write(folder)?;
    println!("\nwrote {} in {:.0} s", path.display(), run.seconds);
    match run.differing_values() {
        0 => {
            println!("All bytes are the CPU's.");
            Ok(ExitCode::SUCCESS)
        }
        values => {
            println!("{values} VALUES DIFFER from the CPU's. The JSON file has the cases, the folder their pictures.");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Opens the GPU.
fn open(device: &str) -> Result<Gpu> {
    let executor = Executor::new(device.parse()?)?;
    executor.gpu().cloned().with_context(|| format!("{device} is no GPU"))
}

/// The command line beside this program.
fn beside() -> Result<PathBuf> {
    let own = std::env::current_exe().context("this program's own path")?;
    Ok(own.with_file_name(format!("autoaugment{}", std::env::consts::EXE_SUFFIX)))
}
