//! ImageFolder: one folder per class, as in torchvision's ImageFolder.

mod listing;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::listing::LeftOut;
use self::listing::{Listing, dangling, images, is_dangling};
use super::contents::refused;
use super::dataset::{Dataset, Sample};
use super::decode::{DecodeOptions, EXTENSIONS};
use super::order::shuffle;
use super::subset::Subset;
use crate::error::{Error, Result};
use crate::random::{Purpose, Streams};

/// Images in folders: `root/cat/1.jpg`, `root/dog/black/2.png`, ...
///
/// The classes are the folders in `root`, by name, or those of a [list](ImageFolderBuilder::classes). A class has the
/// image files in its folder and in all folders below, by folder and then by name. Links are followed. Hidden files and
/// folders are left out. For files that can be decoded, this is torchvision's order, so samples have the same indices.
///
/// A link to nothing with the name of an image is a broken sample. Image files of kinds that cannot be decoded are no
/// samples: [`ImageFolder::left_out`] lists them, and one warning with their number goes to `tracing`.
///
/// It keeps the files' paths in memory: about 40 bytes plus the path per file.
///
/// ```no_run
/// use autoaugment::loader::ImageFolder;
/// // Folders `train` and `val`, whose classes have the same numbers in both.
/// let [train, val] = ImageFolder::builder().open_splits("data", ["train", "val"])?;
/// // One folder, of which a tenth of each class is kept apart.
/// let [train, val] = ImageFolder::open("data/all")?.split(0.1, 7)?;
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Debug)]
pub struct ImageFolder {
    classes: Vec<String>,
    files: Vec<(Box<Path>, u32)>,
    left_out: Vec<LeftOut>,
}

/// Collects the options of an [`ImageFolder`].
#[derive(Clone, Default)]
#[must_use]
pub struct ImageFolderBuilder {
    classes: Option<Vec<String>>,
    may_lack: bool,
    filter: Option<Filter>,
}

type Filter = Arc<dyn Fn(&Path) -> bool + Send + Sync>;

impl ImageFolder {
    /// Lists the files, with the default options.
    ///
    /// # Errors
    /// Those of [`ImageFolderBuilder::open`].
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        ImageFolder::builder().open(root)
    }

    /// Starts with the default options.
    pub fn builder() -> ImageFolderBuilder {
        ImageFolderBuilder::default()
    }

    /// The path of a sample's file.
    pub fn path(&self, index: usize) -> &Path {
        &self.files[index].0
    }

    /// The image files that are no samples, because their kind cannot be decoded or they are no plain files. Files that
    /// the filter refuses are not among them.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Divides the samples into those for training and those for testing, by a seed. Of each class, the same fraction
    /// is for testing, rounded to the nearest number. Both parts keep the order of the samples.
    ///
    /// # Errors
    /// [`Error::Dataset`] if the fraction is outside 0..=1.
    pub fn split(self, fraction: f64, seed: u64) -> Result<[Subset<Arc<Self>>; 2]> {
        if !(0.0..=1.0).contains(&fraction) {
            let reason = format!("the fraction {fraction} is outside 0..=1");
            return Err(Error::Dataset { place: "a split".to_string(), reason });
        }
        let mut is_apart = vec![false; self.files.len()];
        for label in 0..self.classes.len() as u32 {
            let mut own: Vec<usize> = (0..self.files.len()).filter(|&i| self.files[i].1 == label).collect();
            shuffle(&mut own, &mut Streams::new(seed, 0, u64::from(label)).of(Purpose::Split, 0));
            let apart = (fraction * own.len() as f64).round() as usize;
            for &index in &own[..apart] {
                is_apart[index] = true;
            }
        }
        let part = |apart: bool| (0..is_apart.len()).filter(|&i| is_apart[i] == apart).collect();
        let (training, testing) = (part(false), part(true));
        let whole = Arc::new(self);
        Ok([Subset::new(whole.clone(), training)?, Subset::new(whole, testing)?])
    }
}

impl ImageFolderBuilder {
    /// The names of the classes, which are those of their folders, in the order of their labels. Other folders are left
    /// out. All folders, by name, unless set.
    pub fn classes<C: Into<String>>(mut self, names: impl IntoIterator<Item = C>) -> Self {
        self.classes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Whether a class may have no images, or no folder if the classes are given; false unless set.
    pub fn allow_empty_classes(mut self, allow: bool) -> Self {
        self.may_lack = allow;
        self
    }

    /// Takes only the files for which this is true. It is asked for each image file, before its class is found empty.
    pub fn filter(mut self, is_wanted: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(is_wanted));
        self
    }

