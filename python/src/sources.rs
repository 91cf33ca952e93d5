//! Sources: images that come one by one, as arrays, files or the bytes of files.

use std::borrow::Cow;
use std::path::PathBuf;

use autoaugment::loader::decode::DecodeOptions;
use autoaugment::loader::{ColorMode, Region, Sample};
use autoaugment::{Error, ErrorKind, ImageView, Layout, Size};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};

use crate::arrays::Array;
use crate::errors::DataError;

/// One image, before it is decoded.
pub enum Source {
    Array(Array),
    /// The bytes of an image file.
    Encoded(PyBackedBytes),
    File(PathBuf),
}

/// An image whose size is known.
pub enum Opened<'a> {
    Pixels(ImageView<'a>),
    /// A file, and its name in messages.
    File(Sample<'a>, String),
}

impl Source {
    /// An array, `bytes`, or the `str` of a path.
    pub fn new(object: &Bound<'_, PyAny>, layout: Layout) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Source::Encoded(bytes.clone().into()));
        }
        if let Ok(path) = object.cast::<PyString>() {
            return Ok(Source::File(path.to_str()?.into()));
        }
        Ok(Source::Array(Array::new(object, layout)?))
    }

    /// The image number `number`. Of a file the header is read.
    pub fn open(&self, number: usize) -> PyResult<Opened<'_>> {
        let (name, bytes) = match self {
            Source::Array(array) => return Ok(Opened::Pixels(array.view()?)),
            Source::Encoded(bytes) => (format!("image {number}"), Cow::Borrowed(&bytes[..])),
            Source::File(path) => {
                let name = format!("image {number} ({})", path.display());
                match std::fs::read(path) {
                    Ok(bytes) => (name, Cow::Owned(bytes)),
                    Err(error) => return Err(DataError::new_err(format!("{name}: {error}"))),
                }
            }
        };
        match Sample::encoded(bytes, 0).and_then(|sample| sample.with_options(DecodeOptions::default())) {
            Ok(sample) => Ok(Opened::File(sample, name)),
            Err(error) => Err(DataError::new_err(format!("{name}: {error}"))),
        }
    }
}

impl Opened<'_> {
    pub fn is_file(&self) -> bool {
        matches!(self, Opened::File(..))
    }

    pub fn size(&self) -> Size {
        match self {
            Opened::Pixels(view) => view.size(),
            Opened::File(sample, _) => sample.size(),
        }
    }

    /// Decodes a region of a file to RGB. Pixels are where they are.
    pub fn decode(&self, region: Region) -> PyResult<Vec<u8>> {
        let Opened::File(sample, name) = self else { return Ok(Vec::new()) };
        let decoded = || {
            let mut pixels = Vec::new();
            let length = region.size.pixels() * 3;
            let none = |_| Error::NoMemory { what: "a decoded image", bytes: length as u64 };
            pixels.try_reserve_exact(length).map_err(none)?;
            pixels.resize(length, 0);
            sample.decode_region(ColorMode::Rgb, region, &mut pixels)?;
            Ok(pixels)
        };
        decoded().map_err(|error: Error| match error.kind() {
            ErrorKind::Memory => crate::errors::raise(error),
            _ => DataError::new_err(format!("{name}: {error}")),
        })
    }

    /// The image, or the region of it that `decoded` has.
    pub fn view<'v>(&'v self, region: Region, decoded: &'v [u8]) -> autoaugment::Result<ImageView<'v>> {
        match self {
            Opened::Pixels(view) => Ok(*view),
            Opened::File(..) => ImageView::new(decoded, region.size, 3),
        }
    }
}
