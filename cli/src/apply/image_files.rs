//! ImageFiles: `apply` where the inputs are image files and folders of them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};
use autoaugment::Output;

use super::file_sink::{Existing, FileSink};
use super::outputs::Outputs;
use super::resume::Resume;
use super::{Apply, FormatChoice, plan_out};
use crate::annotations::{self, Annotations, AnnotationsOut};
use crate::encode::Format;
use crate::inputs::{self, Input};
use crate::outcome::Outcome;
use crate::run::{FileSource, Work};
use crate::terminal::{self, Terminal, counted};
use crate::{read, write};

/// The quality without `--quality`.
const QUALITY: u8 = 95;

impl Apply {
    pub(super) fn run_files(&self, terminal: Terminal) -> anyhow::Result<Outcome> {
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
        let (outputs, format) = self.outputs(inputs, &work)?;
        if self.quality.is_some() && !matches!(format, None | Some(Format::Jpeg)) {
            bail!("--quality is for JPEGs; add --format jpeg or --format same");
        }
        let quality = self.quality.unwrap_or(QUALITY);
        let annotations = match self.annotated.is_given() {
            true => Some(self.annotated.open(inputs, terminal)?),
            false => None,
        };
        let names: Vec<_> = inputs.iter().map(|input| &input.name).collect();
        let call = (&work, format, quality, self.decoding.options(), names);
        let resume = if self.resume { Some(Resume::new(outputs.folder(), &call)?) } else { None };
        let existing = self.check_outputs(&outputs, inputs, annotations.as_ref(), resume.as_ref())?;
        if let Some(path) = &self.plan_out {
            outputs.check_apart("--plan-out", path)?;
            plan_out::check_names(inputs)?;
        }
        let executor = self.open(terminal, work.outputs(inputs.len()))?;
        let inputs_read = inputs.iter().map(|input| input.path.as_path());
        let plan_out = self.open_plan_out(&work, &source, inputs_read, resume.as_ref())?;
        fs::create_dir_all(outputs.folder()).with_context(|| write::failed(outputs.folder()))?;
        resume.iter().try_for_each(|resume| resume.begin(self.plan_out.as_deref()))?;
        let annotations_out = annotations.as_ref().map(|annotations| {
            let overwrites = self.force || self.resume;
            AnnotationsOut::new(annotations, outputs.folder(), !outputs.is_numbered(), overwrites)
        });
        let sink = FileSink {
            outputs: &outputs,
            quality,
            decoding: self.decoding.options(),
            keeps_orientation: format.is_none() && self.decoding.keeps_orientation(),
            existing,
            inputs,
            annotations: annotations_out.as_ref(),
        };
        let (pipeline, outcome) =
            self.execute(terminal, executor, (&source, &sink), Output::u8(), work, found.unreadable)?;
        let (written, skipped) = pipeline.written();
        let before =
            if self.resume { format!("; {} there before", counted(skipped, "was", "were")) } else { String::new() };
        terminal.note(&format!("wrote {} to {}{before}", counted(written, "file", "files"), terminal::name(&self.out)));
        if let Some(annotations) = &annotations_out {
            annotations.finish(terminal)?;
        }
        self.finish(pipeline, plan_out, outcome)
    }

    /// Refuses an output that is an input folder: the next run would take its images for inputs.
    fn check_folder(&self) -> anyhow::Result<()> {
        let is_out = |path: &PathBuf| path.is_dir() && write::resolved(path) == write::resolved(&self.out);
        if self.inputs.iter().any(is_out) {
            let out = terminal::name(&self.out);
            bail!("--out {out}: it is an input too, and would have more images the next time; write to another folder");
        }
        Ok(())
    }

    /// The names of the outputs, and the format that all have.
    fn outputs(&self, inputs: &[Input], work: &Work) -> anyhow::Result<(Outputs, Option<Format>)> {
        let format = match self.format.unwrap_or(FormatChoice::Png) {
            FormatChoice::Png => Some(Format::Png),
            FormatChoice::Jpeg => Some(Format::Jpeg),
            FormatChoice::Webp => Some(Format::Webp),
            FormatChoice::Bmp => Some(Format::Bmp),
            FormatChoice::Same => None,
        };
        let (out, count) = (terminal::name(&self.out), work.outputs(inputs.len()));
        let of_name = self.out.extension().and_then(|e| Format::of_extension(&e.to_string_lossy()));
        let is_file = match self.out.metadata() {
            Ok(metadata) => !metadata.is_dir(),
            Err(_) => of_name.is_some(),
        };
        match of_name {
            _ if !is_file => Ok((Outputs::new(&self.out, inputs, &work.copies(inputs.len()), format)?, format)),
            None => bail!("--out {out}: it is a file without the extension of an image; name a folder, or x.png"),
            Some(_) if count != 1 || inputs.len() != 1 => {
                bail!("--out {out}: one file is written for one image, and there are {count} outputs; name a folder")
            }
            Some(of_name) if self.format.is_some() && format.is_some_and(|format| format != of_name) => {
                bail!("--out {out}: its name is of another format than --format; leave --format out")
            }
            Some(of_name) => Ok((Outputs::file(&self.out, of_name), Some(of_name))),
        }
    }

    /// Refuses outputs that are inputs or other files of the call, and without `--force` or `--resume` any that are
    /// there.
    fn check_outputs<'a>(
        &'a self,
        outputs: &Outputs,
        inputs: &'a [Input],
        annotations: Option<&Annotations>,
        resume: Option<&Resume>,
    ) -> anyhow::Result<Existing<'a>> {
        let there = outputs.existing();
        let kept = self.kept(inputs.iter().map(|input| input.path.as_path()));
        there.iter().try_for_each(|output| kept.check(output))?;
        if let Some(annotations) = annotations {
            annotations::check_apart(annotations, outputs.folder(), self.force || self.resume, &kept)?;
        }
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
}
