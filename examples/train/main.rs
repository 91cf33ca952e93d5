//! Trains a small convolutional network with and without policies and says what they are worth.
//!
//! ```sh
//! data=$(examples/train/get-fashion-mnist)
//! cargo run --release --features burn --example train -- --data "$data"
//! ```
//!
//! README.md has the settings of a comparison and what came out.

mod arms;
mod data;
mod device;
mod model;
mod plot;
mod training;
mod transforms;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;

use data::Data;
use device::On;
use training::{Settings, Training};

/// Trains a small convolutional network and prints the test accuracy of each policy.
#[derive(Parser, Debug)]
// The runs side by side get the same arguments again, and their own seed after them.
#[command(args_override_self = true)]
struct Arguments {
    /// A folder of IDX files, or of `train` and `test` or nothing in between, with a folder for each class
    #[arg(long, default_value = "/usr/share/datasets/fashion-mnist")]
    data: PathBuf,
    /// Policies, each trained with every seed: none, a policy's or scheme's name, or a file of text or JSON
    #[arg(long, value_delimiter = ',', default_value = "none,cifar10,examples/train/shifts.txt")]
    policy: Vec<String>,
    /// How many seeds
    #[arg(long, default_value_t = 8)]
    seeds: u64,
    /// How many training images, drawn anew for every seed
    #[arg(long, default_value_t = 512)]
    train_images: usize,
    /// Tests on images held out from the training set, to choose settings
    #[arg(long)]
    hold_out: bool,
    #[command(flatten)]
    settings: Settings,
    #[arg(long, value_enum, default_value_t = On::Flex)]
    device: On,
    /// Runs side by side, each a process; on `flex` as many as there are cores unless set
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
    /// Trains the first policy for so many steps only, and fails unless the loss fell
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
        return has_fallen(one(&arguments, &arguments.policy[0], |_| {})?.losses(), steps);
    }
    if let Some(name) = &arguments.one {
        let training = one(&arguments, name, |_| println!("{}", arms::EPOCH))?;
        println!("{}", serde_json::to_string(training.history())?);
        return Ok(());
    }
    // What is wrong with a policy is said before anything is trained.
    for name in &arguments.policy {
        transforms::policy(name)?;
    }
    arms::compare(&arguments)
}

/// A run with one policy and one seed.
fn one(arguments: &Arguments, name: &str, report: impl FnMut(u64)) -> Result<Training> {
    let policy = transforms::policy(name)?;
    let seed = arguments.settings.seed;
    let mut data = Data::open(&arguments.data).context("examples/train/get-fashion-mnist installs Fashion-MNIST")?;
    if arguments.hold_out {
        data.hold_out()?;
    }
    data.subset(arguments.train_images, seed)?;
    let device = arguments.device.open()?;
    let mut training = Training::new(policy, &arguments.settings, &data, &device)?;
    let folder = arguments.checkpoint.as_ref().map(|folder| folder.join(format!("{}-{seed}", label(name))));
    if let (Some(folder), true) = (&folder, arguments.resume) {
        training = training.resume(folder)?;
    }
    training.run(arguments.steps.unwrap_or(usize::MAX), folder.as_deref(), report)?;
    Ok(training)
}

fn has_fallen(losses: &[f64], steps: usize) -> Result<()> {
    ensure!(losses.len() == steps, "there are {} steps, not {steps}", losses.len());
    // The mean of the first and the last few steps, since single batches differ.
    let few = (steps / 4).max(1);
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..few]), mean(&losses[steps - few..]));
    println!("{steps} steps, mean loss of the first {few}: {first:.4}, of the last {few}: {last:.4}");
    ensure!(steps < 2 || last < first, "the loss did not fall");
    Ok(())
}

/// A policy's name for people: the file's without folders and ending.
fn label(name: &str) -> String {
    Path::new(name).file_stem().map_or_else(|| name.to_string(), |stem| stem.to_string_lossy().into_owned())
}
