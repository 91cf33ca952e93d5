//! Sources: images that come one by one, as arrays, files or the bytes of files.

use std::borrow::Cow;
use std::path::PathBuf;

use autoaugment::loader::{ColorMode, Sample};
use autoaugment::{Error, ImageView, Layout, Size};
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

/// A decoded image, and where it lies.
pub struct Decoded {
    pixels: Vec<u8>,
    size: Size,
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

    /// Decodes it to RGB; `None` for pixels, which are where they are.
    pub fn decode(&self, number: usize) -> PyResult<Option<Decoded>> {
        let (name, bytes) = match self {
            Source::Array(_) => return Ok(None),
            Source::Encoded(bytes) => (format!("image {number}"), Cow::Borrowed(&bytes[..])),
            Source::File(path) => {
                let name = path.display().to_string();
                match std::fs::read(path) {
                    Ok(bytes) => (name, Cow::Owned(bytes)),
                    Err(error) => return Err(DataError::new_err(format!("image {number} ({name}): {error}"))),
                }
            }
        };
        let decoded = || {
            let sample = Sample::encoded(bytes, 0)?;
            let size = sample.size();
            let mut pixels = Vec::new();
            let length = size.pixels() * 3;
            let none = |_| Error::NoMemory { what: "a decoded image", bytes: length as u64 };
            pixels.try_reserve_exact(length).map_err(none)?;
            pixels.resize(length, 0);
            sample.decode_into(ColorMode::Rgb, &mut pixels)?;
            Ok(Some(Decoded { pixels, size }))
        };
        decoded().map_err(|error: Error| match self {
            Source::File(_) => DataError::new_err(format!("image {number} ({name}): {error}")),
            _ => DataError::new_err(format!("{name}: {error}")),
        })
    }

    /// The image, which is `decoded` if it had to be.
    pub fn view<'a>(&'a self, decoded: &'a Option<Decoded>) -> PyResult<ImageView<'a>> {
        match (self, decoded) {
            (Source::Array(array), _) => array.view(),
            (_, Some(Decoded { pixels, size })) => ImageView::new(pixels, *size, 3).map_err(crate::errors::raise),
            (_, None) => Err(DataError::new_err("the image was not decoded")),
        }
    }
}
