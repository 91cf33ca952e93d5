//! `apply`: files, folders or one array in, augmented ones out.

mod array;
mod entries;
mod files;
mod pipeline;
mod record;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use autoaugment::transform::Recipe;
use autoaugment::{Dtype, Layout, Normalize, Op, Output, Plan, Transform};
use clap::{Args, ValueEnum};

use crate::choices::{self, Drawing, Runs, Where};
use crate::decode::Decoding;
use crate::encode::{self, Format};
use crate::outcome::{EXIT_CODES, Outcome};
use crate::terminal::{self, Terminal, counted};
use crate::{inputs, values};
use array::{ArraySink, ArraySource};
use entries::Work;
use files::{FileSink, FileSource};
use pipeline::Pipeline;
use source::{Entry, Sink, Source};

const DETAILS: &str = "\
Input files:
  A folder stands for its image files, and those of its folders, in the order of their names. The formats are PNG, \
JPEG, WebP, BMP, GIF, TIFF, and PBM, PGM and PPM. Hidden files and the output folder are left out. A file that cannot \
be decoded is named and skipped. Alpha is dropped, of 16 bits the high byte is taken, and an animation gives its first \
frame; standard error names such files. Palettes become RGB. Gray stays gray. The EXIF orientation is ignored, as \
Pillow does; --orientation apply turns the image upright, and --format same keeps an ignored one.

Random draws:
  The draws of an image depend on the seed, the epoch and the sample index, not on threads, device or batch. The \
sample index is the position among the inputs times the number of copies, plus the number of the copy. SamplePairing \
is the exception: it draws its partner among up to 64 inputs of the same size and channels. The plan names it.

