//! View: one image anywhere in the caller's memory.

use std::fmt;

use super::{Layout, Size, check_channels};
use crate::error::{Error, Result};

/// One u8 image anywhere in the caller's memory: its bytes, size, channels, and the distance of its rows.
///
/// A slice of views is a batch: see [`Images`](crate::Images). Its images may have different sizes and lie in separate
/// memory. They are not copied into one piece first.
///
/// | constructor | shape of `data` |
/// |--|--|
/// | [`ImageView::new`] | H x W x C, without gaps |
/// | [`ImageView::with_row_stride`] | H x W x C, with gaps between rows |
/// | [`ImageView::planar`] | C x H x W, without gaps |
///
/// ```
/// use autoaugment::{Device, Executor, ImageView, Op, Output, Plan, Size};
/// // Two gray images of 2 x 2 pixels. The rows of the second are three bytes apart.
/// let (first, second) = (vec![0, 50, 100, 255], vec![1, 2, 99, 3, 4]);
/// let size = Size { width: 2, height: 2 };
/// let images = [ImageView::new(&first, size, 1)?, ImageView::with_row_stride(&second, size, 1, 3)?];
/// let invert: Op = "Invert".parse()?;
/// let plan = Plan::uniform(2, vec![invert]);
/// let (tensor, _) = Executor::new(Device::Cpu)?.apply(&images, &plan, &Output::u8())?;
/// assert_eq!(tensor.data.as_u8(), Some(&[255, 205, 155, 0, 254, 253, 252, 251][..]));
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ImageView<'a> {
    data: &'a [u8],
    size: Size,
    channels: usize,
    row_stride: usize,
    layout: Layout,
}

impl<'a> ImageView<'a> {
    /// An image of H x W x C bytes without gaps: `data[(y * width + x) * channels + c]`.
    ///
    /// # Errors
    /// [`Error::Batch`] if the size or the number of channels is unusable, or `data` has another length.
    pub fn new(data: &'a [u8], size: Size, channels: usize) -> Result<Self> {
        ImageView::packed(data, size, channels, Layout::Nhwc).checked_exactly()
    }

    /// An image whose rows begin `row_stride` bytes apart: `data[y * row_stride + x * channels + c]`.
    ///
    /// Bytes between the rows and after the last row are not read. A view can therefore be a part of a larger image.
    ///
    /// # Errors
    /// Those of [`ImageView::new`], and [`Error::Batch`] if a row is longer than `row_stride` or `data` ends before the
    /// last row does.
    pub fn with_row_stride(data: &'a [u8], size: Size, channels: usize, row_stride: usize) -> Result<Self> {
        let view = ImageView { row_stride, ..ImageView::packed(data, size, channels, Layout::Nhwc) };
        view.check()?;
        let row = view.row_bytes();
        if row_stride < row {
            let width = size.width;
            return Err(Error::Batch(format!(
                "row stride {row_stride} is less than a row of {width} pixels with {channels} channels: {row} bytes"
            )));
        }
        let needed = row_stride.checked_mul(size.height - 1).and_then(|bytes| bytes.checked_add(row));
        match needed {
            Some(needed) if needed <= data.len() => Ok(ImageView { data: &data[..needed], ..view }),
            _ => Err(view.wrong_length(&format!("and row stride {row_stride} needs at least"), needed)),
        }
    }

    /// An image of C x H x W bytes without gaps: `data[(c * height + y) * width + x]`.
    ///
    /// # Errors
    /// Those of [`ImageView::new`].
    pub fn planar(data: &'a [u8], size: Size, channels: usize) -> Result<Self> {
        ImageView::packed(data, size, channels, Layout::Nchw).checked_exactly()
    }

    /// An image of exactly these bytes, not checked.
    pub(crate) fn packed(data: &'a [u8], size: Size, channels: usize, layout: Layout) -> Self {
        let row_stride = match layout {
            Layout::Nhwc => size.width.saturating_mul(channels),
            Layout::Nchw => size.width,
        };
        ImageView { data, size, channels, row_stride, layout }
    }

    /// The bytes from the first pixel to the last.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Channels of a pixel: 1 (gray) or 3 (RGB).
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Bytes from the start of a row to the start of the next row.
    pub fn row_stride(&self) -> usize {
        self.row_stride
    }

    /// [`Layout::Nhwc`] for H x W x C, [`Layout::Nchw`] for C x H x W.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Refuses a size or a number of channels that no image can have.
    pub(crate) fn check(&self) -> Result<()> {
        self.size.check()?;
        check_channels(self.channels)?;
        if self.size.pixels().checked_mul(self.channels).is_none() {
            let Size { width, height } = self.size;
            return Err(Error::Batch(format!("an image of {width} x {height} pixels is too large for this machine")));
        }
        Ok(())
    }

    fn checked_exactly(self) -> Result<Self> {
        self.check()?;
        let expected = self.bytes();
        if self.data.len() == expected {
            return Ok(self);
        }
        Err(self.wrong_length("needs", Some(expected)))
    }

    /// `needed` is `None` for more bytes than can be counted.
    fn wrong_length(&self, needs: &str, needed: Option<usize>) -> Error {
        let (Size { width, height }, channels, there) = (self.size, self.channels, self.data.len());
        let needed = needed.unwrap_or(usize::MAX);
        Error::Batch(format!(
            "an image of {width} x {height} pixels with {channels} channels {needs} {needed} bytes, got {there}"
        ))
    }

    /// Bytes of its pixels, without gaps.
    pub(crate) fn bytes(&self) -> usize {
        self.size.pixels() * self.channels
    }

    /// Bytes of a row. In planes, a row of one channel.
    pub(crate) fn row_bytes(&self) -> usize {
        match self.layout {
            Layout::Nhwc => self.size.width * self.channels,
            Layout::Nchw => self.size.width,
        }
    }

    /// Its rows of [`ImageView::row_bytes`]. In planes, the rows of one plane after those of another.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone + use<'a> {
        let (data, stride, row) = (self.data, self.row_stride, self.row_bytes());
        (0..self.bytes() / row).map(move |y| &data[y * stride..][..row])
    }

    /// The bytes of its pixels, if there are no gaps between them.
    pub(crate) fn contiguous(&self) -> Option<&'a [u8]> {
        (self.data.len() == self.bytes()).then_some(self.data)
    }

    /// Whether the channels of a pixel are next to each other.
    pub(crate) fn is_interleaved(&self) -> bool {
        self.layout == Layout::Nhwc || self.channels == 1
    }
}

impl fmt::Debug for ImageView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ImageView { size, channels, row_stride, layout, .. } = self;
        let mut fields = f.debug_struct("ImageView");
        fields.field("size", size).field("channels", channels).field("row_stride", row_stride).field("layout", layout);
        fields.finish_non_exhaustive()
    }
}
