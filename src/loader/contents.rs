//! Contents: a data set's file, mapped into memory, or decompressed there if it is compressed by gzip.

use std::fs::File;
use std::io::{Read, Seek};
use std::ops::Deref;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use memmap2::Mmap;

use super::regular_file;
use crate::error::{Error, Result};

/// The bytes of a whole file. The system keeps or drops mapped bytes, so a file can be larger than memory.
///
/// The file must not change while it is mapped. Otherwise other bytes are read, and if it becomes shorter, the system
/// stops the process.
pub(super) enum Contents {
    Mapped(Mmap),
    /// Decompressed, or copied.
    Held(Vec<u8>),
}

impl Contents {
    /// Opens a file. Its first bytes show whether it is compressed. A compressed file can have at most `most` bytes
    /// after decompression.
    pub fn open(path: &Path, most: impl Fn(&[u8]) -> Result<usize>) -> Result<Self> {
        let (mut file, _) = regular_file::open(path).map_err(|e| refused(path, e))?;
        let mut magic = Vec::new();
        file.by_ref().take(2).read_to_end(&mut magic).map_err(|e| refused(path, e))?;
        if magic == [0x1F, 0x8B] {
            file.rewind().map_err(|e| refused(path, e))?;
            return Contents::decompress(path, file, most);
        }
        // SAFETY: the file is mapped for reading only; what happens if another process changes it is documented above.
        let mapped = unsafe { Mmap::map(&file) }.map_err(|e| refused(path, e))?;
        most(&mapped)?;
        Ok(Contents::Mapped(mapped))
    }

    /// The same bytes in memory, read once more from the file if it is mapped.
    pub fn copied(self, path: &Path) -> Result<Self> {
        let Contents::Mapped(mapped) = self else { return Ok(self) };
        let (file, _) = regular_file::open(path).map_err(|e| refused(path, e))?;
        let mut bytes = Vec::new();
        file.take(mapped.len() as u64 + 1).read_to_end(&mut bytes).map_err(|e| refused(path, e))?;
        let (before, now) = (mapped.len(), bytes.len());
        if now != before {
            return Err(refused(path, format!("the file had {before} bytes when it was opened, and now has {now}")));
        }
        Ok(Contents::Held(bytes))
    }

    fn decompress(path: &Path, file: File, most: impl Fn(&[u8]) -> Result<usize>) -> Result<Self> {
        const HEAD: u64 = 64;
        let broken = |e| refused(path, format!("unreadable gzip data: {e}"));
        let mut decoder = MultiGzDecoder::new(file);
        let mut bytes = Vec::new();
        decoder.by_ref().take(HEAD).read_to_end(&mut bytes).map_err(broken)?;
        let most = most(&bytes)?;
        // One byte more than there should be is enough to see that there are too many.
        let rest = (most as u64 + 1).saturating_sub(bytes.len() as u64);
        decoder.take(rest).read_to_end(&mut bytes).map_err(broken)?;
        bytes.truncate(most + 1);
        Ok(Contents::Held(bytes))
    }
}

impl Deref for Contents {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Contents::Mapped(mapped) => mapped,
            Contents::Held(bytes) => bytes,
        }
    }
}

/// The error of a file that cannot be used.
pub(super) fn refused(path: &Path, reason: impl ToString) -> Error {
    Error::Dataset { place: path.display().to_string(), reason: reason.to_string() }
}
