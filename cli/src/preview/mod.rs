//! `preview`: a contact sheet of images under a policy, an operation or a plan.

mod batch;
pub mod captions;
mod cells;
pub mod columns;
mod grid;
pub mod picture;
mod pool;
mod record;
pub mod sheet;
mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::bail;
use autoaugment::transform::Recipe;
use autoaugment::{Executor, Layout, Op, OpKind, Output, Scheme};
use clap::Args;

use crate::annotations::{Annotated, Annotations};
use crate::choices::{self, Drawing, Runs, Where};
use crate::decode::Decoding;
use crate::outcome::{EXIT_CODES, Outcome, RunFailed};
use crate::run::{Pipeline, Source, Work};
use crate::terminal::{self, Terminal, counted};
use crate::write::{self, Kept};
use crate::{annotations, read, values};
use cells::Cells;
use columns::Column;
use pool::{Chosen, Opened, Pool};
use sheet::{Cell, Sheet};

const DETAILS: &str = "\
Images:
  Files, folders of them, one .npy array, or the files of a data set: tar shards, parquet files, IDX and CIFAR. Of \
more than --images, some are chosen by the seed, of each class alike. Images are augmented at their own size, and \
scaled for the sheet afterwards; small ones grow by a whole factor.

Columns:
  The first has the originals. The others have a learned policy's sub-policies, each with samples for which it is \
drawn. With --draws, --recipe or another scheme they have draws: column k is copy k - 1 of `apply --copies N` of the \
same inputs. With --op they have magnitudes, with a positive sign. With --plan they have each image's entries. With \
--batch, --mixup or --cutmix there is one draw for each image, with its label. A caption says what was done.

Again:
  The sheet's title has policy, convention, seed and version. The PNG has the text `Command`, which makes the same \
sheet again, and `Policy`.";

fn details() -> String {
    format!("{DETAILS}\n\n{}\n\n{EXIT_CODES}", annotations::DETAILS)
}

/// Draw a contact sheet of images under a policy, an operation or a plan
#[derive(Args)]
#[command(after_help = EXIT_CODES, after_long_help = details())]
pub struct Preview {
    /// Image files, folders of them, one .npy array, or the files of a data set
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The PNG to write
    #[arg(long, short, value_name = "FILE", default_value = "preview.png")]
    out: PathBuf,
    /// Show at most so many images, chosen by the seed
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    images: u32,
    /// Number of sub-policies, from the first; or of draws, for a scheme without sub-policies
    #[arg(long, value_name = "N", default_value = "6", value_parser = clap::value_parser!(u32).range(1..=100))]
    columns: u32,
    /// Sub-policies by number, from 1
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', conflicts_with = "columns")]
    sub_policies: Vec<usize>,
    /// Show so many draws of each image, as training sees them
    #[arg(long, value_name = "N", conflicts_with_all = ["columns", "sub_policies"])]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    draws: Option<u32>,
    /// Crop and flip as usual in training, besides the policy: imagenet (to 224 x 224) or cifar (to 32 x 32)
    #[arg(long, value_name = "NAME", value_parser = values::recipes())]
    recipe: Option<Recipe>,
    /// Show the magnitudes of an operation, not a policy; or with parameters this one: "Rotate(degrees=30)"
    #[arg(long, value_name = "OPERATION", conflicts_with_all = INSTEAD, conflicts_with = "plan")]
    #[arg(value_parser = values::shown_operations(), hide_possible_values = true)]
    op: Vec<ShownOp>,
    /// Show the plan in this file, as `apply --plan-out` writes it
    #[arg(long, value_name = "FILE", conflicts_with_all = INSTEAD)]
    #[arg(conflicts_with_all = ["convention", "interpolation", "fill"])]
    plan: Option<PathBuf>,
    /// Show one draw of each image with its label, as a batch of a loader
    #[arg(long, conflicts_with_all = ["columns", "sub_policies", "draws", "op", "plan"])]
    batch: bool,
    /// Mix the batch by MixUp with this alpha; with --cutmix too, one of both is drawn
    #[arg(long, value_name = "ALPHA", conflicts_with_all = MIXED)]
    mixup: Option<f64>,
    /// Mix the batch by CutMix with this alpha
    #[arg(long, value_name = "ALPHA", conflicts_with_all = MIXED)]
    cutmix: Option<f64>,
    /// Side of the square that each image has on the sheet, in pixels
    #[arg(long, value_name = "PIXELS", default_value = "160", value_parser = clap::value_parser!(u32).range(32..=1024))]
    size: u32,
    /// Order of the axes of an array [default: nhwc]
    #[arg(long, value_name = "LAYOUT", value_parser = values::layouts())]
    layout: Option<Layout>,
    /// Write 256 colors, for a file of a third of the size
    #[arg(long)]
    palette: bool,
    /// Overwrite a file that exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    device: Where,
    #[command(flatten)]
    drawing: Drawing,
    #[command(flatten)]
    annotated: Annotated,
    #[command(flatten)]
    decoding: Decoding,
}

