//! Outputs: the names of the files that a run writes, by number and back.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::encode::Format;
use crate::inputs::Input;
use crate::run::Entry;
use crate::terminal::name;
use crate::write::{identity, resolved};

/// The names are made when they are asked for: a run may have a thousand million outputs.
pub struct Outputs {
    folder: PathBuf,
    names: Vec<Name>,
    by_key: HashMap<Vec<u8>, usize>,
    /// Whether names have the number of the copy. They do if an image has several.
    is_numbered: bool,
}

/// The parts of `cats/cat_0.png` around the number, and how many numbers there are.
struct Name {
    folder: PathBuf,
    stem: OsString,
    extension: String,
    format: Format,
    copies: usize,
}

impl Outputs {
    /// `cats/cat.jpg` becomes `cats/cat.png` in `folder`, or `cats/cat_0.png` if an image has several copies. Refuses
    /// two outputs of one name.
    ///
    /// Without a format each file keeps its own, as far as it can be written. `copies` has the number of each input's.
    pub fn new(folder: &Path, inputs: &[Input], copies: &[usize], format: Option<Format>) -> anyhow::Result<Self> {
        let is_numbered = copies.iter().any(|&copies| copies > 1);
        let mut outputs =
            Outputs { folder: folder.to_path_buf(), names: Vec::new(), by_key: HashMap::new(), is_numbered };
        for (number, (input, &copies)) in inputs.iter().zip(copies).enumerate() {
            let name = Name::new(&input.name, format, copies);
            if copies > 0
                && let Some(other) = outputs.by_key.insert(name.key(), number)
            {
                outputs.names.push(name);
                return Err(outputs.twice(&inputs[other].path, &input.path, number));
            }
            outputs.names.push(name);
        }
        Ok(outputs)
    }

    /// The one output of one input, at this path.
    pub fn file(path: &Path, format: Format) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.to_path_buf();
        let stem = path.file_stem().unwrap_or_default().to_os_string();
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let name = Name { folder: PathBuf::new(), stem, extension, format, copies: 1 };
        let by_key = HashMap::from([(name.key(), 0)]);
        Outputs { folder, names: vec![name], by_key, is_numbered: false }
    }

    /// The folder of all outputs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn is_numbered(&self) -> bool {
        self.is_numbered
    }

    fn twice(&self, one: &Path, two: &Path, input: usize) -> anyhow::Error {
        if identity(one).is_some() && identity(one) == identity(two) {
            return anyhow::anyhow!("{} and {} are the same file; name it once", name(one), name(two));
        }
        let (target, _) = self.target(Entry { id: 0, input, copy: 0 });
        anyhow::anyhow!(
            "{} and {} would both be written as {}; write them to different folders, or keep their extensions with \
             --format same if these differ",
            name(one),
            name(two),
            name(&target)
        )
    }

    /// The path of an output, and its form.
    pub fn target(&self, entry: Entry) -> (PathBuf, Format) {
        (self.folder.join(self.name(entry)), self.names[entry.input].format)
    }

    /// The path of an output inside the folder.
    pub fn name(&self, entry: Entry) -> PathBuf {
        let Name { folder, stem, extension, .. } = &self.names[entry.input];
        let mut name = stem.clone();
        match self.is_numbered {
            true => name.push(format!("_{}.{extension}", entry.copy)),
            false => name.push(format!(".{extension}")),
        }
        folder.join(name)
    }

    /// The outputs that are there already, by name. The folders are listed, as there may be far more outputs.
    pub fn existing(&self) -> Vec<PathBuf> {
        let folders: BTreeSet<_> = self.names.iter().map(|name| &name.folder).collect();
        let files = folders.into_iter().flat_map(|folder| {
            let entries = fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten();
            entries.map(move |entry| folder.join(entry.file_name()))
        });
        let mut existing: Vec<_> = files.filter(|file| self.has(file)).map(|file| self.folder.join(file)).collect();
        existing.sort();
        existing
    }

    /// Refuses a file that would be written as an output too.
    pub fn check_apart(&self, option: &str, file: &Path) -> anyhow::Result<()> {
        let inside = resolved(file);
        if inside.strip_prefix(resolved(&self.folder)).is_ok_and(|inside| self.has(inside)) {
            bail!("{option} {}: an image is written as this file too; choose another name", name(file));
        }
        Ok(())
    }

    /// Whether an output has this path inside the folder.
    fn has(&self, path: &Path) -> bool {
        let extension = path.extension().unwrap_or_default().as_encoded_bytes();
        let stem = path.file_stem().unwrap_or_default().as_encoded_bytes();
        if !self.is_numbered {
            return self.by_key.contains_key(&key(path.parent().unwrap_or(Path::new("")), stem, extension));
        }
        let Some(place) = stem.iter().rposition(|&byte| byte == b'_') else { return false };
        let (stem, number) = (&stem[..place], str::from_utf8(&stem[place + 1..]).unwrap_or_default());
        let input = self.by_key.get(&key(path.parent().unwrap_or(Path::new("")), stem, extension));
        // A number has one form: `cat_07.png` is no output.
        let copy = number.parse::<usize>().ok().filter(|copy| copy.to_string() == number);
        input.zip(copy).is_some_and(|(&input, copy)| copy < self.names[input].copies)
    }
}

