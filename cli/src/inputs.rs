//! Inputs: the image files of the paths on the command line, in a fixed order.

use std::cell::Cell;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use autoaugment::loader::decode::{EXTENSIONS, has_image_extension, unsupported_format};
use autoaugment::loader::expand_braces;
use walkdir::{DirEntry, WalkDir};

use crate::read::{NOT_REGULAR, is_standard};
use crate::terminal::name;

/// One image file.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub path: PathBuf,
    /// The path inside an input folder; the file name of an input file.
    pub name: PathBuf,
}

impl Input {
    /// The name as plans have it, with `/` between its parts. Plans are text, so other names have none.
    pub fn planned_name(&self) -> Option<String> {
        let parts: Option<Vec<_>> = self.name.iter().map(|part| part.to_str()).collect();
        parts.map(|parts| parts.join("/"))
    }
}

/// The files in the order of the arguments, those of a folder by name; and folders and kinds that could not be read.
#[derive(Default)]
pub struct Found {
    pub inputs: Vec<Input>,
    pub unreadable: Vec<(String, String)>,
    /// The images in the output folder, where it is inside an input folder.
    pub left_out: usize,
}

/// Takes every file that is named. Of a folder, and the folders in it, it takes the image files that are not hidden.
/// Those of kinds that cannot be decoded are unreadable. A name that stands for nothing and has braces is expanded, as
/// bash would. `except` is the output folder, which is left out.
pub fn find(paths: &[PathBuf], except: Option<&Path>) -> anyhow::Result<Found> {
    let except = except.and_then(|path| fs::canonicalize(path).ok());
    let mut found = Found::default();
    for path in &expanded(paths)? {
        if is_standard(path) {
            bail!("-: image files are not read from standard input, only an array; ./- is a file of this name");
        }
        // A file that may not be read is a matter of the file; a name that stands for nothing is one of the call.
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("{}: there is no such file or folder", name(path));
            }
            Err(error) => bail!("{}: {error}", name(path)),
        };
        if metadata.is_dir() {
            let before = found.inputs.len() + found.unreadable.len();
            found.walk(path, except.as_deref());
            if found.inputs.len() + found.unreadable.len() == before {
                bail!("{}: there are no images ({}) in this folder", name(path), EXTENSIONS.join(", "));
            }
        } else if !metadata.is_file() {
            bail!("{}: {NOT_REGULAR}", name(path));
        } else {
            let name = PathBuf::from(path.file_name().unwrap_or(path.as_os_str()));
            found.inputs.push(Input { path: path.clone(), name });
        }
    }
    Ok(found)
}

/// The paths, and those that braces stand for.
fn expanded(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in paths {
        match path.to_str() {
            Some(pattern) if pattern.contains('{') && !path.exists() => {
                let expanded = expand_braces(pattern).map_err(|error| anyhow!("{error}"))?;
                all.extend(expanded.into_iter().map(PathBuf::from));
            }
            _ => all.push(path.clone()),
        }
    }
    Ok(all)
}

impl Found {
    fn walk(&mut self, folder: &Path, except: Option<&Path>) {
        let left_out = Cell::new(self.left_out);
        let is_wanted = |entry: &DirEntry| {
            let is_hidden = entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
            let is_excepted = entry.file_type().is_dir()
                && entry.depth() > 0
                && except.is_some_and(|e| fs::canonicalize(entry.path()).is_ok_and(|p| p == e));
            if is_excepted && !is_hidden {
                let inside = WalkDir::new(entry.path()).into_iter().flatten();
                left_out.set(left_out.get() + inside.filter(|entry| has_image_extension(entry.path())).count());
            }
            !is_hidden && !is_excepted
        };
        let mut walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter().filter_entry(is_wanted);
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {
                    if entry.depth() > 0 && has_image_extension(entry.path()) {
                        let reason = "a folder with the name of an image; rename it, or name it as an input itself";
                        self.unreadable.push((name(entry.path()), reason.to_string()));
                        walk.skip_current_dir();
                    }
                }
                Ok(entry) if !has_image_extension(entry.path()) => {
                    // An image that cannot be decoded counts as failed. Other files are no images.
                    if let Some(format) = unsupported_format(entry.path()) {
                        let reason = format!("{format} files cannot be decoded; convert it to PNG");
                        self.unreadable.push((name(entry.path()), reason));
                    }
                }
                Ok(entry) if !entry.file_type().is_file() => {
                    self.unreadable.push((name(entry.path()), NOT_REGULAR.to_string()));
                }
                Ok(entry) => {
                    let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
                    self.inputs.push(Input { path: entry.path().to_path_buf(), name: inside.to_path_buf() });
                }
                Err(error) => {
                    let place = name(error.path().unwrap_or(folder));
                    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    self.unreadable.push((place, reason));
                }
            }
        }
        self.left_out = left_out.get();
    }
}