/// What an operation or a plan excludes.
const INSTEAD: [&str; 6] = ["policy", "epoch", "recipe", "columns", "sub_policies", "draws"];
/// What mixing excludes.
const MIXED: [&str; 8] = ["columns", "sub_policies", "draws", "op", "plan", "coco", "yolo", "masks"];

/// What `--op` names.
#[derive(Clone, Debug)]
pub enum ShownOp {
    /// All magnitudes of an operation.
    Magnitudes(OpKind),
    /// An operation with its parameters.
    Fixed(Op),
}

impl Preview {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        if !self.out.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) {
            bail!("--out {}: the sheet is a PNG, and its name must end in .png", terminal::name(&self.out));
        }
        write::check_free(&self.out, self.force)?;
        if self.inputs.iter().any(|path| read::is_standard(path)) && self.drawing.policy.as_deref() == Some("-") {
            bail!("--policy -: the array is on standard input; read the policy from a file");
        }
        // Standard input can be read once.
        let scheme = match self.op.is_empty() && self.plan.is_none() {
            true => Some(self.drawing.scheme()?),
            false => None,
        };
        let columns = self.columns(scheme.as_ref())?;
        let Opened { pool, unreadable } = Pool::open(&self.inputs, self.layout, self.decoding)?;
        let files = pool.inputs().into_iter().flatten().map(|input| input.path.as_path());
        let files = files.chain(self.inputs.iter().map(PathBuf::as_path)).chain(self.annotated.files());
        Kept::new(files.chain(self.plan.as_deref())).check(&self.out)?;
        let annotations = match (self.annotated.is_given(), pool.inputs()) {
            (true, Some(inputs)) => Some(self.annotated.open(inputs, terminal)?),
            (true, None) => bail!("--coco, --yolo and --masks are for image files, and the input is none"),
            (false, _) => None,
        };
        if pool.len() == 0 && unreadable.is_empty() {
            bail!("there are no images to show");
        }
        let run = Run {
            terminal,
            executor: self.device.open(terminal, Runs::Briefly)?,
            pool: &pool,
            annotations: annotations.as_ref(),
            unreadable: &unreadable,
            scheme: scheme.as_ref(),
        };
        let (bands, outcome) = match (columns, &self.plan) {
            (_, Some(plan)) => self.planned(run, plan)?,
            (Some(columns), None) => self.grid(run, &columns)?,
            (None, None) => self.one_batch(run)?,
        };
        if bands.iter().all(|band| band.rows.is_empty()) {
            return Err(RunFailed("no image could be read".to_string()).into());
        }
        let command = self.command(scheme.as_ref());
        let title = [self.title(scheme.as_ref()), vec![command.clone()]].concat();
        let policy = self.subject(scheme.as_ref());
        let sheet = Sheet::new(title, bands, self.size)?.paint()?;
        let texts = [("Software", record::SOFTWARE), ("Command", &command), ("Policy", &policy)];
        write::whole(&self.out, &record::png(&sheet, &texts, self.palette)?, self.force)?;
        let (width, height) = sheet.dimensions();
        terminal.note(&format!("wrote {} ({width} x {height})", terminal::name(&self.out)));
        Ok(outcome)
    }

    /// The columns after the first. None for a batch, which has none.
    fn columns(&self, scheme: Option<&Scheme>) -> anyhow::Result<Option<Vec<Column>>> {
        if self.is_batch() {
            return Ok(None);
        }
        let Some(scheme) = scheme else {
            let convention = self.drawing.convention.unwrap_or_default();
            let columns = self.op.iter().flat_map(|op| match op {
                ShownOp::Magnitudes(op) => {
                    columns::of_magnitudes(*op, convention, self.drawing.interpolation, self.drawing.fill)
                }
                ShownOp::Fixed(op) => vec![columns::of_operation(op)],
            });
            return Ok(Some(columns.collect()));
        };
        let sampler = self.drawing.sampler(choices::transform(scheme.clone(), self.recipe))?;
        let epoch = self.drawing.epoch;
        let learned = columns::learned(scheme);
        if !self.sub_policies.is_empty() && learned.is_none() {
            bail!("--sub-policies is for learned policies, and {scheme} is none");
        }
        let has_sub_policies = self.draws.is_none() && (self.recipe.is_none() || !self.sub_policies.is_empty());
        let Some(policy) = learned.filter(|_| has_sub_policies) else {
            let draws = self.draws.unwrap_or(self.columns) as usize;
            return Ok(Some(columns::of_draws(sampler, epoch, draws)));
        };
        let last = policy.sub_policies.len();
        let first: Vec<usize> = (1..=last.min(self.columns as usize)).collect();
        let numbers = if self.sub_policies.is_empty() { &first } else { &self.sub_policies };
        if let Some(number) = numbers.iter().find(|&&number| number == 0 || number > last) {
            bail!("--sub-policies: {number} is outside 1..={last}");
        }
        Ok(Some(columns::of_sub_policies(policy, numbers, sampler, epoch)))
    }

    fn is_batch(&self) -> bool {
        self.batch || self.mixup.is_some() || self.cutmix.is_some()
    }

    /// The images that are shown.
    fn chosen<'a>(&self, run: &Run<'a>) -> Chosen<'a> {
        let images = run.pool.choose(self.images as usize, self.drawing.seed);
        let (shown, all) = (images.len(), run.pool.len());
        if shown < all {
            let words = format!("{shown} of {all} images are shown, chosen by the seed; --images shows more");
            run.terminal.note(&words);
        }
        Chosen { pool: run.pool, images }
    }

    /// What the sheet shows: the policy, the operation or the plan.
    fn subject(&self, scheme: Option<&Scheme>) -> String {
        if let Some(plan) = &self.plan {
            return format!("plan {}", terminal::name(plan));
        }
        if let Some(scheme) = scheme {
            return scheme.to_string();
        }
        let name = |op: &ShownOp| match op {
            ShownOp::Magnitudes(op) => op.to_string(),
            ShownOp::Fixed(op) => op.caption(),
        };
        self.op.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// The lines at the head of the sheet: what it shows, and by which settings.
    fn title(&self, scheme: Option<&Scheme>) -> Vec<String> {
        let policy = self.drawing.policy_name();
        let has_name = !policy.contains(char::is_whitespace) && !choices::is_file(policy);
        let mut settings = Vec::new();
        let name = match (scheme, &self.plan) {
            (Some(scheme), _) => {
                settings.push(format!("convention {}", scheme.convention()));
                settings.extend(self.recipe.map(|recipe| format!("recipe {recipe}")));
                settings.push(format!("seed {}", self.drawing.seed));
                settings.extend((self.drawing.epoch > 0).then(|| format!("epoch {}", self.drawing.epoch)));
                let sub_policies = columns::learned(scheme).map_or(0, |policy| policy.sub_policies.len());
                match (has_name, sub_policies) {
                    (true, _) => policy.to_string(),
                    (false, 0) => scheme.to_string(),
                    (false, count) => format!("a policy of {}", counted(count, "sub-policy", "sub-policies")),
                }
            }
            (None, None) => {
                settings.push(format!("convention {}", self.drawing.convention.unwrap_or_default()));
                self.subject(None)
            }
            (None, Some(_)) => self.subject(None),
        };
        settings.extend(self.drawing.interpolation.map(|interpolation| format!("interpolation {interpolation}")));
        settings.extend(self.drawing.fill.map(|fill| format!("fill {fill:?}")));
        settings.extend(self.mixup.map(|alpha| format!("MixUp, alpha {alpha}")));
        settings.extend(self.cutmix.map(|alpha| format!("CutMix, alpha {alpha}")));
        settings.push(record::SOFTWARE.to_string());
        vec![name, settings.join(", ")]
    }
}

