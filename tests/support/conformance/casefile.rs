//! Case file: what the scripts under `tests/pillow` write; `tests/pillow/casefile.py` has its form.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use autoaugment::{Convention, Op, OpKind};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Case;
use super::picture::{Picture, splitmix64};

/// Cases, and what magnitudes stand for.
pub struct CaseFile {
    pub made_by: MadeBy,
    pub pictures: Vec<Arc<Picture>>,
    pub cases: Vec<FixtureCase>,
    /// The scheme that drew each case, where one did.
    pub why: Vec<String>,
    pub magnitudes: Vec<Magnitude>,
}

#[derive(Debug, Deserialize)]
pub struct MadeBy {
    pub pillow: String,
    pub machine: String,
}

/// A case with what Pillow makes of it.
#[derive(Clone, Debug)]
pub struct FixtureCase {
    /// Its place in the file.
    pub number: usize,
    pub case: Case,
    pub expected: Expectation,
}

#[derive(Clone, Debug)]
pub enum Expectation {
    Bytes(Vec<u8>),
    /// See [`digest`].
    Digest(String),
}

/// Convention, operation, magnitude, whether it is negative, width, height, and the operation as JSON.
pub type Magnitude = (Convention, OpKind, f64, bool, usize, usize, serde_json::Map<String, serde_json::Value>);

#[derive(Deserialize)]
struct Header {
    made_by: MadeBy,
    pictures: Vec<PictureEntry>,
    ops: Vec<OpEntry>,
    cases: Vec<(usize, Option<usize>, Vec<usize>, Pointer)>,
    #[serde(default)]
    why: Vec<String>,
    magnitudes: Vec<Magnitude>,
}

#[derive(Deserialize)]
struct PictureEntry {
    name: String,
    width: usize,
    height: usize,
    channels: usize,
    source: Source,
    sha256: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Stored(usize),
    SplitMix64(u64),
    Photo(String),
}

#[derive(Deserialize)]
struct OpEntry {
    op: Op,
    why: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Pointer {
    Offset(usize),
    Digest(String),
}

/// The first 16 digits of the SHA-256 of `bytes`.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl CaseFile {
    pub fn read(path: &Path) -> Self {
        let mut data = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        if !data.starts_with(b"autoaug1") {
            let compressed = std::mem::take(&mut data);
            flate2::read::ZlibDecoder::new(&compressed[..]).read_to_end(&mut data).unwrap();
        }
        let (length, rest) = data[8..].split_at(8);
        let (json, blob) = rest.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
        let header: Header = serde_json::from_slice(json).unwrap_or_else(|e| panic!("{}: {e}", path.display()));

        let pictures: Vec<_> = header.pictures.into_iter().map(|entry| Arc::new(entry.picture(blob))).collect();
        let mut cases = Vec::with_capacity(header.cases.len());
        for (number, (picture, partner, ops, pointer)) in header.cases.into_iter().enumerate() {
            let picture = pictures[picture].clone();
            let expected = match pointer {
                Pointer::Offset(offset) => Expectation::Bytes(blob[offset..offset + picture.bytes.len()].to_vec()),
                Pointer::Digest(digits) => Expectation::Digest(digits),
            };
            let why = header.ops[ops[0]].why.clone();
            let ops = ops.into_iter().map(|k| header.ops[k].op.clone()).collect();
            let case = Case { why, picture, partner: partner.map(|p| pictures[p].clone()), ops };
            cases.push(FixtureCase { number, case, expected });
        }
        CaseFile { made_by: header.made_by, pictures, cases, why: header.why, magnitudes: header.magnitudes }
    }
}

impl PictureEntry {
    fn picture(self, blob: &[u8]) -> Picture {
        let PictureEntry { name, width, height, channels, .. } = self;
        let count = width * height * channels;
        let bytes = match self.source {
            Source::Stored(offset) => blob[offset..offset + count].to_vec(),
            Source::SplitMix64(seed) => splitmix64(seed, count),
            Source::Photo(path) => Picture::photo(&path),
        };
        assert_eq!(digest(&bytes), self.sha256, "picture {name} is another one than Pillow had");
        Picture { name, width, height, channels, bytes }
    }
}
