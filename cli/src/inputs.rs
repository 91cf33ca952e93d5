//! Inputs: the image files of the paths on the command line, in a fixed order.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;
use autoaugment::loader::decode::{EXTENSIONS, has_image_extension, unsupported_format};
use autoaugment::loader::expand_braces;
use walkdir::{DirEntry, WalkDir};

/// Reading a pipe or a device may never end.
const NOT_REGULAR: &str = "not a regular file, but a pipe, a socket or a device";

/// One image file.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub path: PathBuf,
    /// The path inside an input folder, with `/` between its parts; the file name of an input file.
    pub name: String,
}

/// The files in the order of the arguments, those of a folder by name; and folders and kinds that could not be read.
#[derive(Default)]
pub struct Found {
    pub inputs: Vec<Input>,
    pub unreadable: Vec<(String, String)>,
}

/// Takes every file that is named. Of a folder, and the folders in it, it takes the image files that are not hidden.
/// Those of kinds that cannot be decoded are unreadable. A name that stands for nothing and has braces is expanded, as
/// bash would. `except` is the output folder, which is left out.
pub fn find(paths: &[PathBuf], except: Option<&Path>) -> anyhow::Result<Found> {
    let except = except.and_then(|path| fs::canonicalize(path).ok());
    let mut found = Found::default();
    for path in &expanded(paths)? {
        // A file that may not be read is a matter of the file; a name that stands for nothing is one of the call.
        let Ok(metadata) = path.metadata() else {
            bail!("{}: there is no such file or folder", path.display());
        };
        if metadata.is_dir() {
            let before = found.inputs.len() + found.unreadable.len();
            found.walk(path, except.as_deref());
            if found.inputs.len() + found.unreadable.len() == before {
                bail!("{}: there are no images ({}) in this folder", path.display(), EXTENSIONS.join(", "));
            }
        } else if !metadata.is_file() {
            bail!("{}: {NOT_REGULAR}", path.display());
        } else {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
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
                all.extend(expand_braces(pattern)?.into_iter().map(PathBuf::from));
            }
            _ => all.push(path.clone()),
        }
    }
    Ok(all)
}

impl Found {
    fn walk(&mut self, folder: &Path, except: Option<&Path>) {
        let is_wanted = |entry: &DirEntry| {
            let is_hidden = entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
            let is_excepted = entry.file_type().is_dir()
                && entry.depth() > 0
                && except.is_some_and(|e| fs::canonicalize(entry.path()).is_ok_and(|p| p == e));
            !is_hidden && !is_excepted
        };
        let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter().filter_entry(is_wanted);
        for entry in walk {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) if !has_image_extension(entry.path()) => {
                    // An image that cannot be decoded counts as failed. Other files are no images.
                    if let Some(format) = unsupported_format(entry.path()) {
                        let reason = format!("{format} files cannot be decoded; convert it to PNG");
                        self.unreadable.push((entry.path().display().to_string(), reason));
                    }
                }
                Ok(entry) if !entry.file_type().is_file() => {
                    self.unreadable.push((entry.path().display().to_string(), NOT_REGULAR.to_string()));
                }
                Ok(entry) => {
                    let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
                    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
                    self.inputs.push(Input { path: entry.path().to_path_buf(), name: parts.join("/") });
                }
                Err(error) => {
                    let place = error.path().unwrap_or(folder).display().to_string();
                    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    self.unreadable.push((place, reason));
                }
            }
        }
    }
}
