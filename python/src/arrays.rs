//! Arrays: Python's arrays of pixels, where they lie.

use autoaugment::{Batch, ImageView, Images, Layout, Shape, Size};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::errors::raise;
use crate::memory::shown;

/// One image or a batch, in memory that Python owns.
pub struct Array {
    buffer: PyBuffer<u8>,
    pub shape: Shape,
    pub layout: Layout,
    /// Bytes from image to image and from row to row, of interleaved images that are not contiguous.
    strides: Option<(usize, usize)>,
}

/// The images of an array in the form for the library.
pub enum Borrowed<'a> {
    Batch(Batch<'a>),
    Views(Vec<ImageView<'a>>),
}

impl Borrowed<'_> {
    pub fn images(&self) -> Images<'_> {
        match self {
            Borrowed::Batch(batch) => batch.into(),
            Borrowed::Views(views) => views.into(),
        }
    }
}

impl Array {
    /// An array of bytes. What cannot be read where it lies is copied once.
    pub fn new(object: &Bound<'_, PyAny>, layout: Layout) -> PyResult<Self> {
        static CONTIGUOUS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let buffer = PyBuffer::<u8>::get(object).map_err(|_| refused(object))?;
        let shape = shape(buffer.shape(), layout)?;
        if buffer.is_c_contiguous() {
            return Ok(Array { buffer, shape, layout, strides: None });
        }
        if let Some(strides) = row_strides(&buffer, shape, layout) {
            return Ok(Array { buffer, shape, layout, strides: Some(strides) });
        }
        let copy = CONTIGUOUS.import(object.py(), "numpy", "ascontiguousarray")?.call1((object,))?;
        Ok(Array { buffer: PyBuffer::get(&copy)?, shape, layout, strides: None })
    }

    /// How many axes the array has: 2 and 3 are one image, 4 a batch.
    pub fn axes(&self) -> usize {
        self.buffer.dimensions()
    }

    /// The bytes from the first pixel to the last.
    pub fn bytes(&self) -> &[u8] {
        let Shape { images, height, width, channels } = self.shape;
        let length = match self.strides {
            _ if images == 0 => return &[],
            None => self.shape.values(),
            Some((image, row)) => (images - 1) * image + (height - 1) * row + width * channels,
        };
        // SAFETY: the buffer has so many bytes from its first pixel to its last: a contiguous one by its shape, another
        // one by its strides, which are not negative. They stay while the buffer is exported. That no other thread of
        // Python writes to them meanwhile is up to the caller, as for NumPy's own functions that release the GIL.
        unsafe { std::slice::from_raw_parts(self.buffer.buf_ptr().cast::<u8>(), length) }
    }

    /// The images.
    pub fn borrowed(&self) -> autoaugment::Result<Borrowed<'_>> {
        let Some((image, row)) = self.strides else {
            return Ok(Borrowed::Batch(Batch::new(self.bytes(), self.shape, self.layout)?));
        };
        let views = (0..self.shape.images).map(|i| {
            let bytes = self.bytes().get(i * image..).unwrap_or_default();
            ImageView::with_row_stride(bytes, self.shape.size(), self.shape.channels, row)
        });
        Ok(Borrowed::Views(views.collect::<autoaugment::Result<_>>()?))
    }

    /// The only image.
    pub fn view(&self) -> PyResult<ImageView<'_>> {
        let Shape { images, channels, .. } = self.shape;
        let size = self.shape.size();
        if images != 1 {
            return Err(PyValueError::new_err(format!("an element of a list must be one image, got {images}")));
        }
        match (self.strides, self.layout) {
            (Some((_, row)), _) => ImageView::with_row_stride(self.bytes(), size, channels, row),
            (None, Layout::Nhwc) => ImageView::new(self.bytes(), size, channels),
            (None, Layout::Nchw) => ImageView::planar(self.bytes(), size, channels),
        }
        .map_err(raise)
    }
}