Plans (--plan-out writes one, --plan applies one, whoever wrote it):
  {
    \"version\": 1,
    \"images\": [
      {\"file\": \"cats/cat.png\", \"index\": 0, \"sub_policy\": 3,
       \"ops\": [{\"op\": \"Posterize\", \"bits\": 4}]},
      {\"file\": \"dog.png\",
       \"ops\": [{\"op\": \"Rotate\", \"degrees\": 30}, {\"op\": \"Invert\"}]}
    ]
  }
  A plan has one entry per output. `file` is a path inside the input folder, with slashes, or the name of an input \
file. The k-th entry of a file becomes its copy k. Without any `file`, and for arrays, the inputs take equally many \
entries each, in order. `index` and `sub_policy` may be left out. The `partner` of a SamplePairing is the number of \
another entry, from 0. The partner's image must have the same size, so SamplePairing comes before operations that \
change the size. Operations have the names and parameters of --op.";

/// The quality without `--quality`.
const QUALITY: u8 = 95;

/// More outputs than this take long.
const MANY: usize = 64;

/// The details, and the forms of all operations.
fn details() -> String {
    let forms: Vec<_> = values::all_operations().map(|op| format!("  {}", op.usage())).collect();
    let heading = "Operations (--op), with their parameters and defaults:";
    format!("{DETAILS}\n\n{heading}\n{}\n\n{EXIT_CODES}", forms.join("\n"))
}

/// Augment image files, folders or one .npy array
#[derive(Args)]
#[command(after_help = EXIT_CODES, after_long_help = details())]
pub struct Apply {
    /// Image files, folders of them, or one .npy array of u8, N x H x W x C or N x H x W
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Output folder, made if need be; for an array also a file name that ends in .npy
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// Augmented copies of each image: cat.png becomes cat_0.png, cat_1.png, ...
    #[arg(long, value_name = "K", default_value = "1", conflicts_with = "plan")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    copies: u32,
    /// Format of the output files; same keeps that of the input (GIF becomes PNG) [default: png]
    #[arg(long, value_enum)]
    format: Option<FormatChoice>,
    /// Quality of JPEG output, 1 to 100 [default: 95]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    device: Where,
    /// Print the run's counters as JSON
    #[arg(long)]
    report: bool,
    /// Write the plan of all outputs to this file; --plan applies it again
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
    /// Apply the plan in this file
    #[arg(long, value_name = "FILE", help_heading = INSTEAD, conflicts_with_all = DRAWING, conflicts_with = "op")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    decoding: Decoding,
    #[command(flatten)]
    array: ArrayForm,
}

/// The heading over a chain and a plan in the help.
const INSTEAD: &str = "Instead of random augmentation";

/// The options of random augmentation, which a plan or a chain excludes.
const DRAWING: [&str; 7] = ["recipe", "policy", "convention", "interpolation", "fill", "seed", "epoch"];

/// The form of arrays.
#[derive(Args)]
#[command(next_help_heading = "Arrays (.npy)")]
struct ArrayForm {
    /// Order of the input's axes [default: nhwc]
    #[arg(long, value_name = "LAYOUT", value_parser = values::layouts())]
    layout: Option<Layout>,
    /// Order of the output's axes [default: the input's]
    #[arg(long, value_name = "LAYOUT", value_parser = values::layouts())]
    output_layout: Option<Layout>,
    /// Type of the output's values; floats are (v / 255 - mean) / std [default: u8]
    #[arg(long, value_name = "DTYPE", value_parser = values::dtypes())]
    dtype: Option<Dtype>,
    /// Means of red, green and blue, R,G,B or one number [default: ImageNet's 0.485,0.456,0.406]
    #[arg(long, value_name = "R,G,B", value_parser = numbers, allow_hyphen_values = true)]
    mean: Option<[f32; 3]>,
    /// Standard deviations, R,G,B or one number [default: ImageNet's 0.229,0.224,0.225]
    #[arg(long, value_name = "R,G,B", value_parser = numbers)]
    std: Option<[f32; 3]>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum FormatChoice {
    Png,
    Jpeg,
    Webp,
    Bmp,
    Same,
}

fn numbers(text: &str) -> Result<[f32; 3], String> {
    choices::three(text, "numbers")
}

impl Apply {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        let is_array = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
        if !self.inputs.iter().any(is_array) {
            return self.run_files(terminal);
        }
        match &self.inputs[..] {
            [path] => self.run_array(terminal, path),
            _ => bail!("an array must be the only input, and there are {} inputs", self.inputs.len()),
        }
    }

    fn run_files(&self, terminal: Terminal) -> anyhow::Result<Outcome> {
        self.array.check_unused()?;
        let found = inputs::find(&self.inputs, Some(&self.out))?;
        let source = FileSource::new(found.inputs, self.decoding);
        let (work, entries) = self.work(&source, |name| source.find(name), terminal)?;
        let format = match self.format.unwrap_or(FormatChoice::Png) {
            FormatChoice::Png => Some(Format::Png),
            FormatChoice::Jpeg => Some(Format::Jpeg),
            FormatChoice::Webp => Some(Format::Webp),
            FormatChoice::Bmp => Some(Format::Bmp),
            FormatChoice::Same => None,
        };
        if self.quality.is_some() && !matches!(format, None | Some(Format::Jpeg)) {
            bail!("--quality is for JPEGs; add --format jpeg or --format same");
        }
        let quality = self.quality.unwrap_or(QUALITY);
        let mut sink = FileSink::new(&self.out, source.inputs(), &entries, format, quality)?;
        if format.is_none() && self.decoding.keeps_orientation() {
            sink.keep_orientation(source.inputs());
        }
        self.check_free(sink.targets())?;
        let (pipeline, outcome) =
            self.execute(terminal, (&source, &sink), entries.len(), Output::u8(), work, found.unreadable)?;
        let written = counted(pipeline.written(), "file", "files");
        terminal.note(&format!("wrote {written} to {}", self.out.display()));
        self.finish(pipeline, outcome)
    }

    fn run_array(&self, terminal: Terminal, path: &Path) -> anyhow::Result<Outcome> {
        let given = [
            ("--format", self.format.is_some()),
            ("--quality", self.quality.is_some()),
            ("--truncated or --orientation", !self.decoding.is_default()),
        ];
        for (name, is_given) in given {
            if is_given {
                bail!("{name} is for image files, and {} is an array", path.display());
            }
        }
        let layout = self.array.layout.unwrap_or(Layout::Nhwc);
        let source = ArraySource::open(path, layout)?;
        if let Some(doubt) = source.doubt() {
            terminal.note(&doubt);
        }
        let (work, entries) = self.work(&source, |_| None, terminal)?;
        let target = match self.out.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("npy") => self.out.clone(),
            _ => self.out.join(path.file_name().unwrap_or_default()),
        };
        self.check_free([target.as_path()])?;
        let output = self.array.output(layout)?;
        let size = work.size_after(source.shape())?;
        let sink = ArraySink::create(&target, &source, size, entries.len(), output)?;
        let (pipeline, outcome) = self.execute(terminal, (&source, &sink), entries.len(), output, work, Vec::new())?;
        if outcome == Outcome::Done {
            sink.finish()?;
            let written = counted(pipeline.written(), "image", "images");
            terminal.note(&format!("wrote {written} to {}", target.display()));
        }
        self.finish(pipeline, outcome)
    }

    /// The work, and its outputs.
    fn work(
        &self,
        source: &dyn Source,
        find: impl Fn(&str) -> Option<usize>,
        terminal: Terminal,
    ) -> anyhow::Result<(Work, Vec<Entry>)> {
        if self.op.is_empty() && self.plan.is_none() {
            let scheme = self.drawing.scheme()?;
            let transform: Transform = match self.recipe {
                Some(recipe) => recipe.training().policy(scheme).into(),
                None => scheme.into(),
            };
            let sampler = self.drawing.sampler(transform)?;
            let copies = self.copies as usize;
            let entries = entries::all(source.len(), copies);
            return Ok((Work::Draw { sampler: Box::new(sampler), epoch: self.drawing.epoch, copies }, entries));
        }
        let work = match &self.plan {
            None => entries::of_chain(&self.op, source, self.copies as usize).context("--op")?,
            Some(path) => {
                let name = path.display().to_string();
                let json = fs::read_to_string(path).with_context(|| format!("plan {name}"))?;
                let plan = Plan::from_json(&json).with_context(|| name.clone())?;
                entries::of_plan(plan.into_images(), source, find).with_context(|| name)?
            }
        };
        let Work::Replay { entries, .. } = &work else { return Ok((work, Vec::new())) };
        let mut inputs: Vec<_> = entries.iter().map(|e| e.input).collect();
        inputs.sort_unstable();
        inputs.dedup();
        if inputs.len() < source.len() {
            terminal.note(&format!("{} of {} inputs are not in the plan", source.len() - inputs.len(), source.len()));
        }
        let entries = entries.clone();
        Ok((work, entries))
    }

    /// Refuses to overwrite outputs without `--force`.
    fn check_free<'a>(&'a self, targets: impl IntoIterator<Item = &'a Path>) -> anyhow::Result<()> {
        encode::check_free(targets.into_iter().chain(self.plan_out.as_deref()), self.force)
    }

    fn execute<'a>(
        &self,
        terminal: Terminal,
        (source, sink): (&'a dyn Source, &'a dyn Sink),
        outputs: usize,
        output: Output,
        work: Work,
        unreadable: Vec<(String, String)>,
    ) -> anyhow::Result<(Pipeline<'a>, Outcome)> {
        let runs = if outputs > MANY { Runs::Long } else { Runs::Briefly };
        let executor = self.device.open(terminal, runs)?;
        let mut pipeline = Pipeline::new(terminal, executor, source, sink, output, self.plan_out.is_some());
        for (place, reason) in unreadable {
            pipeline.unreadable(&place, &reason);
        }
        let outcome = pipeline.run(&work)?;
        Ok((pipeline, outcome))
    }

    fn finish(&self, pipeline: Pipeline<'_>, outcome: Outcome) -> anyhow::Result<Outcome> {
        if self.report {
            terminal::json(&pipeline.report())?;
        }
        if let Some(path) = &self.plan_out {
            encode::write_whole(path, pipeline.into_plan().to_json().as_bytes())?;
        }
        Ok(outcome)
    }
}

