//! GPU batches: images or tensors in the device's memory, of one size or of different sizes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::device::buffers::Pool;
use crate::batch::{Layout, Place, Placement, Shape, Size, Sizes, check_places};
use crate::error::{Error, Result};
use crate::output::Dtype;
use crate::plan::CheckedPlan;

/// Images on a device: `shape` values of `dtype` in the order of `layout`, contiguous, from byte `offset` of a buffer.
///
/// As an input, it must be u8. Any wgpu program on the same device can read the result of a [`Gpu`](crate::Gpu),
/// because later submissions run after the work that writes it.
#[derive(Clone, Debug)]
pub struct GpuBatch {
    buffer: wgpu::Buffer,
    offset: u64,
    shape: Shape,
    layout: Layout,
    dtype: Dtype,
    origin_pool: Option<Arc<OriginPool>>,
}

/// The pool to which a buffer returns, once.
#[derive(Debug)]
struct OriginPool {
    pool: Weak<Pool>,
    went_back: AtomicBool,
}

impl GpuBatch {
    /// Uses a part of a buffer as a batch.
    ///
    /// # Errors
    /// [`Error::Batch`] if the shape is unusable. [`Error::Buffer`] if `offset` is not a multiple of 4, or if the
    /// buffer is too small or lacks the usage `STORAGE`.
    pub fn new(buffer: wgpu::Buffer, offset: u64, shape: Shape, layout: Layout, dtype: Dtype) -> Result<Self> {
        shape.check()?;
        check_room(&buffer, offset, shape, dtype)?;
        Ok(GpuBatch { buffer, offset, shape, layout, dtype, origin_pool: None })
    }

    /// A batch with a buffer from a pool.
    pub(super) fn with_origin_pool(self, pool: &Arc<Pool>) -> Self {
        let origin_pool = OriginPool { pool: Arc::downgrade(pool), went_back: AtomicBool::new(false) };
        GpuBatch { origin_pool: Some(Arc::new(origin_pool)), ..self }
    }

    /// The buffer, if it came from this pool and was not returned yet.
    pub(super) fn into_buffer(self, pool: &Arc<Pool>) -> Option<wgpu::Buffer> {
        let origin_pool =
            self.origin_pool.filter(|origin_pool| std::ptr::eq(origin_pool.pool.as_ptr(), Arc::as_ptr(pool)))?;
        (!origin_pool.went_back.swap(true, Ordering::Relaxed)).then_some(self.buffer)
    }

    /// The buffer, which can be larger than the batch.
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

/// Images of different sizes on a device: u8, interleaved, anywhere in one buffer.
#[derive(Clone, Debug)]
pub struct GpuRaggedBatch {
    buffer: wgpu::Buffer,
    sizes: Vec<Size>,
    offsets: Vec<usize>,
    channels: usize,
}

impl GpuRaggedBatch {
    /// Uses the images at `places` of a buffer as a batch.
    ///
    /// # Errors
    /// [`Error::Batch`] as for a [`RaggedBatch`](crate::RaggedBatch). [`Error::Buffer`] if the buffer lacks the usage
    /// `STORAGE`.
    pub fn new(buffer: wgpu::Buffer, places: &[Place], channels: usize) -> Result<Self> {
        // The kernels read whole words.
        check_places(places, channels, buffer.size() / 4 * 4)?;
        check_usage(&buffer)?;
        Ok(GpuRaggedBatch {
            buffer,
            sizes: places.iter().map(|p| p.size).collect(),
            offsets: places.iter().map(|p| p.offset).collect(),
            channels,
        })
    }

    /// The buffer.
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// The size of each image.
    pub fn sizes(&self) -> &[Size] {
        &self.sizes
    }

    /// Channels of a pixel: 1 (gray) or 3 (RGB).
    pub fn channels(&self) -> usize {
        self.channels
    }
}

/// A borrowed [`GpuBatch`] or [`GpuRaggedBatch`]: the input of an augmentation on the device.
#[derive(Clone, Copy, Debug)]
pub struct GpuImages<'a> {
    pub(super) buffer: &'a wgpu::Buffer,
    pub(super) offset: u64,
    pub(super) placement: Placement<'a>,
    pub(super) dtype: Dtype,
}

impl<'a> GpuImages<'a> {
    /// Images of host memory that were sent to these places of `buffer`.
    #[cfg(feature = "burn")]
    pub(crate) fn sent(buffer: &'a wgpu::Buffer, placement: Placement<'a>) -> Self {
        GpuImages { buffer, offset: 0, placement, dtype: Dtype::U8 }
    }

    /// Their sizes.
    pub fn sizes(&self) -> Sizes<'a> {
        self.placement.sizes
    }

    /// The order of an image's axes.
    pub fn layout(&self) -> Layout {
        self.placement.layout
    }

    /// The shape that a checked plan gives them.
    pub(crate) fn shape_after(&self, plan: CheckedPlan<'_>) -> Shape {
        self.placement.shape(plan.size())
    }
}

impl<'a> From<&'a GpuBatch> for GpuImages<'a> {
    fn from(batch: &'a GpuBatch) -> Self {
        let placement = Placement::uniform(batch.shape, batch.layout);
        GpuImages { buffer: &batch.buffer, offset: batch.offset, placement, dtype: batch.dtype }
    }
}

impl<'a> From<&'a GpuRaggedBatch> for GpuImages<'a> {
    fn from(batch: &'a GpuRaggedBatch) -> Self {
        let placement = Placement::ragged(&batch.sizes, &batch.offsets, batch.channels);
        GpuImages { buffer: &batch.buffer, offset: 0, placement, dtype: Dtype::U8 }
    }
}

fn check_usage(buffer: &wgpu::Buffer) -> Result<()> {
    if buffer.usage().contains(wgpu::BufferUsages::STORAGE) {
        return Ok(());
    }
    Err(Error::Buffer(format!("usage {:?} lacks STORAGE", buffer.usage())))
}

/// Refuses an input that is not bytes.
pub(super) fn check_bytes(dtype: Dtype) -> Result<()> {
    match dtype {
        Dtype::U8 => Ok(()),
        _ => Err(Error::Buffer(format!("the input is {dtype:?} and must be U8"))),
    }
}

/// Refuses to write into the input.
pub(super) fn check_apart(input: &wgpu::Buffer, output: &wgpu::Buffer) -> Result<()> {
    if input == output {
        return Err(Error::Buffer("the output must be another buffer than the input".to_string()));
    }
    Ok(())
}

/// Refuses a buffer that cannot hold the values from `offset` on.
pub(super) fn check_room(buffer: &wgpu::Buffer, offset: u64, shape: Shape, dtype: Dtype) -> Result<()> {
    if !offset.is_multiple_of(4) {
        return Err(Error::Buffer(format!("offset {offset} is not a multiple of 4")));
    }
    check_usage(buffer)?;
    // The kernels write whole words.
    let bytes = (shape.values() as u64 * dtype.bytes() as u64).next_multiple_of(4);
    match offset.checked_add(bytes) {
        Some(end) if end <= buffer.size() => Ok(()),
        _ => Err(Error::Buffer(format!("{bytes} bytes from {offset} on do not fit into {} bytes", buffer.size()))),
    }
}
