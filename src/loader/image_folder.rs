//! ImageFolder: one folder per class, as in torchvision's ImageFolder.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::contents::refused;
use super::dataset::{Dataset, Sample};
use super::decode::{EXTENSIONS, has_image_extension};
use crate::error::{Error, Result};

/// Images in folders: `root/cat/1.jpg`, `root/dog/black/2.png`, ...
///
/// The classes are the folders in `root`, by name. A class has the image files in its folder and in all folders below,
/// by folder and then by name. Links are followed. Hidden files and folders are left out. The extensions are png, jpg,
/// jpeg, webp, bmp and gif. For such files, this is torchvision's order, so samples have the same indices.
///
/// It keeps the files' paths in memory: about 40 bytes plus the path per file.
pub struct ImageFolder {
    classes: Vec<String>,
    files: Vec<(Box<Path>, u32)>,
}

impl ImageFolder {
    /// Lists the files.
    ///
    /// # Errors
    /// [`Error::Dataset`] if a folder cannot be read, if there are no folders in `root`, or if one has no images.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref();
        let mut folders = Vec::new();
        for entry in fs::read_dir(root).map_err(|e| refused(root, e))? {
            let path = entry.map_err(|e| refused(root, e))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') {
                folders.push((name, path));
            }
        }
        if folders.is_empty() {
            return Err(refused(root, "expected one folder per class, got none"));
        }
        folders.sort();
        let mut dataset = ImageFolder { classes: Vec::new(), files: Vec::new() };
        for (label, (name, folder)) in folders.into_iter().enumerate() {
            let files = images(&folder)?;
            if files.is_empty() {
                let reason = format!("the class `{name}` has no images ({})", EXTENSIONS.join(", "));
                return Err(refused(&folder, reason));
            }
            dataset.files.extend(files.into_iter().map(|path| (path.into_boxed_path(), label as u32)));
            dataset.classes.push(name);
        }
        Ok(dataset)
    }

    /// The path of a sample's file.
    pub fn path(&self, index: usize) -> &Path {
        &self.files[index].0
    }
}

/// The image files in a folder, by folder and then by name.
fn images(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_wanted = |e: &DirEntry| e.depth() == 0 || !e.file_name().to_string_lossy().starts_with('.');
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).into_iter().filter_entry(is_wanted) {
        let entry = entry.map_err(|e| {
            let reason = e.io_error().map_or_else(|| e.to_string(), ToString::to_string);
            refused(e.path().unwrap_or(folder), reason)
        })?;
        if entry.file_type().is_file() && has_image_extension(entry.path()) {
            files.push(entry.into_path());
        }
    }
    // Folders compare as text, not part by part: `a-b` comes before `a/c`.
    files.sort_by(|a, b| {
        let parts =
            |path: &PathBuf| (path.parent().map(|p| p.as_os_str().to_owned()), path.file_name().map(ToOwned::to_owned));
        parts(a).cmp(&parts(b))
    });
    Ok(files)
}

impl Dataset for ImageFolder {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let (path, label) = &self.files[index];
        Sample::encoded(fs::read(path).map_err(|e| Error::Decode(e.to_string()))?, *label)
    }

    fn name(&self, index: usize) -> String {
        self.files[index].0.display().to_string()
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }
}
