//! GpuBatch: a batch or tensor in the device's memory.

use crate::batch::{Layout, Shape};
use crate::error::{Error, Result};
use crate::output::Dtype;

/// Images on a device: `shape` values of `dtype` in the order of `layout`, contiguous, from byte `offset` of a buffer.
///
/// As an input it must be u8. What a [`Gpu`](crate::Gpu) returns can be read by any wgpu program on the same device; work that
/// was submitted before has written it by the time later submissions run.
#[derive(Clone, Debug)]
pub struct GpuBatch {
    buffer: wgpu::Buffer,
    offset: u64,
    shape: Shape,
    layout: Layout,
    dtype: Dtype,
}

impl GpuBatch {
    /// Takes a part of a buffer as a batch.
    ///
    /// # Errors
    /// [`Error::Batch`] if the shape is unusable; [`Error::Buffer`] if `offset` is no multiple of 4, the buffer is too
    /// small, or it lacks the usage `STORAGE`.
    pub fn new(buffer: wgpu::Buffer, offset: u64, shape: Shape, layout: Layout, dtype: Dtype) -> Result<Self> {
        shape.check()?;
        check_room(&buffer, offset, shape, dtype)?;
        Ok(GpuBatch { buffer, offset, shape, layout, dtype })
    }

    /// The buffer.
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// The first byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// N, H, W and C.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The order of the axes.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The type of the values.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }
}

/// Refuses a buffer that cannot hold the values from `offset` on.
pub(super) fn check_room(buffer: &wgpu::Buffer, offset: u64, shape: Shape, dtype: Dtype) -> Result<()> {
    if !offset.is_multiple_of(4) {
        return Err(Error::Buffer(format!("offset {offset} is not a multiple of 4")));
    }
    if !buffer.usage().contains(wgpu::BufferUsages::STORAGE) {
        return Err(Error::Buffer(format!("usage {:?} lacks STORAGE", buffer.usage())));
    }
    // The kernels write whole words.
    let bytes = (shape.values() as u64 * dtype.bytes() as u64).next_multiple_of(4);
    match offset.checked_add(bytes) {
        Some(end) if end <= buffer.size() => Ok(()),
        _ => Err(Error::Buffer(format!("{bytes} bytes from {offset} on do not fit into {} bytes", buffer.size()))),
    }
}
