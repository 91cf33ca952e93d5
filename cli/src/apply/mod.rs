//! `apply`: files, folders or one array in, augmented ones out.

mod array_form;
mod array_sink;
mod file_sink;
mod help;
mod image_files;
mod one_array;
mod outputs;
mod plan_out;
mod resume;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use autoaugment::transform::Recipe;
use autoaugment::{Executor, Op, Output};
use clap::{Args, ValueEnum};

use crate::annotations::Annotated;
use crate::choices::{Drawing, Runs, Where};
use crate::decode::Decoding;
use crate::outcome::{EXIT_CODES, Outcome};
use crate::run::{Pipeline, Sink, Source, Work, entries};
use crate::terminal::{self, Terminal};
use crate::write::Kept;
use crate::{choices, read, values};
use array_form::ArrayForm;
use plan_out::PlanOut;
use resume::Resume;

/// More outputs than this take long.
const MANY: usize = 64;

/// Augment image files, folders or one .npy array
#[derive(Args)]
#[command(after_help = EXIT_CODES, after_long_help = help::details())]
pub struct Apply {
    /// Image files, folders of them, or one .npy array of u8, N x H x W x C or N x H x W, on standard input as -
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Output folder, made if need be. For one image also a file, x.png; for an array one that ends in .npy, or - for
    /// standard output
    #[arg(long, short, value_name = "DIR|FILE")]
    out: PathBuf,
    /// Augmented copies of each image. One copy keeps its name; more are called cat_0.png, cat_1.png, ...
    #[arg(long, value_name = "K", default_value = "1", conflicts_with = "plan")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    copies: u32,
    /// Format of the output files; same keeps that of the input's extension, and others become PNG [default: png]
    #[arg(long, value_enum)]
    format: Option<FormatChoice>,
    /// Quality of JPEG output, 1 to 100 [default: 95]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
    /// Begin a run that can be stopped, or go on with it: outputs of the same call that are there are left out
    ///
    /// The first call leaves a small file .autoaugment-resume in the output folder. The same call later makes what is
    /// missing, and another call is refused. The contents of the inputs are not compared.
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    #[command(flatten)]
    device: Where,
    /// Print the run's counters as JSON
    #[arg(long)]
    report: bool,
    /// Write the plan of all outputs to this file, or to standard output (-); --plan applies it again
    #[arg(long, value_name = "FILE")]
    plan_out: Option<PathBuf>,
    #[command(flatten)]
    drawing: Drawing,
    /// Crop and flip as usual in training, besides the policy: imagenet (to 224 x 224) or cifar (to 32 x 32)
    #[arg(long, value_name = "NAME", help_heading = "Augmentation", value_parser = values::recipes())]
    recipe: Option<Recipe>,
    /// Apply this operation to each image; repeat it for a chain: --op "Rotate(degrees=30)" --op Invert
    ///
    /// `autoaugment ops` lists all operations with their parameters.
    #[arg(long, value_name = "OPERATION", help_heading = INSTEAD, conflicts_with_all = DRAWING)]
    #[arg(value_parser = values::operations(), hide_possible_values = true)]
    op: Vec<Op>,
    /// Apply the plan in this file, or on standard input (-)
    #[arg(long, value_name = "FILE", help_heading = INSTEAD, conflicts_with_all = DRAWING, conflicts_with = "op")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    annotated: Annotated,
    #[command(flatten)]
    decoding: Decoding,
    #[command(flatten)]
    array: ArrayForm,
}

fn has_npy_extension(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
}

/// The heading over a chain and a plan in the help.
const INSTEAD: &str = "Instead of random augmentation";

/// The options of random augmentation, which a plan or a chain excludes.
const DRAWING: [&str; 7] = ["recipe", "policy", "convention", "interpolation", "fill", "seed", "epoch"];

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum FormatChoice {
    Png,
    Jpeg,
    Webp,
    Bmp,
    Same,
}

