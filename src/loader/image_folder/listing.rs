//! Listing: the image files in a class's folder, and what stands beside them.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::error::Result;
use crate::loader::contents::refused;
use crate::loader::decode::{has_image_extension, unsupported_format};

/// What a folder has, by folder and then by name.
#[derive(Default)]
pub(super) struct Listing {
    /// Image files, and links to nothing whose names are those of image files.
    pub files: Vec<PathBuf>,
    /// Image files of kinds that cannot be decoded, and other links to nothing, each with the reason.
    pub left_out: Vec<LeftOut>,
}

/// An image file that is no sample.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The file.
    pub path: PathBuf,
    /// Why it is no sample: `TIFF files cannot be decoded`.
    pub reason: String,
}

/// The image files in a folder and in all folders below.
pub(super) fn images(folder: &Path) -> Result<Listing> {
    let is_wanted = |e: &DirEntry| e.depth() == 0 || !is_hidden(e.path());
    let mut found = Listing::default();
    for entry in WalkDir::new(folder).follow_links(true).into_iter().filter_entry(is_wanted) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => {
                let is_file = entry.file_type().is_file();
                found.add(entry.into_path(), is_file);
            }
            // A link to nothing does not show whether it is hidden before it fails.
            Err(error) => match error.path() {
                Some(path) if is_dangling(path) && is_hidden(path) => {}
                Some(path) if is_dangling(path) && has_image_extension(path) => found.files.push(path.to_path_buf()),
                Some(path) if is_dangling(path) => {
                    found.left_out.push(LeftOut { path: path.to_path_buf(), reason: dangling(path) });
                }
                place => {
                    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    return Err(refused(place.unwrap_or(folder), reason));
                }
            },
        }
    }
    // Folders compare as text, not part by part: `a-b` comes before `a/c`.
    found.files.sort_by(|a, b| {
        let parts =
            |path: &PathBuf| (path.parent().map(|p| p.as_os_str().to_owned()), path.file_name().map(ToOwned::to_owned));
        parts(a).cmp(&parts(b))
    });
    found.left_out.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

impl Listing {
    fn add(&mut self, path: PathBuf, is_file: bool) {
        if has_image_extension(&path) {
            match is_file {
                true => self.files.push(path),
                // Reading a named pipe would wait for ever.
                false => self.left_out.push(LeftOut { path, reason: "it is no plain file".to_string() }),
            }
        } else if let Some(format) = unsupported_format(&path) {
            let reason = format!("{format} files cannot be decoded; convert it to PNG");
            self.left_out.push(LeftOut { path, reason });
        }
    }
}

/// Whether this is a link to nothing.
pub(super) fn is_dangling(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|link| link.is_symlink()) && !path.exists()
}

/// The words for a link to nothing.
pub(super) fn dangling(path: &Path) -> String {
    let target = fs::read_link(path).map_or_else(|e| e.to_string(), |target| target.display().to_string());
    format!("it is a link to {target}, which does not exist")
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
