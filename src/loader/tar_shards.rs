//! TarShards: tar files of images and labels, in WebDataset's form.
//!
//! Files with one key make a sample. The key is the name, folders included, up to the first dot of the base name
//! (<https://github.com/webdataset/webdataset>, "The WebDataset Format"). `0001.jpg` and `0001.cls` are an image and
//! its class as text. Instead, `0001.json` can have the class as `label` or `cls`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tar::Archive;

use super::contents::refused;
use super::dataset::{Dataset, Sample};
use super::decode::EXTENSIONS;
use super::read_at::read_at;
use crate::error::{Error, Result};

/// The samples of one or several tar files, in the order of the files and of the images in them.
///
/// Opening reads all headers and labels. Images are read from their places later, in any order. That costs about 60
/// bytes plus the key per sample, and one open file per shard.
pub struct TarShards {
    shards: Vec<Shard>,
    samples: Vec<Indexed>,
}

struct Shard {
    path: PathBuf,
    file: File,
}

struct Indexed {
    key: Box<str>,
    offset: u64,
    bytes: u64,
    shard: u32,
    label: u32,
}

/// The parts of a sample that are found so far.
#[derive(Default)]
struct Parts {
    image: Option<(u64, u64)>,
    cls: Option<u32>,
    json: Option<u32>,
}

/// The most bytes of a label's file.
const LARGEST_LABEL: u64 = 1 << 20;

impl TarShards {
    /// Opens the shards, in this order.
    ///
    /// # Errors
    /// [`Error::Dataset`] with the shard if it cannot be read, is compressed, broken or truncated, or has no samples.
    /// The same if one of its samples has no image, two images, no label, or a label that is not a number.
    pub fn open<P: AsRef<Path>>(shards: impl IntoIterator<Item = P>) -> Result<Self> {
        let mut dataset = TarShards { shards: Vec::new(), samples: Vec::new() };
        for path in shards {
            let path = path.as_ref();
            let mut file = File::open(path).map_err(|e| refused(path, e))?;
            refuse_compression(path, &mut file)?;
            let before = dataset.samples.len();
            index(path, &file, dataset.shards.len() as u32, &mut dataset.samples)?;
            if dataset.samples.len() == before {
                return Err(refused(path, format!("the shard has no samples ({})", EXTENSIONS.join(", "))));
            }
            dataset.shards.push(Shard { path: path.to_path_buf(), file });
        }
        if dataset.shards.is_empty() {
            return Err(refused(Path::new("tar shards"), "expected at least one file"));
        }
        Ok(dataset)
    }

    /// The key of a sample.
    pub fn key(&self, index: usize) -> &str {
        &self.samples[index].key
    }
}

fn refuse_compression(path: &Path, file: &mut File) -> Result<()> {
    const MAGICS: [(&[u8], &str); 4] = [
        (&[0x1F, 0x8B], "gzip"),
        (b"BZh", "bzip2"),
        (&[0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        (&[0xFD, b'7', b'z', b'X', b'Z'], "xz"),
    ];
    let mut head = Vec::new();
    file.take(6).read_to_end(&mut head).map_err(|e| refused(path, e))?;
    file.seek(SeekFrom::Start(0)).map_err(|e| refused(path, e))?;
    match MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
        None => Ok(()),
        Some((_, name)) => Err(refused(
            path,
            format!(
                "the shard is compressed with {name}; decompress it to a plain .tar, which can be read in any order"
            ),
        )),
    }
}

/// Adds the samples of a shard in the order in which their keys first occur.
fn index(path: &Path, file: &File, shard: u32, samples: &mut Vec<Indexed>) -> Result<()> {
    let length = file.metadata().map_err(|e| refused(path, e))?.len();
    let broken = |e| refused(path, format!("not a readable tar file: {e}"));
    let mut order: Vec<(String, Parts)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut archive = Archive::new(BufReader::new(file));
    for entry in archive.entries_with_seek().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let (offset, bytes) = (entry.raw_file_position(), entry.size());
        if offset.checked_add(bytes).is_none_or(|end| end > length) {
            return Err(refused(
                path,
                format!("truncated: {name} has {bytes} bytes from byte {offset}, and the shard ends at byte {length}"),
            ));
        }
        let Some((key, extension)) = divided(&name) else { continue };
        let is_image = EXTENSIONS.contains(&extension.as_str());
        if !is_image && extension != "cls" && extension != "json" {
            continue;
        }
        let place = *places.entry(key.to_string()).or_insert_with(|| {
            order.push((key.to_string(), Parts::default()));
            order.len() - 1
        });
        let parts = &mut order[place].1;
        if is_image {
            if parts.image.replace((offset, bytes)).is_some() {
                return Err(refused(path, format!("sample `{key}` has two images, the second in {name}")));
            }
            continue;
        }
        if bytes > LARGEST_LABEL {
            return Err(refused(
                path,
                format!("{name}: expected a label file of at most {LARGEST_LABEL} bytes, got {bytes}"),
            ));
        }
        let mut text = Vec::new();
        entry.read_to_end(&mut text).map_err(|e| refused(path, format!("{name}: {e}")))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        match extension.as_str() {
            "cls" => parts.cls = Some(number(&text).map_err(|reason| refused(path, format!("{name}: {reason}")))?),
            _ => parts.json = json_label(&text).map_err(|reason| refused(path, format!("{name}: {reason}")))?,
        }
    }
    for (key, parts) in order {
        let Some((offset, bytes)) = parts.image else {
            // Metadata without an image is no sample, but a label without one is half a sample.
            if parts.cls.is_some() {
                return Err(refused(
                    path,
                    format!("sample `{key}` has a label and no image ({})", EXTENSIONS.join(", ")),
                ));
            }
            continue;
        };
        let Some(label) = parts.cls.or(parts.json) else {
            return Err(refused(
                path,
                format!("sample `{key}` has no label: no .cls, and no .json with `label` or `cls`"),
            ));
        };
        samples.push(Indexed { key: key.into_boxed_str(), offset, bytes, shard, label });
    }
    Ok(())
}

/// The key, and the extension in lower case. `None` for hidden files and WebDataset's `__` files, which belong to no
/// sample.
fn divided(name: &str) -> Option<(&str, String)> {
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    if name[base..].starts_with(['.']) || name[base..].starts_with("__") {
        return None;
    }
    let dot = base + name[base..].find('.')?;
    Some((&name[..dot], name[dot + 1..].to_lowercase()))
}

fn number(text: &str) -> Result<u32, String> {
    let text = text.trim();
    text.parse()
        .map_err(|_| format!("expected a class number as label, got `{}`", text.chars().take(40).collect::<String>()))
}

fn json_label(text: &str) -> Result<Option<u32>, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("unreadable JSON: {e}"))?;
    let Some(label) = value.get("label").or_else(|| value.get("cls")) else { return Ok(None) };
    let number = label.as_u64().and_then(|label| u32::try_from(label).ok());
    number.map(Some).ok_or_else(|| format!("expected a class number as label, got `{label}`"))
}

impl Dataset for TarShards {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let sample = &self.samples[index];
        let file = &self.shards[sample.shard as usize].file;
        // Checked against the file's length at opening, so that it cannot be absurd.
        let mut bytes = vec![0; sample.bytes as usize];
        read_at(file, &mut bytes, sample.offset).map_err(|e| Error::Decode(e.to_string()))?;
        Sample::encoded(bytes, sample.label)
    }

    fn name(&self, index: usize) -> String {
        let sample = &self.samples[index];
        format!("{} in {}", sample.key, self.shards[sample.shard as usize].path.display())
    }
}
