//! The extension module `autoaugment._native`: the library for Python.
//!
//! Conversions only. No pixel is computed here, and no other module of the package is imported. `autoaugment` on top of
//! it is typed Python; `_native.pyi` has the types of what is here.

mod arrays;
mod block;
mod datasets;
mod devices;
mod engine;
mod errors;
mod loader;
mod memory;
mod pillow;
mod plans;
mod sources;
mod targets;
mod threads;

use pyo3::prelude::*;

/// The extension module.
#[pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::datasets::Samples;
    #[pymodule_export]
    use crate::devices::{devices, gpu_is_open};
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::errors::{DataError, DeviceError};
    #[pymodule_export]
    use crate::loader::{Epoch, Loader};
    #[pymodule_export]
    use crate::memory::Memory;
    #[pymodule_export]
    use crate::pillow::Pixels;
    #[pymodule_export]
    use crate::plans::{Plan, PlannedImage, Policy, policies, sample_index};
    #[pymodule_export]
    use crate::threads::set_default_threads;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
