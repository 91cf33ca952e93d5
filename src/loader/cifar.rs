//! Cifar: the binary version of CIFAR-10 and CIFAR-100.
//!
//! The format (<https://www.cs.toronto.edu/~kriz/cifar.html>) is a sequence of records. A record has one label byte
//! (CIFAR-10) or two (CIFAR-100: coarse, fine). Then it has 3072 bytes of pixels: 32 x 32 of red, of green, and of
//! blue.

use std::path::{Path, PathBuf};

use super::contents::{Contents, refused};
use super::dataset::{Dataset, Sample};
use crate::batch::{Layout, Size};
use crate::error::Result;
use crate::text::{serde_as_text, text_is_name};

/// The label to use of the two labels of CIFAR-100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cifar100Label {
    /// One of 100 classes.
    #[default]
    Fine,
    /// One of 20 superclasses.
    Coarse,
}

impl Cifar100Label {
    /// Both.
    pub const ALL: [Cifar100Label; 2] = [Cifar100Label::Fine, Cifar100Label::Coarse];

    /// The name: `fine` or `coarse`.
    pub const fn name(self) -> &'static str {
        match self {
            Cifar100Label::Fine => "fine",
            Cifar100Label::Coarse => "coarse",
        }
    }
}

text_is_name!("label of CIFAR-100": Cifar100Label);
serde_as_text!(Cifar100Label);

/// Color images of 32 x 32. The files are mapped: memory is the system's file cache. They must not change meanwhile. If
/// one becomes shorter, the system ends the process with the signal SIGBUS. [`Cifar::copied`] is for files that may
/// change.
pub struct Cifar {
    files: Vec<File>,
    record: Record,
    len: usize,
}

struct File {
    path: PathBuf,
    contents: Contents,
    /// The index of its first sample.
    first: usize,
}

/// The labels at the start of a record.
#[derive(Clone, Copy)]
struct Record {
    label_bytes: usize,
    label_at: usize,
    classes: u8,
}

const SIZE: Size = Size { width: 32, height: 32 };
const PIXELS: usize = 3 * 32 * 32;

impl Cifar {
    /// CIFAR-10: `data_batch_1.bin` to `data_batch_5.bin`, or `test_batch.bin`, numbered in the order given.
    ///
    /// # Errors
    /// [`Error::Dataset`](crate::Error::Dataset) if there is no file, or one cannot be read, is not whole records, or
    /// has a label that is not a class.
    pub fn cifar10<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> Result<Self> {
        Cifar::open(files, Record { label_bytes: 1, label_at: 0, classes: 10 })
    }

    /// CIFAR-100: `train.bin` or `test.bin`.
    ///
    /// # Errors
    /// Those of [`Cifar::cifar10`].
    pub fn cifar100<P: AsRef<Path>>(files: impl IntoIterator<Item = P>, label: Cifar100Label) -> Result<Self> {
        let (label_at, classes) = match label {
            Cifar100Label::Coarse => (0, 20),
            Cifar100Label::Fine => (1, 100),
        };
        Cifar::open(files, Record { label_bytes: 2, label_at, classes })
    }

    fn open<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, record: Record) -> Result<Self> {
        let mut cifar = Cifar { files: Vec::new(), record, len: 0 };
        for path in paths {
            let path = path.as_ref();
            let contents = Contents::open(path, |_| Ok(LARGEST))?;
            let count = record.check(path, &contents)?;
            cifar.files.push(File { path: path.to_path_buf(), contents, first: cifar.len });
            cifar.len += count;
        }
        if cifar.files.is_empty() {
            return Err(refused(Path::new("CIFAR"), "expected at least one file"));
        }
        Ok(cifar)
    }

    /// The same with all bytes in memory, for files that may change later.
    ///
    /// # Errors
    /// Those of [`Cifar::cifar10`], and the same error if the length of a file has changed already.
    pub fn copied(mut self) -> Result<Self> {
        let copy = |file: File| {
            let contents = file.contents.copied(&file.path)?;
            self.record.check(&file.path, &contents)?;
            Ok(File { contents, ..file })
        };
        self.files = self.files.into_iter().map(copy).collect::<Result<_>>()?;
        Ok(self)
    }

    fn record_of(&self, index: usize) -> &[u8] {
        let (file, own) = self.find(index);
        &file.contents[own * self.record.bytes()..][..self.record.bytes()]
    }

    /// The file of a sample, and its index there.
    fn find(&self, index: usize) -> (&File, usize) {
        let file = &self.files[self.files.partition_point(|file| file.first <= index) - 1];
        (file, index - file.first)
    }
}

/// The most bytes of a compressed file: more than ten times the whole of CIFAR.
const LARGEST: usize = 2 << 30;

impl Record {
    fn bytes(self) -> usize {
        self.label_bytes + PIXELS
    }

    /// The number of records, all with a valid label.
    fn check(self, path: &Path, contents: &[u8]) -> Result<usize> {
        let (there, each) = (contents.len(), self.bytes());
        if there == 0 || !there.is_multiple_of(each) {
            return Err(refused(path, format!("expected whole records of {each} bytes, got {there} bytes")));
        }
        for (i, record) in contents.chunks_exact(each).enumerate() {
            let label = record[self.label_at];
            if label >= self.classes {
                return Err(refused(path, format!("record {i}: expected a label below {}, got {label}", self.classes)));
            }
        }
        Ok(there / each)
    }
}

impl Dataset for Cifar {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let record = self.record_of(index);
        let label = u32::from(record[self.record.label_at]);
        Sample::pixels(&record[self.record.label_bytes..], SIZE, 3, Layout::Nchw, label)
    }

    fn label(&self, index: usize) -> Result<u32> {
        Ok(u32::from(self.record_of(index)[self.record.label_at]))
    }

    fn name(&self, index: usize) -> String {
        let (file, own) = self.find(index);
        format!("record {own} of {}", file.path.display())
    }
}
