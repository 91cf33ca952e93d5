//! Pillow: its images where they lie, by the Arrow C data interface (Pillow 13 and newer).
//!
//! Pillow stores gray in one byte a pixel and RGB in four. An image goes in without a copy by Pillow, and a result
//! becomes an image in memory that Pillow takes over.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{self, NonNull};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods, PyTuple};

use crate::block::Block;

const ARRAY: &CStr = c"arrow_array";
const SCHEMA: &CStr = c"arrow_schema";

/// `ArrowSchema` of the interface.
#[repr(C)]
struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: Option<unsafe extern "C" fn(*mut Schema)>,
    private_data: *mut c_void,
}

/// `ArrowArray` of the interface.
#[repr(C)]
struct Array {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Array,
    dictionary: *mut Array,
    release: Option<unsafe extern "C" fn(*mut Array)>,
    private_data: *mut c_void,
}

/// The pixels of an image of Pillow, which live as long as this does.
pub struct Picture {
    _capsules: Py<PyTuple>,
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the memory is only read, and Pillow keeps it as long as the capsules exist. An image that is written to
// meanwhile is up to the caller, as for arrays.
unsafe impl Send for Picture {}
// SAFETY: the same.
unsafe impl Sync for Picture {}

impl Picture {
    /// The pixels of an image of so many pixels with 1 or 3 channels. Pillow refuses one that is in several blocks.
    pub fn new(image: &Bound<'_, PyAny>, pixels: usize, channels: usize) -> PyResult<Self> {
        let refused = || PyValueError::new_err("the image's memory is not as Pillow describes it");
        let capsules = image.call_method0("__arrow_c_array__")?.cast_into::<PyTuple>()?;
        let item = capsules.get_item(1)?;
        let array = item.cast::<PyCapsule>()?.pointer_checked(Some(ARRAY))?.cast::<Array>();
        let length = pixels * if channels == 1 { 1 } else { 4 };
        // SAFETY: a capsule of this name has such a struct, whose pointers are as the interface says: as many children
        // and buffers as it counts. It lives as long as the capsule.
        let start = unsafe {
            let mut array = array.as_ref();
            if channels == 3 {
                if array.n_children != 1 || array.children.is_null() || array.offset != 0 {
                    return Err(refused());
                }
                array = &**array.children;
            }
            let is_right = array.n_buffers == 2 && array.offset == 0 && usize::try_from(array.length) == Ok(length);
            if !is_right || array.buffers.is_null() {
                return Err(refused());
            }
            *array.buffers.add(1)
        };
        let start = NonNull::new(start.cast_mut().cast()).ok_or_else(refused)?;
        Ok(Picture { _capsules: capsules.unbind(), start, length })
    }

    /// Gray in one byte a pixel, RGB in four.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: checked when it was made.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

/// Pixels for Pillow to take over.
#[pyclass(frozen, module = "autoaugment._native")]
pub struct Pixels {
    block: Block,
    channels: usize,
}

impl Pixels {
    /// Memory for so many pixels with 1 or 3 channels.
    pub fn new(pixels: usize, channels: usize, py: Python<'_>) -> PyResult<Self> {
        Ok(Pixels { block: Block::new(pixels * if channels == 1 { 1 } else { 4 }, py)?, channels })
    }

    /// Gray in one byte a pixel, RGB in four.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.block.bytes_mut()
    }
}

#[pymethods]
impl Pixels {
    /// What `PIL.Image.fromarrow` calls. The array refers to this object.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        slf: Bound<'py, Self>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let _ = requested_schema;
        let py = slf.py();
        let Pixels { block, channels } = slf.get();
        let bytes = block.bytes();
        let values = Array::values(bytes, slf.clone().unbind());
        let (schema, array) = match channels {
            1 => (Schema::of(c"C", None), values),
            _ => (Schema::of(c"+w:4", Some(Schema::of(c"C", None))), Array::list(bytes.len() / 4, values)),
        };
        Ok((PyCapsule::new_with_value(py, schema, SCHEMA)?, PyCapsule::new_with_value(py, array, ARRAY)?))
    }
}

