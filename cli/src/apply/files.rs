//! Files: input and output as image files.

use std::collections::HashMap;

use anyhow::Context;
use autoaugment::{Layout, Tensor};

use super::outputs::Outputs;
use super::source::{Entry, Sink, Source};
use crate::decode::{self, DecodeOptions, DecodedImage, Decoding, Reduction};
use crate::inputs::Input;
use crate::write::{self, Kept};
use crate::{encode, terminal};

pub struct FileSource {
    inputs: Vec<Input>,
    by_name: HashMap<String, Vec<usize>>,
    decoding: Decoding,
}

impl FileSource {
    pub fn new(inputs: Vec<Input>, decoding: Decoding) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, name) in inputs.iter().enumerate().filter_map(|(i, input)| Some((i, input.planned_name()?))) {
            by_name.entry(name).or_default().push(number);
        }
        FileSource { inputs, by_name, decoding }
    }

    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The inputs of this name.
    pub fn find(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}

impl Source for FileSource {
    fn len(&self) -> usize {
        self.inputs.len()
    }

    fn is_array(&self) -> bool {
        false
    }

    fn name(&self, input: usize) -> String {
        terminal::name(&self.inputs[input].path)
    }

    fn planned_name(&self, input: usize) -> Option<String> {
        self.inputs[input].planned_name()
    }

    fn layout(&self) -> Layout {
        Layout::Nhwc
    }

    fn measure(&self, input: usize) -> Option<[usize; 3]> {
        decode::measure(&self.inputs[input].path, self.decoding.options()).ok()
    }

    fn encoded_bytes(&self, input: usize) -> usize {
        self.inputs[input].path.metadata().map_or(0, |metadata| metadata.len() as usize)
    }

    fn load(&self, input: usize) -> anyhow::Result<(DecodedImage, Vec<Reduction>)> {
        decode::read(&self.inputs[input].path, self.decoding.options())
    }
}

pub struct FileSink<'a> {
    pub outputs: &'a Outputs,
    pub quality: u8,
    pub decoding: DecodeOptions,
    /// Whether outputs keep their inputs' EXIF orientation.
    pub keeps_orientation: bool,
    /// What to do with files that are there.
    pub existing: Existing<'a>,
    pub inputs: &'a [Input],
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

    fn write(&self, entry: Entry, tensor: &Tensor, position: usize) -> anyhow::Result<()> {
        let (path, format) = self.outputs.target(entry);
        let shape = tensor.shape;
        let n = shape.values_per_image();
        let image = tensor.data.as_u8().and_then(|bytes| bytes.get(position * n..(position + 1) * n));
        let image = image.context("the output has no bytes")?;
        let orientation = match self.keeps_orientation {
            true => decode::orientation(&self.inputs[entry.input].path, self.decoding),
            false => 1,
        };
        let sides = [shape.height, shape.width, shape.channels];
        let bytes = encode::encode(image, sides, format, self.quality, orientation)
            .with_context(|| format!("{} could not be encoded", terminal::name(&path)))?;
        if let Existing::Overwrite(kept) = &self.existing {
            kept.check(&path)?;
        }
        let written = write::whole(&path, &bytes, matches!(self.existing, Existing::Overwrite(_)));
        // Another run of the same call may have made it meanwhile.
        if matches!(self.existing, Existing::Keep) && path.is_file() { Ok(()) } else { written }
    }
}
