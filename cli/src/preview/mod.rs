//! `preview`: a contact sheet of images under a policy or an operation.

pub mod columns;
pub mod sheet;
mod text;
pub mod thumbnails;

use std::path::PathBuf;

use anyhow::{Context, bail};
use autoaugment::{Batch, Layout, OpKind, Output, Plan, Scheme, Shape};
use clap::Args;

use crate::choices::{Drawing, Runs, Where};
use crate::encode::{self, Format};
use crate::outcome::{EXIT_CODES, Outcome, RunFailed};
use crate::terminal::{self, Terminal};
use crate::write::{self, Kept};
use crate::{inputs, values};
use sheet::{Cell, Column, Sheet};
use thumbnails::Thumbnails;

const DETAILS: &str = "\
The images are scaled down first and augmented then, at the size on the sheet. Gray images are shown as RGB. Each \
image has one row: the original, then one column per sub-policy, with random draws per image. With --op there is one \
column per magnitude, with a positive sign. Schemes without sub-policies have one column per draw. A caption names the \
operations under each image.";

/// Draw a contact sheet of images under a policy or an operation
#[derive(Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{DETAILS}\n\n{EXIT_CODES}"))]
pub struct Preview {
    /// Image files, or folders of them
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The PNG to write
    #[arg(long, short, value_name = "FILE", default_value = "preview.png")]
    out: PathBuf,
    /// Number of sub-policies, from the first; or of draws, for a scheme without sub-policies
    #[arg(long, value_name = "N", default_value = "6", value_parser = clap::value_parser!(u32).range(1..=100))]
    columns: u32,
    /// Sub-policies by number, from 1
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', conflicts_with_all = ["columns", "op"])]
    sub_policies: Vec<usize>,
    /// Show the magnitudes of this operation, not a policy
    #[arg(long, value_name = "OPERATION", conflicts_with_all = ["policy", "columns", "seed", "epoch"])]
    #[arg(value_parser = values::policy_operations(), hide_possible_values = true)]
    op: Option<OpKind>,
    /// Width of each image on the sheet, in pixels
    #[arg(long, value_name = "PIXELS", default_value = "160", value_parser = clap::value_parser!(u32).range(32..=1024))]
    size: u32,
    /// Overwrite a file that exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    device: Where,
    #[command(flatten)]
    drawing: Drawing,
}

impl Preview {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        if !self.out.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) {
            bail!("--out {}: the sheet is a PNG, and its name must end in .png", terminal::name(&self.out));
        }
        let columns = self.columns()?;
        write::check_free(&self.out, self.force)?;
        let found = inputs::find(&self.inputs, None)?;
        Kept::new(found.inputs.iter().map(|input| input.path.as_path())).check(&self.out)?;
        let thumbnails = Thumbnails::frame(&found.inputs, self.size);
        sheet::check_cells(thumbnails.shape(), found.inputs.len(), columns.len() + 1)?;
        let (thumbnails, failed) = thumbnails.read(&found.inputs, terminal);
        let failures = [found.unreadable, failed].concat();
        for (name, reason) in &failures {
            terminal.error(&format!("{name}: {reason}"));
        }
        if thumbnails.images().is_empty() {
            return Err(RunFailed("no image could be read".to_string()).into());
        }
        let executor = self.device.open(terminal, Runs::Briefly)?;
        let shape = thumbnails.shape();
        let batch = Batch::new(thumbnails.bytes(), shape, Layout::Nhwc)?;
        let mut shown = vec![original(&thumbnails)];
        for column in columns {
            let plan = column.plan(shape)?;
            let (tensor, _) = executor.apply(&batch, &plan, &Output::u8())?;
            let bytes = tensor.data.as_u8().context("the augmented images are no bytes")?;
            shown.push(Column { heading: column.heading, details: column.details, cells: cells(bytes, &plan, shape) });
        }
        let image = Sheet::new(shown, shape.size())?.paint()?;
        let (width, height) = (image.width() as usize, image.height() as usize);
        let png = encode::encode(image.as_raw(), [height, width, 3], Format::Png, 100, 1)?;
        write::whole(&self.out, &png, self.force)?;
        terminal.note(&format!("wrote {} ({width} x {height})", terminal::name(&self.out)));
        Ok(if failures.is_empty() { Outcome::Done } else { Outcome::SomeFailed })
    }

    /// The columns after the first.
    fn columns(&self) -> anyhow::Result<Vec<columns::Drawn>> {
        match self.op {
            Some(op) => {
                let convention = self.drawing.convention.unwrap_or_default();
                Ok(columns::of_magnitudes(op, convention, self.drawing.interpolation, self.drawing.fill))
            }
            None => {
                let policy = match self.drawing.scheme()? {
                    Scheme::Policy(policy) => policy,
                    other if self.sub_policies.is_empty() => {
                        return columns::of_draws(&other, self.columns as usize, &self.drawing);
                    }
                    other => bail!("--sub-policies is for learned policies, and {other} is none"),
                };
                let last = policy.sub_policies.len();
                let mut numbers = self.sub_policies.clone();
                if numbers.is_empty() {
                    numbers = (1..=last.min(self.columns as usize)).collect();
                }
                if let Some(number) = numbers.iter().find(|&&n| n == 0 || n > last) {
                    bail!("--sub-policies: {number} is outside 1..={last}");
                }
                columns::of_sub_policies(&policy, &numbers, &self.drawing)
            }
        }
    }
}

fn original(thumbnails: &Thumbnails) -> Column {
    let cell =
        |(name, rgb): &(String, Vec<u8>)| Cell { rgb: rgb.clone(), caption: vec![name.clone()], is_changed: true };
    let cells = thumbnails.images().iter().map(cell).collect();
    Column { heading: "original".to_string(), details: Vec::new(), cells }
}

/// The images of a column, each with the names of its operations.
pub fn cells(bytes: &[u8], plan: &Plan, shape: Shape) -> Vec<Cell> {
    let images = bytes.chunks_exact(shape.values_per_image()).zip(plan.images());
    let cell = |(rgb, planned): (&[u8], &autoaugment::PlannedImage)| {
        let mut caption: Vec<_> = planned.ops.iter().map(autoaugment::Op::caption).collect();
        let is_changed = !caption.is_empty();
        if !is_changed {
            caption.push("unchanged".to_string());
        }
        Cell { rgb: rgb.to_vec(), caption, is_changed }
    };
    images.map(cell).collect()
}
