//! Arms: every policy with every seed, side by side, and the table of what came out.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use crate::device::On;
use crate::training::Point;
use crate::{Arguments, label, plot};

/// What a run prints after each epoch.
pub const EPOCH: &str = "epoch";

/// All runs of one policy.
pub struct Arm {
    pub name: String,
    /// The measurements of each seed.
    pub runs: Vec<Vec<Point>>,
}

impl Arm {
    /// The accuracy of each seed at the end.
    pub fn accuracies(&self) -> Vec<f64> {
        self.runs.iter().filter_map(|run| run.last()).map(|point| point.accuracy).collect()
    }
}

/// Mean and standard deviation (of the sample).
pub fn spread(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (mean, if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 })
}

/// Trains all arms, prints the table and writes the plot.
pub fn compare(arguments: &Arguments) -> Result<()> {
    let seeds = arguments.settings.seed..arguments.settings.seed + arguments.seeds;
    // Seeds outside, so that all arms have as many runs if one stops it.
    let all: Vec<(usize, u64)> =
        seeds.clone().flat_map(|seed| (0..arguments.policy.len()).map(move |arm| (arm, seed))).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let jobs = arguments.jobs.unwrap_or(if arguments.device == On::Flex { cores } else { 1 }).max(1);
    let threads = arguments.settings.threads.unwrap_or(cores / jobs).max(1);
    let template = "{bar:40} {percent} %, {eta} left; {msg}";
    let bar = ProgressBar::new(all.len() as u64 * arguments.settings.epochs);
    let bar = bar.with_style(ProgressStyle::with_template(template)?);
    let waiting = Mutex::new(VecDeque::from(all));
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some((arm, seed)) = next else { break };
                    let result = child(&arguments.policy[arm], seed, threads, &bar);
                    if let Some(Point { accuracy, .. }) = result.as_ref().ok().and_then(|history| history.last()) {
                        let name = label(&arguments.policy[arm]);
                        bar.set_message(format!("{name} with seed {seed}: {:.2} %", 100.0 * accuracy));
                    }
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((arm, seed, result));
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(arm, seed, _)| (*arm, *seed));
    let mut arms: Vec<Arm> = arguments.policy.iter().map(|name| Arm { name: label(name), runs: Vec::new() }).collect();
    for (arm, _, result) in done {
        arms[arm].runs.push(result?);
    }
    print!("{}", table(&arms));
    if let Some(path) = &arguments.plot {
        std::fs::write(path, plot::svg(&arms)).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// One run in a process of its own, where burn has one thread: `flex` gains little from a second one on networks this
/// small.
fn child(policy: &str, seed: u64, threads: usize, bar: &ProgressBar) -> Result<Vec<Point>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .args(["--one", policy, "--seed", &seed.to_string(), "--threads", &threads.to_string()])
        .env("RAYON_NUM_THREADS", "1")
        .stdout(Stdio::piped())
        .spawn()?;
    // A line for each epoch, and the measurements.
    let mut last = String::new();
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        last = line?;
        bar.inc(u64::from(last == EPOCH));
    }
    let status = child.wait()?;
    ensure!(status.success(), "{policy} with seed {seed}: {status}");
    serde_json::from_str(&last).map_err(|e| anyhow!("{policy} with seed {seed}: {e}"))
}

/// A line for each policy. The gain is over the first policy, seed by seed, since a seed gives all of them the same
/// images and the same start.
fn table(arms: &[Arm]) -> String {
    let percent = |values: &[f64]| values.iter().map(|v| format!("{:.2}", 100.0 * v)).collect::<Vec<_>>().join(" ");
    let mut text =
        "| policy | test accuracy, mean ± deviation | gain, mean ± standard error | each seed |\n".to_string();
    text += "|--|--|--|--|\n";
    let first = arms.first().map(Arm::accuracies).unwrap_or_default();
    for arm in arms {
        let accuracies = arm.accuracies();
        let (mean, deviation) = spread(&accuracies);
        let gains: Vec<f64> = accuracies.iter().zip(&first).map(|(a, b)| a - b).collect();
        let (gain, gain_deviation) = spread(&gains);
        let error = gain_deviation / (gains.len() as f64).sqrt();
        text += &format!(
            "| {} | {:.2} ± {:.2} % | {:+.2} ± {:.2} | {} |\n",
            arm.name,
            100.0 * mean,
            100.0 * deviation,
            100.0 * gain,
            100.0 * error,
            percent(&accuracies)
        );
    }
    text
}
