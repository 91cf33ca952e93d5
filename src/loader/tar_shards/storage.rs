//! Storage: the files of shards, open or unpacked only while they are used.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::archive::Stream;
use super::index::{Found, Rules, index};
use super::zstd_frames::ZstdFrames;
use crate::error::Result;
use crate::loader::caught::caught;
use crate::loader::contents::refused;
use crate::loader::recent::Recent;
use crate::loader::regular_file;

/// The most shards that are open at once. A process may often have 256 open files in all.
const OPEN: usize = 64;

/// The compression of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

pub(super) struct Shard {
    pub path: PathBuf,
    pub compression: Compression,
    /// Bytes of the tar file, decompressed.
    bytes: u64,
}

/// The shards, and those that are at hand.
pub(super) struct Storage {
    pub shards: Vec<Shard>,
    opened: Recent<File>,
    unpacked: Recent<File>,
    /// The folder of unpacked shards.
    folder: PathBuf,
}

impl Shard {
    /// Reads all headers and labels of a shard.
    pub fn index(path: &Path, rules: &Rules, most: u64) -> Result<(Shard, Vec<Found>)> {
        let (mut file, length) = open(path)?;
        let compression = compression(path, &mut file)?;
        let shard_error = |reason: String| refused(path, reason);
        let (found, bytes) = match decompressor(compression, file).map_err(|e| refused(path, e))? {
            Source::Plain(file) => {
                (index(&mut BufReader::new(file), Some(length), rules).map_err(shard_error)?, length)
            }
            Source::Packed(stream) => {
                let mut counted = Counted { stream, read: 0, most };
                let found = caught(|| {
                    let found = index(&mut Stream(BufReader::new(&mut counted)), None, rules)?;
                    // The rest is read too: it is the padding, and the sum of the compressed data comes at its end.
                    io::copy(&mut counted, &mut io::sink()).map_err(|e| e.to_string())?;
                    Ok(found)
                });
                (found.map_err(shard_error)?, counted.read)
            }
        };
        Ok((Shard { path: path.to_path_buf(), compression, bytes }, found))
    }
}

impl Storage {
    /// `kept` compressed shards stay unpacked.
    pub fn new(shards: Vec<Shard>, kept: usize, folder: PathBuf) -> Self {
        Storage { shards, opened: Recent::new(OPEN), unpacked: Recent::new(kept), folder }
    }

    /// The tar file of a shard, to read from any place.
    pub fn file(&self, number: usize) -> Result<Arc<File>> {
        let shard = &self.shards[number];
        match shard.compression {
            Compression::None => self.opened.get(number, || {
                let (file, length) = open(&shard.path)?;
                shard.check(length)?;
                Ok(file)
            }),
            compression => self.unpacked.get(number, || shard.unpack(compression, &self.folder)),
        }
    }
}

impl Shard {
    /// Refuses a file that is not as long as it was.
    fn check(&self, bytes: u64) -> Result<()> {
        if bytes == self.bytes {
            return Ok(());
        }
        Err(refused(&self.path, format!("it changed: it had {} bytes when it was opened, and has {bytes}", self.bytes)))
    }

    /// Decompresses to a file without a name, which ends with its last reader.
    fn unpack(&self, compression: Compression, folder: &Path) -> Result<File> {
        let (file, _) = open(&self.path)?;
        let unpacked = caught(|| {
            let source = decompressor(compression, file).map_err(|e| e.to_string())?;
            let mut unpacked = tempfile::tempfile_in(folder).map_err(|e| e.to_string())?;
            // One byte more than there was is enough to see that there is more.
            let bytes = io::copy(&mut source.take(self.bytes + 1), &mut unpacked).map_err(|e| e.to_string())?;
            Ok((unpacked, bytes))
        });
        let place = folder.display();
        let (unpacked, bytes) =
            unpacked.map_err(|e| refused(&self.path, format!("cannot be unpacked to {place}: {e}")))?;
        self.check(bytes)?;
        Ok(unpacked)
    }
}

fn open(path: &Path) -> Result<(File, u64)> {
    regular_file::open(path).map_err(|e| refused(path, e))
}

/// The first bytes tell.
fn compression(path: &Path, file: &mut File) -> Result<Compression> {
    let mut head = Vec::new();
    file.take(6).read_to_end(&mut head).map_err(|e| refused(path, e))?;
    file.seek(SeekFrom::Start(0)).map_err(|e| refused(path, e))?;
    if head.starts_with(&[0x1F, 0x8B]) {
        return Ok(Compression::Gzip);
    }
    if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        return Ok(Compression::Zstd);
    }
    let other: [(&[u8], &str); 2] = [(b"BZh", "bzip2"), (&[0xFD, b'7', b'z', b'X', b'Z'], "xz")];
    match other.iter().find(|(magic, _)| head.starts_with(magic)) {
        None => Ok(Compression::None),
        Some((_, name)) => {
            Err(refused(path, format!("the shard is compressed with {name}; plain, gzip and zstd shards are read")))
        }
    }
}

/// The bytes of a tar file.
enum Source {
    Plain(File),
    Packed(Box<dyn Read>),
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Plain(file) => file.read(out),
            Source::Packed(stream) => stream.read(out),
        }
    }
}

fn decompressor(compression: Compression, file: File) -> io::Result<Source> {
    Ok(match compression {
        Compression::None => Source::Plain(file),
        Compression::Gzip => Source::Packed(Box::new(MultiGzDecoder::new(BufReader::new(file)))),
        Compression::Zstd => Source::Packed(Box::new(ZstdFrames::new(BufReader::new(file)))),
    })
}

/// A stream that counts its bytes and ends with an error if there are too many.
struct Counted {
    stream: Box<dyn Read>,
    read: u64,
    most: u64,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.stream.read(out)?;
        self.read += n as u64;
        if self.read > self.most {
            let most = self.most;
            return Err(io::Error::other(format!(
                "the shard has more than {most} bytes when unpacked; `largest_unpacked` allows more"
            )));
        }
        Ok(n)
    }
}
