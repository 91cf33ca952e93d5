//! File: image files on disk. A file is looked at before it is read as a whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::format::Format;
use super::{DecodeOptions, Header, Orientation, allocate};
use crate::batch::Size;
use crate::error::{Error, Result};
use crate::loader::regular_file;

/// The bytes that are looked at first. Nearly all headers are within them.
const HEAD: u64 = 1 << 16;
/// The most bytes of a file of few pixels. Its metadata and further frames take what its pixels do not.
const LONGEST: u64 = 1 << 30;
/// The most bytes per pixel of a longer file: twice those of uncompressed RGBA of 16 bits.
const BYTES_PER_PIXEL: u64 = 16;

impl DecodeOptions {
    /// Size and channels of a file on disk, as [`DecodeOptions::measure`] gives them. Only its header is read, where
    /// the header says enough.
    ///
    /// # Errors
    /// [`Error::Decode`] as from [`DecodeOptions::measure`], or with the system's reason if the file cannot be read.
    /// The same if it is no regular file, or longer than 1 GiB and 16 bytes per pixel.
    pub fn measure_file(&self, path: &Path) -> Result<(Size, usize)> {
        let (_, _, header) = self.begin(path)?;
        Ok((self.size(&header), header.channels))
    }

    /// The bytes of a file on disk. They are read once the first ones have shown an image that may be decoded.
    ///
    /// # Errors
    /// Those of [`DecodeOptions::measure_file`].
    pub fn read_file(&self, path: &Path) -> Result<Vec<u8>> {
        let (mut bytes, file, header) = self.begin(path)?;
        if let Some(rest) = file {
            read(rest, longest(&header), &mut bytes)?;
        }
        Ok(bytes)
    }

    /// The first bytes of a file, the rest of it if there is one, and its header.
    fn begin(&self, path: &Path) -> Result<(Vec<u8>, Option<File>, Header)> {
        let (file, _) = regular_file::open(path).map_err(system)?;
        let mut bytes = Vec::new();
        (&file).take(HEAD).read_to_end(&mut bytes).map_err(system)?;
        let file = (bytes.len() as u64 == HEAD).then_some(file);
        // A TIFF's tags, and the orientation of some files, stand behind the pixels.
        let is_behind = self.orientation == Orientation::Apply || Format::of(&bytes) == Ok(Format::Tiff);
        match (Header::read(&bytes, self), file) {
            (Ok(header), file) if !is_behind => Ok((bytes, file, header)),
            (begun, None) => Ok((bytes, None, begun?)),
            (begun, Some(file)) => {
                // The header is longer, or wrong. What is no image at all is not read on.
                Format::of(&bytes)?;
                read(file, begun.map_or(LONGEST, |header| longest(&header)), &mut bytes)?;
                let header = Header::read(&bytes, self)?;
                Ok((bytes, None, header))
            }
        }
    }
}

/// Memory for a file of a data set, which may have at most [`LONGEST`] bytes.
pub(in crate::loader) fn memory_for_file(bytes: u64) -> Result<Vec<u8>> {
    check_length(bytes, LONGEST)?;
    allocate(bytes as usize)
}

fn check_length(bytes: u64, longest: u64) -> Result<()> {
    match bytes <= longest {
        true => Ok(()),
        false => Err(Error::Decode(format!("the file is longer than {longest} bytes, the most for its image"))),
    }
}

fn longest(header: &Header) -> u64 {
    (header.size.pixels() as u64).saturating_mul(BYTES_PER_PIXEL).max(LONGEST)
}

/// Adds the rest of a file, which may have at most `longest` bytes in all.
fn read(file: File, longest: u64, bytes: &mut Vec<u8>) -> Result<()> {
    // A length is told before anything is read. The file may grow meanwhile.
    check_length(file.metadata().map_err(system)?.len(), longest)?;
    let rest = longest.saturating_sub(bytes.len() as u64);
    file.take(rest + 1).read_to_end(bytes).map_err(system)?;
    check_length(bytes.len() as u64, longest)
}

fn system(error: io::Error) -> Error {
    Error::Decode(error.to_string())
}