impl Apply {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        let is_array = |path: &PathBuf| read::is_standard(path) || has_npy_extension(path);
        if !self.inputs.iter().any(is_array) {
            return self.run_files(terminal);
        }
        match &self.inputs[..] {
            [path] => self.run_array(terminal, path),
            _ => bail!("an array must be the only input, and there are {} inputs", self.inputs.len()),
        }
    }

    /// The files that this call reads.
    fn kept<'a>(&'a self, inputs: impl Iterator<Item = &'a Path>) -> Kept<'a> {
        let policy = self.drawing.policy.as_deref().map(Path::new);
        Kept::new(inputs.chain(self.plan.as_deref()).chain(policy).chain(self.annotated.files()))
    }

    /// Begins the file of `--plan-out`, so that one that cannot be written is found before the work.
    fn open_plan_out<'a>(
        &'a self,
        work: &Work,
        source: &dyn Source,
        inputs: impl Iterator<Item = &'a Path>,
        resume: Option<&Resume>,
    ) -> anyhow::Result<Option<PlanOut>> {
        let Some(path) = &self.plan_out else { return Ok(None) };
        plan_out::check_length(work.outputs(source.len()))?;
        if self.report && read::is_standard(path) {
            bail!("--plan-out - and --report both go to standard output; write the plan to a file");
        }
        let is_own = resume.map(|resume| resume.has_plan(path)).transpose()?;
        if is_own == Some(false) && path.symlink_metadata().is_ok() {
            bail!("--plan-out {}: the file exists; choose another name", terminal::name(path));
        }
        PlanOut::open(path, &self.kept(inputs), self.force || is_own == Some(true)).map(Some)
    }

    fn work<'s>(
        &self,
        source: &dyn Source,
        find: impl Fn(&str) -> &'s [usize],
        terminal: Terminal,
    ) -> anyhow::Result<Work> {
        let copies = self.copies as usize;
        if self.op.is_empty() && self.plan.is_none() {
            let sampler = self.drawing.sampler(choices::transform(self.drawing.scheme()?, self.recipe))?;
            return Ok(Work::Draw { sampler: Box::new(sampler), epoch: self.drawing.epoch, copies });
        }
        let Some(path) = &self.plan else { return entries::of_chain(&self.op, source, copies).context("--op") };
        let plan = choices::read_plan(path)?;
        let work = entries::of_plan(plan.into_images(), source, find).with_context(|| terminal::name(path))?;
        let without = work.copies(source.len()).iter().filter(|copies| **copies == 0).count();
        if without > 0 {
            terminal.note(&format!("{without} of {} inputs are not in the plan", source.len()));
        }
        Ok(work)
    }

    fn open(&self, terminal: Terminal, outputs: usize) -> anyhow::Result<Executor> {
        self.device.open(terminal, if outputs > MANY { Runs::Long } else { Runs::Briefly })
    }

    fn execute<'a>(
        &self,
        terminal: Terminal,
        executor: Executor,
        (source, sink): (&'a dyn Source, &'a dyn Sink),
        output: Output,
        work: Work,
        unreadable: Vec<(String, String)>,
    ) -> anyhow::Result<(Pipeline<'a>, Outcome)> {
        let mut pipeline = Pipeline::new(terminal, executor, source, sink, output, self.plan_out.is_some());
        for (place, reason) in unreadable {
            pipeline.unreadable(&place, &reason);
        }
        let outcome = pipeline.run(&work)?;
        Ok((pipeline, outcome))
    }

    fn finish(&self, pipeline: Pipeline<'_>, plan_out: Option<PlanOut>, outcome: Outcome) -> anyhow::Result<Outcome> {
        if self.report {
            terminal::json(&pipeline.report())?;
        }
        if let Some(plan_out) = plan_out {
            plan_out.finish(&pipeline.into_plan())?;
        }
        Ok(outcome)
    }
}
