//! Idx: pairs of IDX files, the form of MNIST, Fashion-MNIST, KMNIST and the first part of QMNIST.
//!
//! The format (<http://yann.lecun.com/exdb/mnist/>) begins with two zeros, the type of a value (8: u8) and the number
//! of dimensions. Each dimension follows as a big-endian u32. Then come the values, with the last dimension the
//! fastest.

use std::path::{Path, PathBuf};

use super::contents::{Contents, refused};
use super::dataset::{Dataset, Sample};
use crate::batch::{Layout, Size};
use crate::error::Result;

/// Gray images from a file of three dimensions (images, rows, columns), with labels from a file of one dimension.
///
/// Plain files are mapped: memory is the system's file cache. They must not change meanwhile. If one becomes shorter,
/// the system ends the process with the signal SIGBUS. [`Idx::copied`] is for files that may change. Files compressed
/// by gzip are decompressed into memory, with all bytes of images and labels.
pub struct Idx {
    images: Contents,
    labels: Contents,
    path: PathBuf,
    labels_path: PathBuf,
    size: Size,
    len: usize,
}

/// Bytes before the values: 4, and 4 per dimension.
const IMAGES_HEAD: usize = 16;
const LABELS_HEAD: usize = 8;

impl Idx {
    /// Opens a pair: `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, with or without `.gz`.
    ///
    /// # Errors
    /// [`Error::Dataset`](crate::Error::Dataset) if a file cannot be read, or is not an IDX file of u8 with these
    /// dimensions. The same if its length contradicts its header, or if the two files have different numbers of
    /// samples.
    pub fn open(images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<Self> {
        let (images_path, labels_path) = (images.as_ref(), labels.as_ref());
        let (images, [len, height, width]) = open::<3>(images_path)?;
        let (labels, [count]) = open::<1>(labels_path)?;
        if count != len {
            let images = images_path.display();
            return Err(refused(labels_path, format!("expected {len} labels, one per image of {images}, got {count}")));
        }
        let size = Size { width, height };
        if len > 0 {
            size.check().map_err(|e| refused(images_path, e))?;
        }
        let (path, labels_path) = (images_path.to_path_buf(), labels_path.to_path_buf());
        Ok(Idx { images, labels, path, labels_path, size, len })
    }

    /// The same with all bytes in memory, for files that may change later.
    ///
    /// # Errors
    /// [`Error::Dataset`](crate::Error::Dataset) if a file cannot be read, or is another one already.
    pub fn copied(self) -> Result<Self> {
        let Idx { images, labels, path, labels_path, size, len } = self;
        let (images, labels) = (images.copied(&path)?, labels.copied(&labels_path)?);
        if header(&path, &images)? != [len, size.height, size.width] {
            return Err(refused(&path, "the header has changed since it was opened"));
        }
        Ok(Idx { images, labels, path, labels_path, size, len })
    }

    /// The size of every image.
    pub fn size(&self) -> Size {
        self.size
    }
}

impl Dataset for Idx {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let n = self.size.pixels();
        let start = IMAGES_HEAD + index * n;
        Sample::pixels(&self.images[start..start + n], self.size, 1, Layout::Nhwc, self.label(index)?)
    }

    fn label(&self, index: usize) -> Result<u32> {
        Ok(u32::from(self.labels[LABELS_HEAD + index]))
    }

    fn name(&self, index: usize) -> String {
        format!("image {index} of {}", self.path.display())
    }
}

/// A file of N dimensions with its length checked.
fn open<const N: usize>(path: &Path) -> Result<(Contents, [usize; N])> {
    let expected = |head: &[u8]| -> Result<usize> {
        let dimensions = header::<N>(path, head)?;
        let values = dimensions.iter().try_fold(1usize, |product, &d| product.checked_mul(d));
        let bytes = values.and_then(|v| v.checked_add(4 + 4 * N));
        bytes
            .ok_or_else(|| refused(path, format!("the header's {} values do not fit into memory", joined(&dimensions))))
    };
    let contents = Contents::open(path, expected)?;
    let dimensions = header::<N>(path, &contents)?;
    let (expected, there) = (expected(&contents)?, contents.len());
    if there != expected {
        let more = match (&contents, there > expected) {
            (Contents::Held(_), true) => "or more",
            _ => "",
        };
        let words = joined(&dimensions);
        let there = format!("{there} {more}").trim_end().to_string();
        return Err(refused(path, format!("expected {expected} bytes for the header's {words} values, got {there}")));
    }
    Ok((contents, dimensions))
}

fn header<const N: usize>(path: &Path, bytes: &[u8]) -> Result<[usize; N]> {
    let Some(head) = bytes.get(..4 + 4 * N) else {
        return Err(refused(path, format!("expected an IDX header of {} bytes, got {} bytes", 4 + 4 * N, bytes.len())));
    };
    if head[..2] != [0, 0] {
        return Err(refused(
            path,
            format!("not an IDX file: expected 00 00 at its start, got {:02x} {:02x}", head[0], head[1]),
        ));
    }
    if head[2] != 8 {
        return Err(refused(path, format!("expected IDX values of type 0x08 (u8), got 0x{:02x}", head[2])));
    }
    if usize::from(head[3]) != N {
        let what = if N == 3 { "3 IDX dimensions for images" } else { "1 IDX dimension for labels" };
        return Err(refused(path, format!("expected {what}, got {}", head[3])));
    }
    let mut dimensions = [0; N];
    for (dimension, bytes) in dimensions.iter_mut().zip(head[4..].as_chunks::<4>().0) {
        *dimension = u32::from_be_bytes(*bytes) as usize;
    }
    Ok(dimensions)
}

fn joined(dimensions: &[usize]) -> String {
    dimensions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ")
}