// SAFETY: the pointers are to memory that goes along, and a capsule is used under the GIL.
unsafe impl Send for Schema {}
// SAFETY: the same.
unsafe impl Send for Array {}

impl Drop for Schema {
    /// Ends a struct that nobody has taken over.
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: this is what the interface demands, once.
            unsafe { release(self) };
        }
    }
}

impl Drop for Array {
    /// Ends a struct that nobody has taken over.
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: this is what the interface demands, once.
            unsafe { release(self) };
        }
    }
}

/// What a schema owns.
#[repr(C)]
struct Children<T> {
    pointer: *mut T,
    _own: Box<T>,
}

impl<T> Children<T> {
    fn of(child: T) -> Box<Self> {
        let mut own = Box::new(child);
        Box::new(Children { pointer: &raw mut *own, _own: own })
    }
}

impl Schema {
    fn of(format: &'static CStr, child: Option<Schema>) -> Self {
        unsafe extern "C" fn release(schema: *mut Schema) {
            // SAFETY: called once, with a struct that was made below.
            unsafe {
                (*schema).release = None;
                if !(*schema).private_data.is_null() {
                    drop(Box::from_raw((*schema).private_data.cast::<Children<Schema>>()));
                }
            }
        }
        let children = child.map_or(ptr::null_mut(), |child| Box::into_raw(Children::of(child)));
        Schema {
            format: format.as_ptr(),
            name: c"".as_ptr(),
            metadata: ptr::null(),
            flags: 0,
            n_children: i64::from(!children.is_null()),
            // The first field of what it owns.
            children: children.cast(),
            dictionary: ptr::null_mut(),
            release: Some(release),
            private_data: children.cast(),
        }
    }
}

/// What an array of values owns.
struct Values {
    buffers: [*const c_void; 2],
    _pixels: Py<Pixels>,
}

/// What an array of lists owns.
#[repr(C)]
struct Lists {
    child: *mut Array,
    buffers: [*const c_void; 1],
    _own: Box<Array>,
}

impl Array {
    fn values(bytes: &[u8], pixels: Py<Pixels>) -> Self {
        let own = Box::new(Values { buffers: [ptr::null(), bytes.as_ptr().cast()], _pixels: pixels });
        let own = Box::into_raw(own);
        // SAFETY: it was made above, and lives until the release.
        let buffers = unsafe { (&raw mut (*own).buffers).cast() };
        Array::new(bytes.len(), 2, buffers, ptr::null_mut(), own)
    }

    fn list(length: usize, values: Array) -> Self {
        let mut values = Box::new(values);
        let own = Box::new(Lists { child: &raw mut *values, buffers: [ptr::null()], _own: values });
        let own = Box::into_raw(own);
        // SAFETY: it was made above, and lives until the release.
        let (buffers, children) = unsafe { ((&raw mut (*own).buffers).cast(), &raw mut (*own).child) };
        Array::new(length, 1, buffers, children, own)
    }

    /// An array that owns `own`.
    fn new<T>(length: usize, n: i64, buffers: *mut *const c_void, children: *mut *mut Array, own: *mut T) -> Self {
        unsafe extern "C" fn release<T>(array: *mut Array) {
            // SAFETY: called once, with a struct that was made below.
            unsafe {
                (*array).release = None;
                drop(Box::from_raw((*array).private_data.cast::<T>()));
            }
        }
        Array {
            length: length as i64,
            null_count: 0,
            offset: 0,
            n_buffers: n,
            n_children: i64::from(!children.is_null()),
            buffers,
            children,
            dictionary: ptr::null_mut(),
            release: Some(release::<T>),
            private_data: own.cast(),
        }
    }
}
