//! `policy stats`: how often a policy applies each operation, and how strongly.

use std::collections::BTreeMap;
use std::path::PathBuf;

use autoaugment::ops::Category;
use autoaugment::{Op, OpKind, Shape, Size};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::stats_plot;
use crate::choices::Drawing;
use crate::terminal::{self, Terminal};
use crate::{bench, write};

/// Count how often a policy applies each operation, and how strongly, over many draws
#[derive(Args)]
pub struct Stats {
    #[command(flatten)]
    drawing: Drawing,
    /// Size of the image; translations and cutouts are relative to it
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "224x224")]
    size: Size,
    /// Number of images to draw for
    #[arg(long, value_name = "N", default_value = "10000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    samples: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Plot the table to this .svg or .png file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Overwrite a file that exists
    #[arg(long)]
    force: bool,
}

/// The JSON of the command.
#[derive(Serialize)]
pub struct Report {
    pub policy: String,
    pub seed: u64,
    pub samples: usize,
    width: usize,
    height: usize,
    /// The mean number of operations of an image.
    pub operations_per_image: f64,
    /// The part of images that stay as they are.
    pub unchanged: f64,
    pub operations: Vec<Row>,
}

#[derive(Serialize)]
pub struct Row {
    pub op: OpKind,
    /// The part of images that it is applied to, once or more.
    pub images: f64,
    /// How often it is applied to an image, on average.
    pub per_image: f64,
    /// The parameter that says how strong it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<Strength>,
}

/// A parameter without its sign; a factor as its distance from 1, which changes nothing.
#[derive(Serialize)]
pub struct Strength {
    pub parameter: String,
    pub mean: f64,
    pub least: f64,
    pub most: f64,
}

/// What is known of an operation so far.
#[derive(Default)]
struct Count {
    images: usize,
    times: usize,
    parameter: String,
    values: Vec<f64>,
}

/// Samples that are drawn at once.
const AT_ONCE: usize = 1000;

impl Stats {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<()> {
        if let Some(path) = &self.plot {
            bench::check_plot_name(path)?;
            write::check_free(path, self.force)?;
        }
        let report = self.report()?;
        match self.json {
            true => terminal::json(&report)?,
            false => terminal::data(&report.text())?,
        }
        if let Some(path) = &self.plot {
            write::whole(path, &stats_plot::bytes(&report, path)?, self.force)?;
            terminal.note(&format!("wrote {}", terminal::name(path)));
        }
        Ok(())
    }

    fn report(&self) -> anyhow::Result<Report> {
        let scheme = self.drawing.scheme()?;
        let operations = scheme.operations();
        let sampler = self.drawing.sampler(scheme)?;
        let (samples, Size { width, height }) = (self.samples as usize, self.size);
        let mut counts: BTreeMap<OpKind, Count> = operations.iter().map(|&op| (op, Count::default())).collect();
        let (mut applied, mut unchanged) = (0, 0);
        for first in (0..samples).step_by(AT_ONCE) {
            let indices: Vec<u64> = (first..samples.min(first + AT_ONCE)).map(|index| index as u64).collect();
            let shape = Shape { images: indices.len(), height, width, channels: 3 };
            for image in sampler.plan(shape, self.drawing.epoch, &indices)?.images() {
                let ops: Vec<&Op> = image.ops.iter().flat_map(with_branches).collect();
                applied += ops.len();
                unchanged += usize::from(ops.is_empty());
                for (i, op) in ops.iter().enumerate() {
                    let count = counts.entry(op.kind()).or_default();
                    count.add(op, ops[..i].iter().all(|other| other.kind() != op.kind()));
                }
            }
        }
        let part = |count: usize| count as f64 / samples as f64;
        let row = |(op, count): (OpKind, Count)| Row {
            op,
            images: part(count.images),
            per_image: part(count.times),
            strength: count.strength(),
        };
        let mut operations: Vec<Row> = counts.into_iter().map(row).collect();
        operations.sort_by(|a, b| b.per_image.total_cmp(&a.per_image));
        Ok(Report {
            policy: self.drawing.policy_name().to_string(),
            seed: self.drawing.seed,
            samples,
            width,
            height,
            operations_per_image: part(applied),
            unchanged: part(unchanged),
            operations,
        })
    }
}

/// An operation, and those of its branches.
fn with_branches(op: &Op) -> Vec<&Op> {
    match op {
        Op::AugMix(mix) => std::iter::once(op).chain(mix.branches.iter().flat_map(|branch| &branch.ops)).collect(),
        other => vec![other],
    }
}

impl Count {
    fn add(&mut self, op: &Op, is_first: bool) {
        self.times += 1;
        self.images += usize::from(is_first);
        let Ok(Value::Object(parameters)) = serde_json::to_value(op) else { return };
        // The side of a square, or the first parameter behind the name.
        let leading = parameters.get_key_value("width").or_else(|| parameters.iter().nth(1));
        let Some((name, Some(value))) = leading.map(|(name, value)| (name, value.as_f64())) else { return };
        let is_around_one = name == "factor" && op.kind().category() != Category::Warp;
        self.parameter = if is_around_one { "factor - 1".to_string() } else { name.clone() };
        self.values.push(if is_around_one { (value - 1.0).abs() } else { value.abs() });
    }

    fn strength(self) -> Option<Strength> {
        let Count { parameter, values, .. } = self;
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        Some(Strength { parameter, mean, least, most })
    }
}

impl Report {
    /// What the table is of, in a line.
    pub fn heading(&self) -> String {
        format!(
            "{}: {:.2} operations an image, {:.1} % of images unchanged ({} samples of {} x {}, seed {})",
            self.policy,
            self.operations_per_image,
            100.0 * self.unchanged,
            self.samples,
            self.width,
            self.height,
            self.seed
        )
    }

    fn text(&self) -> String {
        let heading = ["OPERATION", "IMAGES", "PER IMAGE", "STRENGTH", "MEAN", "LEAST", "MOST"];
        let mut lines = vec![heading.map(String::from).to_vec()];
        for row in &self.operations {
            let mut line = vec![row.op.to_string(), format!("{:.1} %", 100.0 * row.images), short(row.per_image)];
            if let Some(Strength { parameter, mean, least, most }) = &row.strength {
                line.push(format!("|{parameter}|"));
                line.extend([mean, least, most].map(|value| short(*value)));
            }
            lines.push(line);
        }
        let is_number = |column: usize| column == 1 || column == 2 || column > 3;
        format!("{}\n\n{}", self.heading(), terminal::aligned(&lines, is_number))
    }
}

/// A number with three decimals, or fewer where it is large.
fn short(value: f64) -> String {
    match value {
        large if large >= 100.0 => format!("{large:.0}"),
        middle if middle >= 10.0 => format!("{middle:.1}"),
        small => format!("{small:.3}"),
    }
}
