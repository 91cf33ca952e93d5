//! SharedFile: a parquet file that several threads read at once, each at its own place.
//!
//! The crate's reader of a [`File`] moves the position of the file, which its clones share. Two threads that read two
//! row groups would then get each other's bytes.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;

use crate::loader::read_at::read_at;
use crate::zeros::zeros;

#[derive(Clone)]
pub(super) struct SharedFile {
    file: Arc<File>,
    bytes: u64,
}

impl SharedFile {
    /// A file of this length.
    pub fn new(file: File, bytes: u64) -> Self {
        SharedFile { file: Arc::new(file), bytes }
    }
}

impl Length for SharedFile {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for SharedFile {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let left = self.bytes.saturating_sub(start);
        Ok(BufReader::new(From { file: self.file.clone(), start, left }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.bytes) {
            let there = self.bytes;
            return Err(ParquetError::EOF(format!("{length} bytes from {start} on are not within {there} bytes")));
        }
        let mut bytes = zeros("a part of a parquet file", length).map_err(|e| ParquetError::General(e.to_string()))?;
        read_at(&self.file, &mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// The bytes from a place on.
pub(super) struct From {
    file: Arc<File>,
    start: u64,
    left: u64,
}

impl Read for From {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.left.min(out.len() as u64) as usize;
        read_at(&self.file, &mut out[..n], self.start)?;
        self.start += n as u64;
        self.left -= n as u64;
        Ok(n)
    }
}
