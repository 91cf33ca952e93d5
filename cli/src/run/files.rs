//! Files: image files as input.

use std::collections::HashMap;

use autoaugment::Layout;

use super::source::Source;
use crate::decode::{self, DecodedImage, Decoding, Reduction};
use crate::inputs::Input;
use crate::terminal;

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