/// What a sheet is made of, and with what.
struct Run<'a> {
    terminal: Terminal,
    executor: Executor,
    pool: &'a Pool,
    annotations: Option<&'a Annotations>,
    unreadable: &'a [(String, String)],
    /// What draws; None for operations and plans.
    scheme: Option<&'a Scheme>,
}

impl Run<'_> {
    /// Names images of one size that cannot be augmented.
    fn refuse(&self, chosen: &Chosen<'_>, inputs: &[usize], error: &anyhow::Error) {
        for &input in inputs {
            self.terminal.error(&format!("{}: {}", chosen.name(input), terminal::in_one_line(error)));
        }
    }

    /// Runs the work of the chosen images into cells.
    fn cells(
        self,
        chosen: &Chosen<'_>,
        work: &Work,
        cells: Cells<'_>,
    ) -> anyhow::Result<(BTreeMap<cells::Place, Cell>, Outcome)> {
        let output = Output::u8_as(Layout::Nhwc);
        let mut pipeline = Pipeline::new(self.terminal, self.executor, chosen, &cells, output, false);
        for (place, reason) in self.unreadable {
            pipeline.unreadable(place, reason);
        }
        let outcome = pipeline.run(work)?;
        drop(pipeline);
        Ok((cells.into_cells(), outcome))
    }
}
