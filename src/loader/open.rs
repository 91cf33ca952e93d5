//! Open: a data set by its paths, whatever its kind.

use std::fs;
use std::path::{Path, PathBuf};

use super::brace_expansion::expand_paths;
use super::contents::refused;
use super::{Cifar, Cifar100Label, Dataset, Idx, ImageFolder, TarShards};
use crate::error::Result;

/// The kinds of files that are told apart by their names.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Tar,
    Parquet,
    Binary,
    IdxImages,
    IdxLabels,
}

const KINDS: &str = "tar shards (.tar, .tar.gz, .tgz, .tar.zst), parquet files (.parquet), CIFAR's files (.bin), and \
                     IDX files (train-images-idx3-ubyte, with or without .gz)";

/// Opens a data set whose kind its paths say.
///
/// | paths | data set |
/// |--|--|
/// | a folder of class folders | [`ImageFolder`] |
/// | `.tar`, `.tar.gz`, `.tgz` or `.tar.zst` files | [`TarShards`] |
/// | `.parquet` files | `ParquetShards`, with the feature `parquet` |
/// | a file of IDX images, with or without its labels | [`Idx`] |
/// | `.bin` files of whole records | [`Cifar`]: CIFAR-10, or CIFAR-100 with its fine labels |
/// | a folder with such files and no folders | the same, without the files for testing |
///
/// Paths of shards may have braces, see [`expand_braces`](super::expand_braces). The labels of IDX images have the same
/// name with `labels-idx1` for `images-idx3`. A file for testing has a name that begins with `t10k`, `test` or `val`.
///
/// # Errors
/// [`Error::Dataset`](crate::Error::Dataset) if the paths have no kind or several, if a folder has splits such as
/// `train` and `val`, and those of the kind.
pub fn open<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Box<dyn Dataset>> {
    let paths = expand_paths(paths)?;
    if let [folder] = &paths[..]
        && folder.is_dir()
    {
        return match files(folder)? {
            files if files.is_empty() => {
                check_splits(folder)?;
                Ok(Box::new(ImageFolder::open(folder)?))
            }
            files => open_files(&files),
        };
    }
    open_files(&paths)
}

/// The files of a known kind in a folder that has no folders: those for training, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| refused(folder, e))? {
        let path = entry.map_err(|e| refused(folder, e))?.path();
        let name = name(&path);
        if path.is_dir() && !name.starts_with('.') {
            return Ok(Vec::new());
        }
        if kind(&path).is_some() && !["t10k", "test", "val"].iter().any(|test| name.starts_with(test)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Refuses a folder of splits, which would be a data set with the classes `train` and `val`.
fn check_splits(folder: &Path) -> Result<()> {
    let is_there = |name: &&str| folder.join(name).is_dir();
    let other = ["val", "valid", "validation", "test"].iter().find(|name| is_there(name));
    match other {
        Some(other) if is_there(&"train") => {
            let reason =
                format!("it has the splits `train` and `{other}`; open one of them, such as its folder `train`");
            Err(refused(folder, reason))
        }
        _ => Ok(()),
    }
}

fn open_files(paths: &[PathBuf]) -> Result<Box<dyn Dataset>> {
    let Some(first) = paths.first() else { return Err(refused(Path::new("data"), "expected at least one path")) };
    let mut kinds = Vec::new();
    for path in paths {
        // Before its name: a wrong path is no wrong kind.
        fs::metadata(path).map_err(|e| refused(path, e))?;
        kinds.push(kind(path).ok_or_else(|| refused(path, format!("expected a folder of class folders, {KINDS}")))?);
    }
    let is_all = |kind: Kind| kinds.iter().all(|other| *other == kind);
    match kinds[0] {
        Kind::Tar if is_all(Kind::Tar) => Ok(Box::new(TarShards::open(paths)?)),
        Kind::Parquet if is_all(Kind::Parquet) => parquet(paths),
        Kind::Binary if is_all(Kind::Binary) => Ok(Box::new(cifar(paths)?)),
        Kind::IdxImages | Kind::IdxLabels => Ok(Box::new(idx(paths, &kinds)?)),
        _ => Err(refused(first, "the paths are files of several kinds, and a data set has one")),
    }
}

fn kind(path: &Path) -> Option<Kind> {
    let name = name(path);
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    match () {
        () if ends(&[".tar", ".tar.gz", ".tgz", ".tar.zst"]) => Some(Kind::Tar),
        () if ends(&[".parquet"]) => Some(Kind::Parquet),
        () if ends(&[".bin"]) => Some(Kind::Binary),
        () if name.contains(IMAGES) => Some(Kind::IdxImages),
        () if name.contains(LABELS) => Some(Kind::IdxLabels),
        () => None,
    }
}

const IMAGES: &str = "images-idx3";
const LABELS: &str = "labels-idx1";

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The first kind of record of which the first file has whole ones.
fn cifar(paths: &[PathBuf]) -> Result<Cifar> {
    let bytes = fs::metadata(&paths[0]).map_err(|e| refused(&paths[0], e))?.len();
    match bytes % 3073 != 0 && bytes % 3074 == 0 {
        true => Cifar::cifar100(paths, Cifar100Label::Fine),
        false => Cifar::cifar10(paths),
    }
}

fn idx(paths: &[PathBuf], kinds: &[Kind]) -> Result<Idx> {
    match (paths, kinds) {
        ([images], [Kind::IdxImages]) => {
            // Only the name: a folder may be called so too.
            let name = images.file_name().unwrap_or_default().to_string_lossy().replace(IMAGES, LABELS);
            Idx::open(images, images.with_file_name(name))
        }
        ([images, labels], [Kind::IdxImages, Kind::IdxLabels])
        | ([labels, images], [Kind::IdxLabels, Kind::IdxImages]) => Idx::open(images, labels),
        _ => Err(refused(&paths[0], "expected one IDX file of images, and at most one of their labels")),
    }
}

#[cfg(feature = "parquet")]
fn parquet(paths: &[PathBuf]) -> Result<Box<dyn Dataset>> {
    Ok(Box::new(super::ParquetShards::open(paths)?))
}

#[cfg(not(feature = "parquet"))]
fn parquet(paths: &[PathBuf]) -> Result<Box<dyn Dataset>> {
    Err(refused(&paths[0], "this build cannot read parquet files; build it with the feature `parquet`"))
}
