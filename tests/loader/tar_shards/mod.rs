//! Tar shards: samples by key, in any order, and each way to be malformed.

mod compressed;
mod keys;
mod labels;
mod malformed;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use autoaugment::loader::{Dataset, TarShards};
use flate2::Compression;
use flate2::write::GzEncoder;
use image::ImageFormat;
use tar::{EntryType, Header};

use super::images::{encoded, picture, size};

pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        add(&mut builder, name, bytes, EntryType::Regular);
    }
    builder.into_inner().unwrap()
}

fn add(builder: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8], kind: EntryType) {
    let mut header = Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    builder.append_data(&mut header, name, bytes).unwrap();
}

fn png(seed: u64) -> Vec<u8> {
    encoded(picture(size(6, 5), seed), ImageFormat::Png)
}

pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    fs::write(folder.join(name), bytes).unwrap();
    folder.join(name)
}

/// The key of each sample, with its label or the reason why it is broken.
fn samples(dataset: &TarShards) -> Vec<(String, Result<u32, String>)> {
    let label = |i| dataset.read(i).map(|sample| sample.label()).map_err(|e| e.to_string());
    (0..dataset.len()).map(|i| (dataset.key(i).to_string(), label(i))).collect()
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases").join(name)
}

fn good(key: &str, label: u32) -> (String, Result<u32, String>) {
    (key.to_string(), Ok(label))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
