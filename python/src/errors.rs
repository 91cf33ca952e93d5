//! Errors: the library's errors as Python's exceptions.

use autoaugment::{Error, ErrorKind};
use pyo3::exceptions::{PyMemoryError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

pyo3::create_exception!(
    autoaugment,
    DataError,
    PyOSError,
    "A file or a sample of a data set cannot be read or decoded. The message names it and says why."
);
pyo3::create_exception!(
    autoaugment,
    DeviceError,
    PyRuntimeError,
    "There is no usable GPU where one was asked for, or the device failed, or it was opened before a fork."
);

/// The exception for an error of the library.
pub fn raise(error: Error) -> PyErr {
    let message = error.to_string();
    match error.kind() {
        ErrorKind::Usage | ErrorKind::Unsupported => PyValueError::new_err(message),
        ErrorKind::Data => DataError::new_err(message),
        ErrorKind::Device => DeviceError::new_err(message),
        ErrorKind::Memory => PyMemoryError::new_err(message),
        _ => PyRuntimeError::new_err(message),
    }
}
