//! Memory: results, in memory that goes back when Python is done with them.
//!
//! A large result lies in a `Memory`, which an array keeps alive. When the last array over it is gone, the next result
//! of about that size gets its block. A result that is kept is never overwritten.

use std::ffi::c_int;
use std::process;
use std::sync::Arc;

use autoaugment::half::f16;
use autoaugment::loader::Loader;
use autoaugment::{Dtype, Shape, Tensor, TensorMut};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::arrays::axes;
use crate::block::{Block, LARGE};

/// Memory of a result, as a buffer of bytes.
#[pyclass(frozen, module = "autoaugment._native")]
pub struct Memory {
    held: Held,
    bytes: usize,
}

enum Held {
    Block(Block),
    Tensor(Tensor),
    /// A loader's batch, and the loader, in the process that made it. A fork copies locks as they are.
    Batch(Tensor, Arc<Loader>, u32),
}

impl Memory {
    fn start(&self) -> *const u8 {
        match &self.held {
            Held::Block(block) => block.bytes().as_ptr(),
            Held::Tensor(tensor) | Held::Batch(tensor, ..) => tensor.data.as_bytes().as_ptr(),
        }
    }
}

/// The array of a loader's batch. Its memory goes back to the loader that is given.
pub fn array_of<'py>(py: Python<'py>, tensor: Tensor, loader: Option<Arc<Loader>>) -> PyResult<Bound<'py, PyAny>> {
    let Shape { images, channels, .. } = tensor.shape;
    let axes = axes(tensor.shape.size(), Some(images), channels, tensor.layout, false);
    let (name, bytes) = (names(tensor.data.dtype()).0, tensor.data.as_bytes().len());
    let held = match loader {
        Some(loader) => Held::Batch(tensor, loader, process::id()),
        None => Held::Tensor(tensor),
    };
    new_array(py, &axes, name, Memory { held, bytes })
}

/// The array of a batch's masks, N x H x W.
pub fn masks_of<'py>(py: Python<'py>, masks: Tensor) -> PyResult<Bound<'py, PyAny>> {
    let Shape { images, height, width, .. } = masks.shape;
    let (name, bytes) = (names(masks.data.dtype()).0, masks.data.as_bytes().len());
    new_array(py, &[images, height, width], name, Memory { held: Held::Tensor(masks), bytes })
}

fn new_array<'py>(py: Python<'py>, axes: &[usize], dtype: &str, memory: Memory) -> PyResult<Bound<'py, PyAny>> {
    static ARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    ARRAY.import(py, "numpy", "ndarray")?.call1((axes.to_vec(), dtype, Bound::new(py, memory)?))
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Held::Batch(tensor, loader, made_by) = &mut self.held
            && *made_by == process::id()
        {
            loader.recycle(std::mem::take(tensor));
        }
    }
}

#[pymethods]
impl Memory {
    /// # Safety
    /// Called by Python, with a view to fill.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("the view is null"));
        }
        let memory = slf.get();
        let (start, bytes) = (memory.start().cast_mut().cast(), memory.bytes as ffi::Py_ssize_t);
        // SAFETY: the memory has so many bytes, never moves, and lives as long as the object that the view refers to.
        // Only Python's code and calls that write a result do something with it.
        let code = unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), start, bytes, 0, flags) };
        if code == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }
}

/// An array that a result is written to: the caller's or a new one.
pub struct Destination<'py> {
    pub array: Bound<'py, PyAny>,
    buffer: PyUntypedBuffer,
    dtype: Dtype,
}

/// The name of a type in NumPy, and its format in the buffer protocol.
fn names(dtype: Dtype) -> (&'static str, &'static [u8]) {
    match dtype {
        Dtype::F32 => ("float32", b"f"),
        Dtype::F16 => ("float16", b"e"),
        _ => ("uint8", b"B"),
    }
}

impl<'py> Destination<'py> {
    /// A new array.
    pub fn new(py: Python<'py>, axes: &[usize], dtype: Dtype) -> PyResult<Self> {
        static EMPTY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let bytes = axes.iter().product::<usize>() * dtype.bytes();
        let name = names(dtype).0;
        let array = if bytes < LARGE {
            EMPTY.import(py, "numpy", "empty")?.call1((axes.to_vec(), name))?
        } else {
            let held = Held::Block(Block::new(bytes, py)?);
            new_array(py, axes, name, Memory { held, bytes })?
        };
        let buffer = PyUntypedBuffer::get(&array)?;
        Ok(Destination { array, buffer, dtype })
    }

    /// The caller's array, which must be exactly what the result is.
    pub fn of(array: &Bound<'py, PyAny>, axes: &[usize], dtype: Dtype) -> PyResult<Self> {
        let kind = array.get_type().name()?;
        let (name, format) = names(dtype);
        let buffer = PyUntypedBuffer::get(array)
            .map_err(|_| PyTypeError::new_err(format!("out: an array of {name} is needed, got {kind}")))?;
        if buffer.format().to_bytes() != format {
            let own = array.getattr("dtype").map_or_else(|_| kind.to_string(), |dtype| dtype.to_string());
            return Err(PyTypeError::new_err(format!("out: {name} is needed, got {own}")));
        }
        if buffer.shape() != axes {
            let (own, axes) = (shown(buffer.shape()), shown(axes));
            return Err(PyValueError::new_err(format!("out: the result has shape {axes}, got {own}")));
        }
        if buffer.readonly() || !buffer.is_c_contiguous() {
            let rule = "out: the array must be writable and C-contiguous; pass `numpy.empty(shape, dtype)`";
            return Err(PyValueError::new_err(rule));
        }
        Ok(Destination { array: array.clone(), buffer, dtype })
    }

    /// Refuses memory that the images have too.
    pub fn check_apart(&self, images: &[u8]) -> PyResult<()> {
        let (start, other) = (self.buffer.buf_ptr() as usize, images.as_ptr() as usize);
        if start < other + images.len() && other < start + self.buffer.len_bytes() {
            let rule = "out: it shares memory with the images; operations read pixels after others are written";
            return Err(PyValueError::new_err(rule));
        }
        Ok(())
    }

    /// Its memory.
    pub fn memory(&mut self) -> TensorMut<'_> {
        let (start, values) = (self.buffer.buf_ptr(), self.buffer.item_count());
        if values == 0 {
            return match self.dtype {
                Dtype::F32 => TensorMut::F32(&mut []),
                Dtype::F16 => TensorMut::F16(&mut []),
                _ => TensorMut::U8(&mut []),
            };
        }
        // SAFETY: the buffer is contiguous and writable, and has so many values of this type, of which all bits are
        // values. It cannot be freed or moved while it is exported. No other slice over it exists here: it is apart
        // from the images. That no other thread of Python uses the array meanwhile is up to the caller, as for NumPy's
        // own functions that release the GIL.
        unsafe {
            match self.dtype {
                Dtype::F32 => TensorMut::F32(std::slice::from_raw_parts_mut(start.cast::<f32>(), values)),
                Dtype::F16 => TensorMut::F16(std::slice::from_raw_parts_mut(start.cast::<f16>(), values)),
                _ => TensorMut::U8(std::slice::from_raw_parts_mut(start.cast::<u8>(), values)),
            }
        }
    }
}

/// A shape as Python writes it.
pub fn shown(axes: &[usize]) -> String {
    let axes: Vec<String> = axes.iter().map(ToString::to_string).collect();
    format!("({}{})", axes.join(", "), if axes.len() == 1 { "," } else { "" })
}
