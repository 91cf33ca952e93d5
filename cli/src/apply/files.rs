//! Files: input and output as image files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use autoaugment::{Layout, Tensor};

use super::source::{Entry, Sink, Source};
use crate::decode::{self, DecodedImage, Decoding, Reduction};
use crate::encode::{self, Format};
use crate::inputs::Input;

pub struct FileSource {
    inputs: Vec<Input>,
    by_name: HashMap<String, usize>,
    decoding: Decoding,
}

impl FileSource {
    pub fn new(inputs: Vec<Input>, decoding: Decoding) -> Self {
        let by_name = inputs.iter().enumerate().map(|(i, input)| (input.name.clone(), i)).collect();
        FileSource { inputs, by_name, decoding }
    }

    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The input of this name. Two of one name would be written to one file, which is refused before anything is.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
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
        self.inputs[input].path.display().to_string()
    }

    fn planned_name(&self, input: usize) -> Option<String> {
        Some(self.inputs[input].name.clone())
    }

    fn layout(&self) -> Layout {
        Layout::Nhwc
    }

    fn measure(&self, input: usize) -> Option<[usize; 3]> {
        decode::measure(&self.inputs[input].path, self.decoding.options()).ok()
    }

    fn load(&self, input: usize) -> anyhow::Result<(DecodedImage, Vec<Reduction>)> {
        decode::read(&self.inputs[input].path, self.decoding.options())
    }
}

pub struct FileSink {
    targets: HashMap<(usize, usize), (PathBuf, Format)>,
    quality: u8,
    /// The inputs' paths, if the outputs keep their EXIF orientation.
    oriented: Vec<PathBuf>,
}

impl FileSink {
    /// Names every output: `cats/cat.png` becomes `cats/cat_0.png` in `out`. Refuses two outputs of one name.
    ///
    /// Without a format each file keeps its own, as far as it can be written.
    pub fn new(
        out: &Path,
        inputs: &[Input],
        entries: &[Entry],
        format: Option<Format>,
        quality: u8,
    ) -> anyhow::Result<Self> {
        let mut targets = HashMap::with_capacity(entries.len());
        let mut owners: HashMap<String, usize> = HashMap::with_capacity(entries.len());
        for entry in entries {
            let name = Path::new(&inputs[entry.input].name);
            let own = name.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            let own_format = Format::of_extension(&own);
            let (chosen, extension) = match (format, own_format) {
                (Some(format), _) => (format, format.extension().to_string()),
                (None, Some(format)) => (format, own),
                (None, None) => (Format::Png, Format::Png.extension().to_string()),
            };
            let stem = name.file_stem().unwrap_or_default().to_string_lossy();
            let relative = name.with_file_name(format!("{stem}_{}.{extension}", entry.copy));
            let key = relative.to_string_lossy();
            // The file systems of these two take names that differ in case for one.
            let key = if cfg!(any(windows, target_os = "macos")) { key.to_lowercase() } else { key.into_owned() };
            if let Some(other) = owners.insert(key, entry.input) {
                let [one, two] = [other, entry.input].map(|input| inputs[input].path.display());
                let target = out.join(&relative);
                bail!(
                    "{one} and {two} would both be written as {}; write them to different folders, or keep their \
                     extensions with --format same if these differ",
                    target.display()
                );
            }
            targets.insert((entry.input, entry.copy), (out.join(relative), chosen));
        }
        Ok(FileSink { targets, quality, oriented: Vec::new() })
    }

    /// Keeps the inputs' EXIF orientation.
    pub fn keep_orientation(&mut self, inputs: &[Input]) {
        self.oriented = inputs.iter().map(|input| input.path.clone()).collect();
    }

    /// Every file that will be written, in the order of their names.
    pub fn targets(&self) -> Vec<&Path> {
        let mut targets: Vec<_> = self.targets.values().map(|(path, _)| path.as_path()).collect();
        targets.sort();
        targets
    }
}

impl Sink for FileSink {
    fn write(&self, entry: Entry, tensor: &Tensor, position: usize) -> anyhow::Result<()> {
        let (path, format) = self.targets.get(&(entry.input, entry.copy)).context("the output has no name")?;
        let shape = tensor.shape;
        let n = shape.values_per_image();
        let image = tensor.data.as_u8().and_then(|bytes| bytes.get(position * n..(position + 1) * n));
        let image = image.context("the output has no bytes")?;
        let orientation = self.oriented.get(entry.input).map_or(1, |path| decode::orientation(path));
        let sides = [shape.height, shape.width, shape.channels];
        let bytes = encode::encode(image, sides, *format, self.quality, orientation)
            .with_context(|| format!("{} could not be encoded", path.display()))?;
        encode::write_whole(path, &bytes)
    }
}