impl ArrayForm {
    fn check_unused(&self) -> anyhow::Result<()> {
        let given = [
            ("--layout", self.layout.is_some()),
            ("--output-layout", self.output_layout.is_some()),
            ("--dtype", self.dtype.is_some()),
            ("--mean", self.mean.is_some()),
            ("--std", self.std.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => bail!("{name} is for .npy arrays, and the input is image files"),
            None => Ok(()),
        }
    }

    fn output(&self, input: Layout) -> anyhow::Result<Output> {
        let layout = self.output_layout.unwrap_or(input);
        let mut normalize = Normalize::IMAGENET;
        normalize.mean = self.mean.unwrap_or(normalize.mean);
        normalize.std = self.std.unwrap_or(normalize.std);
        let dtype = self.dtype.unwrap_or(Dtype::U8);
        if dtype == Dtype::U8 && (self.mean.is_some() || self.std.is_some()) {
            bail!("--mean and --std are for floats; add --dtype f32 or f16");
        }
        let is_usable = |v: &f32| v.is_finite();
        if !normalize.mean.iter().all(is_usable) || !normalize.std.iter().all(|v| is_usable(v) && *v != 0.0) {
            bail!("--mean {:?} --std {:?}: both must be finite and --std not 0", normalize.mean, normalize.std);
        }
        choices::output(dtype, layout, normalize)
    }
}
