//! TarShards: tar files of images and labels, in WebDataset's form.
//!
//! Files with one key make a sample. The key is the name, folders included, up to the first dot of the base name
//! (<https://github.com/webdataset/webdataset>, "The WebDataset Format"). `0001.jpg` and `0001.cls` are an image and
//! its class as text. Without a `.cls`, `0001.json` can have the class as `label` or `cls`.

mod archive;
mod index;
mod labels;
mod storage;
mod zstd_frames;

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::index::{Found, Rules, Span};
pub(in crate::loader) use self::labels::ClassList;
pub use self::labels::Labels;
use self::storage::{Compression, Shard, Storage};
use super::brace_expansion::expand_paths;
use super::contents::refused;
use super::dataset::{Dataset, Locality, Sample};
use super::decode::{self, EXTENSIONS};
use super::read_at::read_at;
use crate::error::{Error, Result};

/// The samples of one or several tar files, in the order of the files and of the images in them.
///
/// Opening reads all headers and labels. Images are read from their places later, in any order. That costs about 60
/// bytes plus the key per sample. At most 64 shards are open at once, so there can be any number of them.
///
/// * **Extensions.** The extension is all that follows the key. `0001.seg.png` is an image of its own kind: see
///   [`TarShardsBuilder::image_extensions`] and [`TarShardsBuilder::mask_extensions`]. Without such lists, the image is
///   the file whose whole extension can be decoded, else the one whose last part can: `b` has the image `b.v1.jpg`.
/// * **Labels.** A `.cls` decides, else a `.json`. A label is a number, or a name if there is a
///   [class list](TarShardsBuilder::classes). [`Labels::None`] is for sets without labels.
/// * **Broken samples.** A sample with a missing or unreadable label, with two images, or with a link in place of a
///   file is broken. [`Dataset::read`] says why, and the loader reacts by its [`OnError`](super::OnError).
/// * **Compressed shards** (`.tar.gz`, `.tar.zst`) have no random access. Opening decompresses them once. Reading
///   unpacks a whole shard into a temporary file and keeps four of them. [`Dataset::locality`] tells the loader, which
///   shuffles by groups of four shards then. Plain shards are faster and are shuffled as a whole.
/// * **Names.** A path that is no file may have braces: `train-{0000..1023}.tar`, see
///   [`expand_braces`](super::expand_braces).
///
/// ```no_run
/// use autoaugment::loader::TarShards;
/// let classes = ["cat", "dog"];
/// let dataset = TarShards::builder().image_extensions(["jpg"]).mask_extensions(["seg.png"]).classes(classes);
/// let dataset = dataset.open(["train-{0000..1023}.tar"])?;
/// # Ok::<(), autoaugment::Error>(())
/// ```
pub struct TarShards {
    storage: Storage,
    samples: Vec<Indexed>,
    masks: HashMap<usize, Span>,
    broken: HashMap<usize, Box<str>>,
    classes: Vec<String>,
    /// The first samples of the shards, if one of them is compressed.
    blocks: Vec<usize>,
}

struct Indexed {
    key: Box<str>,
    image: Span,
    shard: u32,
    label: u32,
}

/// Collects the options of [`TarShards`].
#[derive(Clone, Debug)]
#[must_use]
pub struct TarShardsBuilder {
    rules: Rules,
    class_names: Vec<String>,
    largest_unpacked: u64,
    unpack_to: PathBuf,
}

/// The compressed shards that stay unpacked, and the number of shards that are shuffled together.
const UNPACKED: usize = 4;

impl TarShards {
    /// Opens the shards, in this order, with the default options.
    ///
    /// # Errors
    /// Those of [`TarShardsBuilder::open`].
    pub fn open<P: AsRef<Path>>(shards: impl IntoIterator<Item = P>) -> Result<Self> {
        TarShards::builder().open(shards)
    }

    /// Starts with the default options.
    pub fn builder() -> TarShardsBuilder {
        TarShardsBuilder {
            rules: Rules::default(),
            class_names: Vec::new(),
            largest_unpacked: 16 << 30,
            unpack_to: env::temp_dir(),
        }
    }

    /// The key of a sample.
    pub fn key(&self, index: usize) -> &str {
        &self.samples[index].key
    }

    /// The number of samples that are broken, as far as names and labels tell.
    pub fn broken(&self) -> usize {
        self.broken.len()
    }
}

impl TarShardsBuilder {
    /// The whole extensions of images: `jpg` takes `0001.jpg` and not `0001.seg.jpg`. All that can be decoded unless
    /// set.
    pub fn image_extensions<E: AsRef<str>>(mut self, extensions: impl IntoIterator<Item = E>) -> Self {
        self.rules.images = plain(extensions);
        self
    }

