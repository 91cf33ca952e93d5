//! Double transfer learning: a network that knows some classes learns others from few images, by policies that were
//! found on other images.
//!
//! ```sh
//! cargo run --release --package autoaugment-search --example transfer
//! ```
//!
//! README.md has what came out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use autoaugment::Transform;
use autoaugment::loader::{ColorMode, Dataset, Idx};
use autoaugment_search::comparison::Spread;
use autoaugment_search::{FineTuning, Images, Micro, MicroChild};
use clap::Parser;

/// Compares policies in fine-tuning a network, and in training one anew.
#[derive(Parser)]
struct Arguments {
    /// A folder of Fashion-MNIST's IDX files; `examples/train/get-fashion-mnist` installs one
    #[arg(long, default_value = "/usr/share/datasets/fashion-mnist")]
    data: PathBuf,
    /// Policies: none, a policy's or scheme's name, or a file of text or JSON
    #[arg(long, value_delimiter = ',', default_value = "none,imagenet,cifar10,svhn,fashion-mnist-found")]
    policy: Vec<String>,
    /// Runs of each policy; each has its own images
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(2..=1000))]
    seeds: u64,
    /// Images for learning the new classes
    #[arg(long, default_value_t = 160)]
    images: usize,
    /// Images by which the schedule follows the accuracy
    #[arg(long, default_value_t = 400)]
    validation: usize,
    /// AdamW's rate at first
    #[arg(long, default_value_t = 0.003)]
    rate: f32,
}

/// The classes that the network knows already. It learns the others, of which there are as many.
const KNOWN: usize = 5;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let policies: Vec<(String, Transform)> = arguments.policy.iter().map(|name| policy(name)).collect::<Result<_>>()?;
    let half = |name: &str| read(&arguments.data, name).context("examples/train/get-fashion-mnist installs the files");
    let ([known, new], [_, test]) = (half("train")?, half("t10k")?);

    eprintln!("training a network with {} images of the first {KNOWN} classes", known.len() / 2);
    let (training, validation) = known.divided(known.len() / 2, 1000, 0)?;
    let settings = Micro { warm_epochs: 10, ..Micro::FRESH };
    let knows = MicroChild::new(settings, training, validation, 0)?;

    for (title, start) in [("fine-tuned", knows.start()), ("trained anew", None)] {
        let mut accuracies = vec![Vec::new(); policies.len()];
        for seed in 0..arguments.seeds {
            let (training, validation) = new.divided(arguments.images, arguments.validation, seed)?;
            let child = MicroChild::new(Micro::FRESH, training, validation, seed)?;
            for ((_, transform), accuracies) in policies.iter().zip(&mut accuracies) {
                let tuned = child.fine_tuned(transform, start, FineTuning::of(arguments.rate), seed)?;
                accuracies.push(100.0 * child.judge(&tuned.parameters, &test)?.0);
            }
        }
        println!("{}", table(title, &policies, &accuracies));
    }
    Ok(())
}

fn policy(name: &str) -> Result<(String, Transform)> {
    let text = if Path::new(name).is_file() { std::fs::read_to_string(name)? } else { name.to_string() };
    Ok((name.to_string(), text.parse().with_context(|| name.to_string())?))
}

/// The images of the known classes, and those of the others, whose labels then begin at 0.
fn read(folder: &Path, half: &str) -> Result<[Images; 2]> {
    let file = |what: &str| folder.join(format!("{half}-{what}-ubyte.gz"));
    let idx = Idx::open(file("images-idx3"), file("labels-idx1"))?;
    let side = idx.size().width;
    let mut parts: [(Vec<u8>, Vec<u32>); 2] = Default::default();
    for index in 0..idx.len() {
        let sample = idx.read(index)?;
        let label = sample.label() as usize;
        let (pixels, labels) = &mut parts[label / KNOWN];
        let end = pixels.len();
        pixels.resize(end + side * side, 0);
        sample.decode_into(ColorMode::GrayOnly, &mut pixels[end..])?;
        labels.push((label % KNOWN) as u32);
    }
    let [known, new] = parts.map(|(pixels, labels)| Images::new(pixels, labels, side, 1, KNOWN));
    Ok([known?, new?])
}

/// A line for each policy. Gains are over the first one, seed by seed, since a seed gives all the same images.
fn table(title: &str, policies: &[(String, Transform)], accuracies: &[Vec<f64>]) -> String {
    let mut text = format!("| {title} | test accuracy, mean ± deviation | gain, mean ± standard error |\n|--|--|--|\n");
    for ((name, _), values) in policies.iter().zip(accuracies) {
        let gains: Vec<f64> = values.iter().zip(&accuracies[0]).map(|(own, first)| own - first).collect();
        if let (Some(all), Some(gain)) = (Spread::of(values), Spread::of(&gains)) {
            let (mean, deviation, error) = (all.mean, all.deviation, gain.error());
            text += &format!("| {name} | {mean:.2} ± {deviation:.2} % | {:+.2} ± {error:.2} |\n", gain.mean);
        }
    }
    text
}