    /// Lists the files.
    ///
    /// # Errors
    /// [`Error::Dataset`] if a folder cannot be read, if there are no folders in `root`, or if a class has no folder or
    /// no images. The same if the class list has a name twice.
    pub fn open(&self, root: impl AsRef<Path>) -> Result<ImageFolder> {
        let root = root.as_ref();
        let classes = match &self.classes {
            Some(names) => names.clone(),
            None => folders(root)?,
        };
        self.list(root, classes)
    }

    /// Lists the files of splits, which are folders in `root`: `train` and `val`. Without a class list, the classes are
    /// those of all splits together, so that labels agree. A split may lack some of them.
    ///
    /// # Errors
    /// Those of [`ImageFolderBuilder::open`].
    pub fn open_splits<const N: usize>(&self, root: impl AsRef<Path>, splits: [&str; N]) -> Result<[ImageFolder; N]> {
        let root = root.as_ref();
        let (mut classes, mut may_lack) = (Vec::new(), self.may_lack);
        match &self.classes {
            Some(names) => classes.clone_from(names),
            None => {
                for split in splits {
                    classes.extend(folders(&root.join(split))?);
                }
                classes.sort();
                classes.dedup();
                may_lack = true;
            }
        }
        let options = ImageFolderBuilder { may_lack, ..self.clone() };
        let mut opened = Vec::with_capacity(N);
        for split in splits {
            opened.push(options.list(&root.join(split), classes.clone())?);
        }
        // As many as there are splits.
        opened.try_into().map_err(|_| refused(root, "the splits could not be opened"))
    }

    fn list(&self, root: &Path, classes: Vec<String>) -> Result<ImageFolder> {
        if let Some(twice) = classes.iter().enumerate().find(|(i, name)| classes[..*i].contains(name)) {
            return Err(refused(root, format!("the class list has `{}` twice", twice.1)));
        }
        let mut dataset = ImageFolder { classes: Vec::new(), files: Vec::new(), left_out: Vec::new() };
        for (label, name) in classes.into_iter().enumerate() {
            let folder = root.join(&name);
            if self.may_lack && !folder.exists() {
                dataset.classes.push(name);
                continue;
            }
            let Listing { mut files, left_out } = images(&folder)?;
            if let Some(is_wanted) = &self.filter {
                files.retain(|path| is_wanted(path));
            }
            if files.is_empty() && !self.may_lack {
                let other = match left_out.first() {
                    Some(first) => format!("; {}: {}", first.path.display(), first.reason),
                    None => String::new(),
                };
                let reason = format!("the class `{name}` has no images ({}){other}", EXTENSIONS.join(", "));
                return Err(refused(&folder, reason));
            }
            dataset.files.extend(files.into_iter().map(|path| (path.into_boxed_path(), label as u32)));
            dataset.left_out.extend(left_out);
            dataset.classes.push(name);
        }
        if let Some(LeftOut { path, reason }) = dataset.left_out.first() {
            let (count, place) = (dataset.left_out.len(), path.display());
            tracing::warn!("{}: {count} files are no samples; the first is {place}: {reason}", root.display());
        }
        Ok(dataset)
    }
}

/// The names of the folders in `root` that are not hidden, sorted.
fn folders(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root).map_err(|e| refused(root, e))? {
        let path: PathBuf = entry.map_err(|e| refused(root, e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        // A class may not vanish because its disk is not there.
        if is_dangling(&path) && path.extension().is_none() {
            return Err(refused(&path, dangling(&path)));
        }
        if path.is_dir() {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(refused(root, "expected one folder per class, got none"));
    }
    names.sort();
    Ok(names)
}

impl fmt::Debug for ImageFolderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = f.debug_struct("ImageFolderBuilder");
        options.field("classes", &self.classes).field("allow_empty_classes", &self.may_lack);
        options.field("has_filter", &self.filter.is_some()).finish()
    }
}

impl Dataset for ImageFolder {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let (path, label) = &self.files[index];
        // Limits of the loader's are checked by the loader.
        let options = DecodeOptions::new().max_pixels(u64::MAX);
        let bytes = options.read_file(path).map_err(|error| match is_dangling(path) {
            true => Error::Decode(dangling(path)),
            false => error,
        })?;
        Sample::encoded(bytes, *label)
    }

    fn label(&self, index: usize) -> Result<u32> {
        Ok(self.files[index].1)
    }

    fn name(&self, index: usize) -> String {
        self.files[index].0.display().to_string()
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }
}