    /// The whole extensions of masks: `seg.png`. Such a file comes with the image of its key, see
    /// [`Sample::decode_mask`]. None unless set.
    pub fn mask_extensions<E: AsRef<str>>(mut self, extensions: impl IntoIterator<Item = E>) -> Self {
        self.rules.masks = plain(extensions);
        self
    }

    /// The names of the classes in the order of their labels. Labels can then be names. None unless set.
    pub fn classes<C: Into<String>>(mut self, names: impl IntoIterator<Item = C>) -> Self {
        self.class_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Whether samples have labels; [`Labels::Classes`] unless set.
    pub fn labels(mut self, labels: Labels) -> Self {
        self.rules.labels = labels;
        self
    }

    /// The most bytes of a compressed shard after unpacking; 16 GiB unless set.
    pub fn largest_unpacked(mut self, bytes: u64) -> Self {
        self.largest_unpacked = bytes;
        self
    }

    /// The folder into which compressed shards are unpacked; the system's folder for temporary files unless set. It
    /// needs room for five unpacked shards.
    pub fn unpack_to(mut self, folder: impl Into<PathBuf>) -> Self {
        self.unpack_to = folder.into();
        self
    }

    /// Opens the shards, in this order.
    ///
    /// # Errors
    /// [`Error::Dataset`] with the shard if it cannot be read, is no plain file, is broken or truncated, or has no
    /// samples. The same for a compressed shard that is too large, and for a class list with one name twice.
    pub fn open<P: AsRef<Path>>(mut self, shards: impl IntoIterator<Item = P>) -> Result<TarShards> {
        let list = ClassList::new(self.class_names).map_err(|reason| refused(Path::new("tar shards"), reason))?;
        self.rules.classes = list;
        let paths = expand_paths(shards)?;
        if paths.is_empty() {
            return Err(refused(Path::new("tar shards"), "expected at least one file"));
        }
        let (rules, most) = (&self.rules, self.largest_unpacked);
        let read: Vec<_> = paths.par_iter().map(|path| Shard::index(path, rules, most)).collect();
        let (mut shards, mut blocks) = (Vec::new(), Vec::new());
        let mut dataset = TarShards {
            storage: Storage::new(Vec::new(), UNPACKED, self.unpack_to),
            samples: Vec::new(),
            masks: HashMap::new(),
            broken: HashMap::new(),
            classes: Vec::new(),
            blocks: Vec::new(),
        };
        for read in read {
            let (shard, found) = read?;
            if found.is_empty() {
                let wanted = if rules.images.is_empty() { EXTENSIONS.join(", ") } else { rules.images.join(", ") };
                return Err(refused(&shard.path, format!("the shard has no samples ({wanted})")));
            }
            blocks.push(dataset.samples.len());
            for sample in found {
                dataset.add(shards.len() as u32, sample);
            }
            shards.push(shard);
        }
        if shards.iter().any(|shard| shard.compression != Compression::None) {
            dataset.blocks = blocks;
        }
        dataset.storage.shards = shards;
        dataset.classes = self.rules.classes.names;
        Ok(dataset)
    }
}

/// Extensions in lower case, without a dot in front.
fn plain<E: AsRef<str>>(extensions: impl IntoIterator<Item = E>) -> Vec<String> {
    extensions.into_iter().map(|e| e.as_ref().trim_start_matches('.').to_lowercase()).collect()
}

impl TarShards {
    fn add(&mut self, shard: u32, found: Found) {
        let index = self.samples.len();
        let Found { key, image, mask, label } = found;
        let label = label.unwrap_or_else(|reason| {
            self.broken.insert(index, reason.into_boxed_str());
            0
        });
        if let Some(mask) = mask {
            self.masks.insert(index, mask);
        }
        self.samples.push(Indexed { key: key.into_boxed_str(), image, shard, label });
    }
}

impl Dataset for TarShards {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let label = self.label(index)?;
        let sample = &self.samples[index];
        let file = self.storage.file(sample.shard as usize)?;
        let read = |span: Span| {
            let mut bytes = decode::memory_for_file(span.bytes)?;
            read_at(&file, &mut bytes, span.offset).map_err(|e| Error::Decode(e.to_string()))?;
            Ok::<_, Error>(bytes)
        };
        let image = Sample::encoded(read(sample.image)?, label)?;
        match self.masks.get(&index) {
            Some(mask) => Ok(image.with_mask(read(*mask)?)),
            None => Ok(image),
        }
    }

    fn label(&self, index: usize) -> Result<u32> {
        match self.broken.get(&index) {
            Some(reason) => Err(Error::Decode(reason.to_string())),
            None => Ok(self.samples[index].label),
        }
    }

    fn name(&self, index: usize) -> String {
        let sample = &self.samples[index];
        format!("{} in {}", sample.key, self.storage.shards[sample.shard as usize].path.display())
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn locality(&self) -> Option<Locality<'_>> {
        (!self.blocks.is_empty()).then_some(Locality { starts: (&self.blocks).into(), together: UNPACKED })
    }
}