impl Name {
    fn new(name: &Path, format: Option<Format>, copies: usize) -> Self {
        let own = name.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        let (format, extension) = match (format, Format::of_extension(&own)) {
            (Some(format), _) => (format, format.extension().to_string()),
            (None, Some(format)) => (format, own),
            (None, None) => (Format::Png, Format::Png.extension().to_string()),
        };
        let folder = name.parent().unwrap_or(Path::new("")).to_path_buf();
        let stem = name.file_stem().unwrap_or_default().to_os_string();
        Name { folder, stem, extension, format, copies }
    }

    fn key(&self) -> Vec<u8> {
        key(&self.folder, self.stem.as_encoded_bytes(), self.extension.as_bytes())
    }
}

/// Equal for names that one file would have.
fn key(folder: &Path, stem: &[u8], extension: &[u8]) -> Vec<u8> {
    let key = [folder.as_os_str().as_encoded_bytes(), b"/", stem, b".", extension].concat();
    // The file systems of these two take names that differ in case for one.
    match cfg!(any(windows, target_os = "macos")) {
        true => String::from_utf8_lossy(&key).to_lowercase().into_bytes(),
        false => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str) -> Input {
        Input { path: PathBuf::from(name), name: PathBuf::from(name) }
    }

    #[test]
    fn outputs_are_found_by_their_names() {
        let outputs = Outputs::new(Path::new("out"), &[input("cats/a_1.JPG"), input("b.gif")], &[2, 11], None).unwrap();
        let (target, _) = outputs.target(Entry { id: 1, input: 0, copy: 1 });
        assert_eq!(target, Path::new("out/cats/a_1_1.jpg"));
        for name in ["cats/a_1_0.jpg", "cats/a_1_1.jpg", "b_0.png", "b_10.png"] {
            assert!(outputs.has(Path::new(name)), "{name}");
        }
        for name in ["cats/a_1_2.jpg", "cats/a_1.jpg", "a_1_0.jpg", "b_11.png", "b_01.png", "b_+1.png", "b_0.gif", "b_"]
        {
            assert!(!outputs.has(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn one_copy_keeps_its_name() {
        let outputs = Outputs::new(Path::new("out"), &[input("cats/a_1.JPG"), input("b.gif")], &[1, 1], None).unwrap();
        assert_eq!(outputs.name(Entry { id: 0, input: 0, copy: 0 }), Path::new("cats/a_1.jpg"));
        assert!(outputs.has(Path::new("b.png")) && !outputs.has(Path::new("b_0.png")));
        let outputs = Outputs::file(Path::new("x/y.JPG"), Format::Jpeg);
        assert_eq!(outputs.target(Entry { id: 0, input: 0, copy: 0 }), (PathBuf::from("x/y.JPG"), Format::Jpeg));
        assert!(outputs.has(Path::new("y.JPG")) && !outputs.has(Path::new("y.png")));
    }

    #[test]
    fn two_outputs_of_one_name_are_refused() {
        let two = [input("a.png"), input("a.bmp")];
        assert!(Outputs::new(Path::new("out"), &two, &[1, 1], Some(Format::Png)).is_err());
        assert!(Outputs::new(Path::new("out"), &two, &[1, 0], Some(Format::Png)).is_ok());
        assert!(Outputs::new(Path::new("out"), &two, &[1, 1], None).is_ok());
    }
}
