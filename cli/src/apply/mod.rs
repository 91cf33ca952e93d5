//! `apply`: files, folders or one array in, augmented ones out.

mod array;
mod array_form;
mod entries;
mod files;
mod grouping;
mod npy_header;
mod outputs;
mod pipeline;
mod plan_out;
mod record;
mod resume;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use autoaugment::transform::Recipe;
use autoaugment::{Executor, Layout, Op, Output, Plan, Transform};
use clap::{Args, ValueEnum};

use crate::choices::{Drawing, Runs, Where};
use crate::decode::Decoding;
use crate::encode::Format;
use crate::inputs::Input;
use crate::outcome::{EXIT_CODES, Outcome};
use crate::terminal::{self, Terminal, counted};
use crate::write::Kept;
use crate::{inputs, read, values, write};
use array::{ArraySink, ArraySource};
use array_form::ArrayForm;
use entries::Work;
use files::{Existing, FileSink, FileSource};
use outputs::Outputs;
use pipeline::Pipeline;
use plan_out::PlanOut;
use resume::Resume;
use source::{Sink, Source};

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
    /// Image files, folders of them, or one .npy array of u8, N x H x W x C or N x H x W, on standard input as -
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Output folder, made if need be; for an array also a file name that ends in .npy, or - for standard output
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// Augmented copies of each image: cat.png becomes cat_0.png, cat_1.png, ...
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

    fn run_files(&self, terminal: Terminal) -> anyhow::Result<Outcome> {
        self.array.check_unused()?;
        if read::is_standard(&self.out) {
            bail!("--out -: images are not written to standard output, only an array; ./- is a folder of this name");
        }
        self.check_folder()?;
        let found = inputs::find(&self.inputs, Some(&self.out))?;
        if found.left_out > 0 && !self.resume {
            let images = counted(found.left_out, "image", "images");
            terminal.note(&format!("notice: {images} in {} left out: it is the output", terminal::name(&self.out)));
        }
        let source = FileSource::new(found.inputs, self.decoding);
        let inputs = source.inputs();
        let work = self.work(&source, |name| source.find(name), terminal)?;
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
        let outputs = Outputs::new(&self.out, inputs, &work.copies(inputs.len()), format)?;
        let names: Vec<_> = inputs.iter().map(|input| &input.name).collect();
        let call = (&work, format, quality, self.decoding.options(), names);
        let resume = if self.resume { Some(Resume::new(&self.out, &call)?) } else { None };
        let existing = self.check_outputs(&outputs, inputs, resume.as_ref())?;
        if let Some(path) = &self.plan_out {
            outputs.check_apart("--plan-out", path)?;
            plan_out::check_names(inputs)?;
        }
        let executor = self.open(terminal, work.outputs(inputs.len()))?;
        let inputs_read = inputs.iter().map(|input| input.path.as_path());
        let plan_out = self.open_plan_out(&work, &source, inputs_read, resume.as_ref())?;
        fs::create_dir_all(&self.out).with_context(|| write::failed(&self.out))?;
        resume.iter().try_for_each(|resume| resume.begin(self.plan_out.as_deref()))?;
        let keeps_orientation = format.is_none() && self.decoding.keeps_orientation();
        let sink = FileSink {
            outputs: &outputs,
            quality,
            decoding: self.decoding.options(),
            keeps_orientation,
            existing,
            inputs,
        };
        let (pipeline, outcome) =
            self.execute(terminal, executor, (&source, &sink), Output::u8(), work, found.unreadable)?;
        let (written, skipped) = pipeline.written();
        let before =
            if self.resume { format!("; {} there before", counted(skipped, "was", "were")) } else { String::new() };
        terminal.note(&format!("wrote {} to {}{before}", counted(written, "file", "files"), terminal::name(&self.out)));
        self.finish(pipeline, plan_out, outcome)
    }

    /// Refuses an output folder that is a file, and one whose outputs would be the inputs of a resumed run.
    fn check_folder(&self) -> anyhow::Result<()> {
        let out = terminal::name(&self.out);
        if self.out.metadata().is_ok_and(|metadata| !metadata.is_dir()) {
            bail!("--out {out}: images are written to a folder, and this is none; name a folder");
        }
        let is_input = |path: &PathBuf| path.is_dir() && write::resolved(path) == write::resolved(&self.out);
        if self.resume && self.inputs.iter().any(is_input) {
            bail!("--resume: {out} is an input too, and would have more images the next time; write to another folder");
        }
        Ok(())
    }

    /// Refuses outputs that are inputs or other files of the call, and without `--force` or `--resume` any that are
    /// there.
    fn check_outputs<'a>(
        &'a self,
        outputs: &Outputs,
        inputs: &'a [Input],
        resume: Option<&Resume>,
    ) -> anyhow::Result<Existing<'a>> {
        let there = outputs.existing();
        let kept = self.kept(inputs.iter().map(|input| input.path.as_path()));
        there.iter().try_for_each(|output| kept.check(output))?;
        if let Some(resume) = resume {
            resume.check(there.first().map(PathBuf::as_path))?;
            return Ok(Existing::Keep);
        }
        match &there[..] {
            _ if self.force => Ok(Existing::Overwrite(kept)),
            [] => Ok(Existing::Refuse),
            [one] => bail!("{} exists; --force overwrites it", terminal::name(one)),
            [first, more @ ..] => {
                bail!("{} and {} more files exist; --force overwrites them", terminal::name(first), more.len())
            }
        }
    }

    /// The files that this call reads.
    fn kept<'a>(&'a self, inputs: impl Iterator<Item = &'a Path>) -> Kept<'a> {
        let policy = self.drawing.policy.as_deref().map(Path::new);
        Kept::new(inputs.chain(self.plan.as_deref()).chain(policy))
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

    fn run_array(&self, terminal: Terminal, path: &Path) -> anyhow::Result<Outcome> {
        let given = [
            ("--format", self.format.is_some()),
            ("--quality", self.quality.is_some()),
            ("--truncated, --orientation or --max-pixels", !self.decoding.is_default()),
            ("--resume", self.resume),
        ];
        for (name, is_given) in given {
            if is_given {
                bail!("{name} is for image files, and {} is an array", terminal::name(path));
            }
        }
        self.check_standard(path)?;
        let layout = self.array.layout.unwrap_or(Layout::Nhwc);
        let source = ArraySource::open(path, layout)?;
        if let Some(doubt) = source.doubt() {
            terminal.note(&doubt);
        }
        let work = self.work(&source, |_| &[], terminal)?;
        let target = match read::is_standard(&self.out) || has_npy_extension(&self.out) {
            true => self.out.clone(),
            false => self.out.join(path.file_name().unwrap_or_default()),
        };
        write::check_free(&target, self.force)?;
        self.kept([path].into_iter()).check(&target)?;
        let output = self.array.output(layout)?;
        let size = work.size_after(source.shape())?;
        if self.plan_out.as_ref().is_some_and(|path| write::resolved(path) == write::resolved(&target)) {
            bail!("--plan-out {}: the array is written as this file too", terminal::name(&target));
        }
        let executor = self.open(terminal, work.outputs(source.len()))?;
        let plan_out = self.open_plan_out(&work, &source, [path].into_iter(), None)?;
        let sink = ArraySink::create(&target, &source, size, work.outputs(source.len()), output, self.force)?;
        let (pipeline, outcome) = self.execute(terminal, executor, (&source, &sink), output, work, Vec::new())?;
        if outcome == Outcome::Done {
            sink.finish()?;
            let written = counted(pipeline.written().0, "image", "images");
            terminal.note(&format!("wrote {written} to {}", write::place(&target)));
        }
        self.finish(pipeline, plan_out, outcome)
    }

    /// Refuses an array on standard input or output where something else is there too.
    fn check_standard(&self, input: &Path) -> anyhow::Result<()> {
        let is_input = read::is_standard(input);
        if is_input && self.plan.as_deref().is_some_and(read::is_standard) {
            bail!("--plan -: the array is on standard input; read the plan from a file");
        }
        if is_input && self.drawing.policy.as_deref() == Some("-") {
            bail!("--policy -: the array is on standard input; read the policy from a file");
        }
        if is_input && !read::is_standard(&self.out) && !has_npy_extension(&self.out) {
            let out = terminal::name(&self.out);
            bail!("--out {out}: an array from standard input has no name; end the output's with .npy, or write to -");
        }
        if read::is_standard(&self.out) && (self.report || self.plan_out.as_deref().is_some_and(read::is_standard)) {
            bail!("--out -: the array, --report and --plan-out - all go to standard output; write the array to a file");
        }
        Ok(())
    }

    fn work<'s>(
        &self,
        source: &dyn Source,
        find: impl Fn(&str) -> &'s [usize],
        terminal: Terminal,
    ) -> anyhow::Result<Work> {
        let copies = self.copies as usize;
        if self.op.is_empty() && self.plan.is_none() {
            let scheme = self.drawing.scheme()?;
            let transform: Transform = match self.recipe {
                Some(recipe) => recipe.training().policy(scheme).into(),
                None => scheme.into(),
            };
            let sampler = self.drawing.sampler(transform)?;
            return Ok(Work::Draw { sampler: Box::new(sampler), epoch: self.drawing.epoch, copies });
        }
        let Some(path) = &self.plan else { return entries::of_chain(&self.op, source, copies).context("--op") };
        let plan = Plan::from_json(&read::text(path, read::PLAN, "plan")?).with_context(|| terminal::name(path))?;
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
