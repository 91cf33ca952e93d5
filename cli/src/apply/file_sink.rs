//! FileSink: the outputs as image files.

use anyhow::Context;

use super::outputs::Outputs;
use crate::annotations::AnnotationsOut;
use crate::decode::{self, DecodeOptions};
use crate::inputs::Input;
use crate::run::{Applied, Entry, Sink};
use crate::write::{self, Kept};
use crate::{encode, terminal};

pub struct FileSink<'a> {
    pub outputs: &'a Outputs,
    pub quality: u8,
    pub decoding: DecodeOptions,
    /// Whether outputs keep their inputs' EXIF orientation.
    pub keeps_orientation: bool,
    /// What to do with files that are there.
    pub existing: Existing<'a>,
    pub inputs: &'a [Input],
    /// The annotations of the inputs, which are written too.
    pub annotations: Option<&'a AnnotationsOut<'a>>,
}

/// What becomes of a file where an output should be.
pub enum Existing<'a> {
    /// It is an error.
    Refuse,
    /// The output takes its place, unless it is one of these.
    Overwrite(Kept<'a>),
    /// It is the output, from an earlier run.
    Keep,
}

impl Sink for FileSink<'_> {
    fn is_there(&self, entry: Entry) -> bool {
        matches!(self.existing, Existing::Keep) && self.outputs.target(entry).0.is_file()
    }

    fn needs_all(&self) -> bool {
        self.annotations.is_some_and(AnnotationsOut::is_one_file)
    }

    fn follow(&self, entry: Entry, applied: Applied<'_>) -> anyhow::Result<()> {
        let Some(annotations) = self.annotations else { return Ok(()) };
        let input = &self.inputs[entry.input];
        let moved = annotations.moved(input, applied.planned, applied.size)?;
        annotations.count(entry.id, input, &self.outputs.name(entry), moved.as_ref());
        Ok(())
    }

    fn write(&self, entry: Entry, applied: Applied<'_>) -> anyhow::Result<()> {
        let (path, format) = self.outputs.target(entry);
        let input = &self.inputs[entry.input];
        let shape = applied.tensor.shape;
        let image = applied.bytes().context("the output has no bytes")?;
        let orientation = match self.keeps_orientation {
            true => decode::orientation(&input.path, self.decoding),
            false => 1,
        };
        let sides = [shape.height, shape.width, shape.channels];
        let bytes = encode::encode(image, sides, format, self.quality, orientation)
            .with_context(|| format!("{} could not be encoded", terminal::name(&path)))?;
        if let Existing::Overwrite(kept) = &self.existing {
            kept.check(&path)?;
        }
        let name = self.outputs.name(entry);
        let moved = self.annotations.map(|annotations| annotations.moved(input, applied.planned, applied.size));
        let moved = moved.transpose()?.flatten();
        if let Some(annotations) = self.annotations {
            annotations.write(input, &name, moved.as_ref(), applied.size)?;
        }
        let written = write::whole(&path, &bytes, matches!(self.existing, Existing::Overwrite(_)));
        // Another run of the same call may have made it meanwhile.
        if !matches!(self.existing, Existing::Keep) || !path.is_file() {
            written?;
        }
        if let Some(annotations) = self.annotations {
            annotations.count(entry.id, input, &name, moved.as_ref());
        }
        Ok(())
    }
}
