//! Comparison: policies that searches find against others, by networks trained anew and tested on images that no search
//! saw.

mod data;
mod searches;
mod table;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use autoaugment::Policy;
use autoaugment::policy::SearchSpace;
use autoaugment_search::comparison::{Arm, Comparison, Retraining, controls};
use autoaugment_search::{Child, Error, Micro, MicroChild};
use clap::{Parser, ValueEnum};

use searches::{IMAGES, SEED, Size};

/// Searches, and compares what they find. Stops and continues at any moment.
#[derive(Parser)]
struct Arguments {
    /// The images
    #[arg(value_enum)]
    data: Set,
    /// A folder for journals, policies and accuracies
    #[arg(long)]
    out: PathBuf,
    /// Runs of each search
    #[arg(long, default_value_t = 4)]
    runs: u64,
    /// Children of each search
    #[arg(long, default_value_t = 400)]
    children: usize,
    /// Seeds of the final networks with the images of the searches, and with other ones
    #[arg(long, num_args = 2, default_values_t = [8, 8])]
    seeds: Vec<u64>,
    /// The searches
    #[arg(long, value_delimiter = ',', value_parser = searches::names(), default_values = searches::names())]
    searches: Vec<String>,
    /// Children at once
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Set {
    /// Debian's dataset-fashion-mnist
    FashionMnist,
    /// Patches of the photographs of Debian's lomiri-wallpapers-16.04
    Patches,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let data = match arguments.data {
        Set::FashionMnist => data::fashion_mnist(Path::new("/usr/share/datasets/fashion-mnist"))?,
        Set::Patches => data::patches(Path::new("/usr/share/backgrounds"))?,
    };
    let folder = &arguments.out;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let size = Size { runs: arguments.runs, children: arguments.children, workers: arguments.workers };
    let mut arms = controls(&SearchSpace::paper(), SEED + 1000)?;
    let shifts = include_str!("../../../examples/train/shifts.txt");
    arms.push(Arm::new("hand-made", shifts.parse::<Policy>()?));
    arms.push(searches::density(&data, size, folder)?);
    arms.extend(searches::all(&data, size, &arguments.searches, folder)?);

    let training = data.drawn(IMAGES, SEED)?;
    let same: Arc<dyn Child> =
        Arc::new(MicroChild::new(Micro { epochs: 240, ..Micro::FRESH }, training, data.test.clone(), SEED)?);
    retrain(&folder.join("same-images.csv"), &arms, arguments.seeds[0], arguments.workers, |_| Ok(same.clone()))?;
    retrain(&folder.join("other-images.csv"), &arms, arguments.seeds[1], arguments.workers, |seed| {
        let refused = |error: anyhow::Error| Error::Data(error.to_string());
        let training = data.drawn(2 * IMAGES, seed).map_err(refused)?;
        Ok(Arc::new(MicroChild::new(Micro { epochs: 120, ..Micro::FRESH }, training, data.test.clone(), seed)?))
    })
}

/// Trains all arms anew, unless the file has them, and writes them to it.
fn retrain(
    path: &Path,
    arms: &[Arm],
    seeds: u64,
    workers: usize,
    child: impl Fn(u64) -> Result<Arc<dyn Child>, Error> + Sync,
) -> Result<()> {
    let mut comparison = Comparison::default();
    if path.exists() {
        for line in fs::read_to_string(path)?.lines().skip(1) {
            comparison.retrainings.push(read(line).with_context(|| format!("{}: {line}", path.display()))?);
        }
    } else {
        fs::write(path, "seed;arm;accuracy;loss\n")?;
    }
    let mut file = OpenOptions::new().append(true).open(path)?;
    comparison.retrain(arms, 100..100 + seeds, &child, workers, |retraining| {
        let Retraining { arm, seed, accuracy, loss } = retraining;
        writeln!(file, "{seed};{arm};{accuracy};{loss:.6}").map_err(|error| Error::Child(error.to_string()))
    })?;
    println!("\n{}\n\n{}", path.display(), table::markdown(&comparison));
    Ok(())
}

fn read(line: &str) -> Result<Retraining> {
    let fields: Vec<&str> = line.split(';').collect();
    let [seed, arm, accuracy, loss] = fields[..] else { anyhow::bail!("expected 4 fields") };
    Ok(Retraining { arm: arm.to_string(), seed: seed.parse()?, accuracy: accuracy.parse()?, loss: loss.parse()? })
}