/// N, H, W and C of an array.
fn shape(axes: &[usize], layout: Layout) -> PyResult<Shape> {
    let (images, rest) = match *axes {
        [height, width] => return checked(Shape { images: 1, height, width, channels: 1 }),
        [a, b, c] => (1, [a, b, c]),
        [images, a, b, c] => (images, [a, b, c]),
        _ => {
            let own = shown(axes);
            return Err(PyValueError::new_err(format!("shape {own}: an image has 2 or 3 axes and a batch 4")));
        }
    };
    let (height, width, channels) = match layout {
        Layout::Nhwc => (rest[0], rest[1], rest[2]),
        Layout::Nchw => (rest[1], rest[2], rest[0]),
    };
    if !matches!(channels, 1 | 3) {
        let (place, this, other) = match layout {
            Layout::Nhwc => ("last axis", "hwc", "chw"),
            Layout::Nchw => ("axis before height and width", "chw", "hwc"),
        };
        let own = shown(axes);
        return Err(PyValueError::new_err(format!(
            "shape {own}: with layout=\"{this}\" the {place} must have 1 or 3 channels, got {channels}; \
             layout=\"{other}\" is the other one"
        )));
    }
    checked(Shape { images, height, width, channels })
}

fn checked(shape: Shape) -> PyResult<Shape> {
    shape.check().map_err(raise)?;
    Ok(shape)
}

/// Bytes from image to image and from row to row, if each row is in one piece and rows ascend.
fn row_strides(buffer: &PyBuffer<u8>, shape: Shape, layout: Layout) -> Option<(usize, usize)> {
    if layout == Layout::Nchw && shape.channels != 1 {
        return None;
    }
    let (sides, strides) = (buffer.shape(), buffer.strides());
    let axis = |name: usize| Some((*sides.get(name)?, usize::try_from(*strides.get(name)?).ok()?));
    // Numbers of the axes of images, rows, columns and channels.
    let (image, row, column, channel) = match (sides.len(), layout) {
        (2, _) => (None, 0, 1, None),
        (3, Layout::Nhwc) => (None, 0, 1, Some(2)),
        (4, Layout::Nhwc) => (Some(0), 1, 2, Some(3)),
        (3, Layout::Nchw) => (None, 1, 2, None),
        (4, Layout::Nchw) => (Some(0), 2, 3, None),
        _ => return None,
    };
    let is_step = |axis: (usize, usize), step: usize| axis.0 == 1 || axis.1 == step;
    let row_bytes = shape.width * shape.channels;
    let are_pixels = channel.is_none_or(|c| axis(c).is_some_and(|channel| is_step(channel, 1)));
    let are_rows = is_step(axis(column)?, shape.channels);
    let rows = axis(row)?.1.max(row_bytes);
    let images = match image {
        Some(image) => axis(image)?.1,
        None => 0,
    };
    (are_pixels && are_rows && (axis(row)?.0 == 1 || axis(row)?.1 >= row_bytes)).then_some((images, rows))
}

/// Why an object is no array of bytes.
fn refused(object: &Bound<'_, PyAny>) -> PyErr {
    let Ok(dtype) = object.getattr("dtype") else {
        let kind = object.get_type().fully_qualified_name().map_or_else(|_| "this".to_string(), |n| n.to_string());
        return PyTypeError::new_err(format!("{kind}: an image or an array of uint8 is needed"));
    };
    let dtype = dtype.to_string();
    if dtype == "uint8" {
        return PyValueError::new_err("shape (): an image has 2 or 3 axes and a batch 4");
    }
    let hint = match dtype.as_str() {
        name if name.starts_with("float") => "; multiply by 255 and round if this is 0..1",
        "bool" => "; multiply by 255 if this is a mask",
        _ => "; convert it with `astype(numpy.uint8)` if its values are 0..255",
    };
    PyTypeError::new_err(format!("{dtype}: uint8 is needed{hint}"))
}

/// The axes of a result.
pub fn axes(size: Size, images: Option<usize>, channels: usize, layout: Layout, gray: bool) -> Vec<usize> {
    let Size { width, height } = size;
    let image = match layout {
        _ if gray => vec![height, width],
        Layout::Nhwc => vec![height, width, channels],
        Layout::Nchw => vec![channels, height, width],
    };
    images.into_iter().chain(image).collect()
}
