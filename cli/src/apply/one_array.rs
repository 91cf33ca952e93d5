//! OneArray: `apply` where the input is one `.npy` array.

use std::path::Path;

use anyhow::bail;
use autoaugment::Layout;

use super::array_sink::ArraySink;
use super::{Apply, has_npy_extension};
use crate::outcome::Outcome;
use crate::run::{ArraySource, Source};
use crate::terminal::{self, Terminal, counted};
use crate::{read, write};

impl Apply {
    pub(super) fn run_array(&self, terminal: Terminal, path: &Path) -> anyhow::Result<Outcome> {
        let given = [
            ("--format", self.format.is_some()),
            ("--quality", self.quality.is_some()),
            ("--truncated, --orientation or --max-pixels", !self.decoding.is_default()),
            ("--resume", self.resume),
            ("--coco, --yolo or --masks", self.annotated.is_given()),
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
}
