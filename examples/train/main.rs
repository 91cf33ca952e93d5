//! Trains a small convolutional network with and without policies and says what they are worth.
//!
//! ```sh
//! data=$(examples/train/get-fashion-mnist)
//! cargo run --features burn --example train -- --data "$data" --policy none,examples/train/shifts.txt
//! ```
//!
//! README.md has the settings of a comparison and what came out.

mod arms;
mod data;
mod model;
mod plot;
mod training;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use autoaugment::{Gpu, Policy};
use burn::tensor::Device;
use clap::{Parser, ValueEnum};

use data::Data;
use training::{Settings, Training};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum On {
    /// The CPU.
    Flex,
    /// A GPU through wgpu, software adapters included.
    Wgpu,
}

/// Trains a small convolutional network and prints the test accuracy of each policy.
#[derive(Parser, Debug)]
// The runs side by side get the same arguments again, and their own seed after them.
#[command(args_override_self = true)]
struct Arguments {
    /// A folder of IDX files, or of `train` and `test` or nothing in between, with a folder for each class
    #[arg(long, default_value = "/usr/share/datasets/fashion-mnist")]
    data: PathBuf,
    /// Policies, each trained with every seed: none, a preset's name, or a file of text or JSON
    #[arg(long, value_delimiter = ',', default_value = "none,cifar10")]
    policy: Vec<String>,
    /// The first seed; it decides the training images, their order, the network's start and the draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// How many training images, drawn anew for every seed
    #[arg(long, default_value_t = 1000)]
    train_images: usize,
    /// Passes over the training images
    #[arg(long, default_value_t = 60)]
    epochs: u64,
    /// Stops after so many of them, to be resumed
    #[arg(long)]
    stop_after: Option<u64>,
    /// Images of a step
    #[arg(long, default_value_t = 50)]
    batch: usize,
    /// Channels after the first convolution; 16 makes 14,410 parameters for grey images of ten classes
    #[arg(long, default_value_t = 16)]
    width: usize,
    #[arg(long, default_value_t = 3e-3)]
    learning_rate: f64,
    /// How often the test accuracy is measured
    #[arg(long, default_value_t = 10)]
    measurements: u64,
    /// Test images of all measurements but the last, which takes all
    #[arg(long, default_value_t = 1000)]
    test_images: usize,
    /// Tests on images held out from the training set, to choose settings
    #[arg(long)]
    hold_out: bool,
    #[arg(long, value_enum, default_value_t = On::Flex)]
    device: On,
    /// Runs side by side, each a process with one thread; on `flex` as many as there are cores unless set
    #[arg(long)]
    jobs: Option<usize>,
    /// Saves networks here, in a folder for each run
    #[arg(long)]
    checkpoint: Option<PathBuf>,
    /// Goes on from what was saved
    #[arg(long, requires = "checkpoint")]
    resume: bool,
    /// Writes a plot of the accuracies as SVG
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Trains for so many steps instead and fails unless the loss fell
    #[arg(long)]
    steps: Option<usize>,
    /// One run with this policy, its measurements printed as JSON: what the runs side by side are
    #[arg(long, hide = true)]
    one: Option<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.device == On::Flex {
        // burn restores an optimizer on its default device, which would be a GPU.
        // SAFETY: no other thread runs yet.
        unsafe { std::env::set_var("BURN_DEVICE", "flex") };
    }
    if let Some(steps) = arguments.steps {
        return some_steps(&arguments, steps);
    }
    if let Some(name) = &arguments.one {
        let data = read(&arguments)?;
        let (device, gpu) = open(arguments.device)?;
        let history = one(&arguments, name, &data, &device, gpu.as_ref())?;
        println!("{}", serde_json::to_string(&history)?);
        return Ok(());
    }
    // What is wrong with a policy is said before anything is trained.
    for name in &arguments.policy {
        policy(name)?;
    }
    arms::compare(&arguments)
}

/// A whole run; returns its measurements.
fn one(
    arguments: &Arguments,
    name: &str,
    data: &Data,
    device: &Device,
    gpu: Option<&Gpu>,
) -> Result<Vec<training::Point>> {
    let seed = arguments.seed;
    let mut training = Training::new(settings(arguments, name)?, data, device, gpu)?;
    let short = label(name);
    eprintln!("{short} seed {seed}: {} parameters, {} images", training.parameters(), data.train.len());
    let folder = arguments.checkpoint.as_ref().map(|folder| folder.join(format!("{short}-{seed}")));
    if let (Some(folder), true) = (&folder, arguments.resume) {
        training = training.resume(folder)?;
    }
    training.run(folder.as_deref())?;
    Ok(training.history().to_vec())
}

fn some_steps(arguments: &Arguments, steps: usize) -> Result<()> {
    let data = read(arguments)?;
    let (device, gpu) = open(arguments.device)?;
    let settings = settings(arguments, &arguments.policy[0])?;
    let losses = Training::new(settings, &data, &device, gpu.as_ref())?.steps(steps)?;
    // The mean of the first and the last few steps, since single batches differ.
    let few = (steps / 4).max(1);
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..few]), mean(&losses[steps - few..]));
    println!("{steps} steps, mean loss of the first {few}: {first:.4}, of the last {few}: {last:.4}");
    ensure!(steps < 2 || last < first, "the loss did not fall");
    Ok(())
}

fn open(on: On) -> Result<(Device, Option<Gpu>)> {
    match on {
        On::Flex => Ok((Device::flex(), None)),
        On::Wgpu => {
            let (device, gpu) = autoaugment::burn::open()?;
            eprintln!("on {}", gpu.description());
            Ok((device, Some(gpu)))
        }
    }
}

fn read(arguments: &Arguments) -> Result<Data> {
    let mut data = Data::read(&arguments.data).context("examples/train/get-fashion-mnist installs Fashion-MNIST")?;
    if arguments.hold_out {
        data.hold_out();
    }
    data.subset(arguments.train_images, arguments.seed);
    Ok(data)
}

fn settings(arguments: &Arguments, name: &str) -> Result<Settings> {
    Ok(Settings {
        name: label(name),
        policy: policy(name)?,
        seed: arguments.seed,
        epochs: arguments.epochs,
        stop_after: arguments.stop_after,
        batch: arguments.batch,
        width: arguments.width,
        learning_rate: arguments.learning_rate,
        measurements: arguments.measurements,
        test_images: arguments.test_images,
    })
}

fn policy(name: &str) -> Result<Policy> {
    let path = Path::new(name);
    if name == "none" {
        return Ok(training::none());
    }
    if !path.is_file() {
        return Ok(Policy::preset(name)?);
    }
    let text = std::fs::read_to_string(path)?;
    let policy = if path.extension().is_some_and(|e| e == "json") { Policy::from_json(&text) } else { text.parse() };
    policy.with_context(|| name.to_string())
}

/// A policy's name for people: the file's without folders and ending.
fn label(name: &str) -> String {
    Path::new(name).file_stem().map_or_else(|| name.to_string(), |stem| stem.to_string_lossy().into_owned())
}
