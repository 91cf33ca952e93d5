//! RaggedBatch: images of different sizes, packed into one piece of memory.

use std::borrow::Cow;

use super::{Size, check_channels};
use crate::error::{Error, Result};

/// The place of one image of a ragged batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its first byte.
    pub offset: usize,
    /// Its size in pixels.
    pub size: Size,
}

/// Images of different sizes: u8, interleaved (H x W x C each), anywhere in one piece of memory.
///
/// The results must have one size, so the plan crops or resizes.
///
/// ```
/// use autoaugment::{Device, Executor, Op, Output, Plan, RaggedBatch, Size};
/// let sizes = [Size { width: 3, height: 2 }, Size { width: 2, height: 4 }];
/// let batch = RaggedBatch::packed(vec![128; 3 * 2 + 2 * 4], &sizes, 1)?;
/// let resize: Op = "Resize(width=4, height=4, interpolation=bilinear)".parse()?;
/// let plan = Plan::uniform(2, vec![resize]);
/// let (tensor, _) = Executor::new(Device::Cpu)?.apply(&batch, &plan, &Output::u8())?;
/// assert_eq!(tensor.data.as_u8(), Some(&[128; 32][..]));
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaggedBatch<'a> {
    data: Cow<'a, [u8]>,
    sizes: Vec<Size>,
    offsets: Vec<usize>,
    channels: usize,
}

impl<'a> RaggedBatch<'a> {
    /// Takes `data` (owned or borrowed) as images at `places`. They can have gaps between them and can overlap.
    ///
    /// # Errors
    /// [`Error::Batch`] if there are no images, a size or the number of channels is unusable, or an image does not
    /// lie within `data`.
    pub fn new(data: impl Into<Cow<'a, [u8]>>, places: &[Place], channels: usize) -> Result<Self> {
        let data = data.into();
        check_places(places, channels, data.len() as u64)?;
        Ok(RaggedBatch {
            data,
            sizes: places.iter().map(|p| p.size).collect(),
            offsets: places.iter().map(|p| p.offset).collect(),
            channels,
        })
    }

    /// The same for images that follow each other without gaps and fill `data`.
    ///
    /// # Errors
    /// Those of [`RaggedBatch::new`], and [`Error::Batch`] if `data` is longer than the images.
    pub fn packed(data: impl Into<Cow<'a, [u8]>>, sizes: &[Size], channels: usize) -> Result<Self> {
        check_channels(channels)?;
        let mut offset = 0usize;
        let mut places = Vec::with_capacity(sizes.len());
        for (i, &size) in sizes.iter().enumerate() {
            size.check().map_err(|e| e.at(format!("image {i}")))?;
            places.push(Place { offset, size });
            offset = offset.saturating_add(size.pixels() * channels);
        }
        let batch = RaggedBatch::new(data, &places, channels)?;
        if batch.data.len() != offset {
            let (images, there) = (sizes.len(), batch.data.len());
            return Err(Error::Batch(format!("{images} packed images are {offset} bytes, and there are {there}")));
        }
        Ok(batch)
    }

    /// The bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The size of each image.
    pub fn sizes(&self) -> &[Size] {
        &self.sizes
    }

    /// The first byte of each image.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// Channels of a pixel: 1 (gray) or 3 (RGB).
    pub fn channels(&self) -> usize {
        self.channels
    }
}

/// Refuses places that do not lie within `bytes` bytes.
pub(crate) fn check_places(places: &[Place], channels: usize, bytes: u64) -> Result<()> {
    check_channels(channels)?;
    if places.is_empty() {
        return Err(Error::Batch("a ragged batch has at least one image".to_string()));
    }
    for (i, place) in places.iter().enumerate() {
        place.size.check().map_err(|e| e.at(format!("image {i}")))?;
        let values = place.size.pixels() as u64 * channels as u64;
        let end = (place.offset as u64).checked_add(values);
        if end.is_none_or(|end| end > bytes) {
            let (offset, Size { width, height }) = (place.offset, place.size);
            let message =
                format!("{height} x {width} x {channels} from byte {offset} on do not lie within {bytes} bytes");
            return Err(Error::Batch(message).at(format!("image {i}")));
        }
    }
    Ok(())
}
