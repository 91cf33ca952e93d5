//! Decode: image files, through the loader's decoder.

use std::fs;
use std::path::Path;

use autoaugment::loader::decode;
pub use autoaugment::loader::decode::{DecodedImage, Reduction};

/// Height, width and channels after conversion, from the file's header.
pub fn measure(path: &Path) -> anyhow::Result<[usize; 3]> {
    let (size, channels) = decode::measure_file(path)?;
    Ok([size.height, size.width, channels])
}

/// Reads and decodes a file.
pub fn read(path: &Path) -> anyhow::Result<(DecodedImage, Vec<Reduction>)> {
    Ok(decode::decode(&fs::read(path)?)?)
}
