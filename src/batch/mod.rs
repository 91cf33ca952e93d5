//! Batch: images as bytes, in one piece of memory or anywhere, and their form for executors.

mod image;
#[cfg(feature = "image")]
mod image_crate;
mod images;
mod ragged;
mod sizes;
mod view;

pub(crate) use image::Image;
pub use images::Images;
pub(crate) use images::Packed;
#[cfg(feature = "gpu")]
pub(crate) use images::Placement;
#[cfg(feature = "gpu")]
pub(crate) use ragged::check_places;
pub use ragged::{Place, RaggedBatch};
pub use sizes::Sizes;
pub use view::ImageView;

mod text;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Width and height of an image in pixels. As text and in JSON `224x192`, the width first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// The shape of a batch or tensor, in every layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// N, the number of images; 0 is allowed.
    pub images: usize,
    /// H, rows of an image; at least 1.
    pub height: usize,
    /// W, columns of an image; at least 1.
    pub width: usize,
    /// C, channels of a pixel: 1 (gray) or 3 (RGB).
    pub channels: usize,
}

/// The order of the axes in memory, always contiguous. As text and in JSON `nhwc` or `nchw`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// N x H x W x C, as in image files and Pillow.
    #[default]
    Nhwc,
    /// N x C x H x W, as in PyTorch and burn.
    Nchw,
}

/// A batch of u8 images: `shape.images` x H x W x C values of 0..=255 in the order of `layout`.
///
/// ```
/// use autoaugment::{Batch, Layout, Shape};
/// let shape = Shape { images: 2, height: 4, width: 5, channels: 3 };
/// let batch = Batch::new(vec![0; 120], shape, Layout::Nhwc)?;
/// assert_eq!(batch.shape(), shape);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    data: Cow<'a, [u8]>,
    shape: Shape,
    layout: Layout,
}

impl Size {
    /// The number of pixels.
    pub fn pixels(self) -> usize {
        self.width * self.height
    }

    /// Refuses empty images and those of more than 2,147,483,647 pixels.
    pub(crate) fn check(self) -> Result<()> {
        let Size { width, height } = self;
        if height == 0 || width == 0 {
            return Err(Error::Batch(format!("images of {width} x {height} pixels: both sides must be at least 1")));
        }
        // Counts of pixels are kept in 31 bits by the kernels, as they are by Pillow.
        if height.checked_mul(width).is_none_or(|p| p > i32::MAX as usize) {
            return Err(Error::Batch(format!(
                "images of {width} x {height} pixels: too large; an image has at most 2147483647 pixels"
            )));
        }
        Ok(())
    }
}

impl Shape {
    /// Width and height.
    pub fn size(self) -> Size {
        Size { width: self.width, height: self.height }
    }

    /// Values of one image: H x W x C.
    pub fn values_per_image(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Values of the batch: N x H x W x C.
    pub fn values(self) -> usize {
        self.images * self.values_per_image()
    }

    /// Refuses channels other than 1 and 3, empty images, and products that do not fit.
    ///
    /// # Errors
    /// [`Error::Batch`] with the rule that is broken.
    pub fn check(self) -> Result<()> {
        let Shape { images, height, width, channels } = self;
        check_channels(channels)?;
        let refused = self.size().check();
        if height == 0 || width == 0 {
            return refused;
        }
        let pixels = refused.ok().map(|()| height * width);
        if pixels.and_then(|p| p.checked_mul(channels)).and_then(|v| v.checked_mul(images)).is_none() {
            return Err(Error::Batch(format!(
                "{images} x {height} x {width} x {channels}: too large; an image has at most 2147483647 pixels"
            )));
        }
        Ok(())
    }
}

impl<'a> Batch<'a> {
    /// Takes `data` (owned or borrowed) as a batch.
    ///
    /// # Errors
    /// [`Error::Batch`] if the shape is unusable ([`Shape::check`]) or `data` has another length than it says.
    pub fn new(data: impl Into<Cow<'a, [u8]>>, shape: Shape, layout: Layout) -> Result<Self> {
        shape.check()?;
        let data = data.into();
        let expected = shape.values();
        if data.len() != expected {
            let Shape { images, height, width, channels } = shape;
            let hint = match data.len() {
                n if Some(n) == expected.checked_mul(2) => "; is it 16 bits a value? Reduce it to 8 first",
                n if Some(n) == expected.checked_mul(4) => "; is it 32-bit float? Convert it to u8 first",
                _ => "",
            };
            return Err(Error::Batch(format!(
                "{images} images of {height} x {width} x {channels} are {expected} bytes, and there are {}{hint}",
                data.len()
            )));
        }
        Ok(Batch { data, shape, layout })
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The order of the axes.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The bytes in the order of [`Batch::layout`].
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

/// Refuses channels other than 1 and 3.
pub(crate) fn check_channels(channels: usize) -> Result<()> {
    match channels {
        1 | 3 => Ok(()),
        2 | 4 => Err(Error::Batch(format!(
            "{channels} channels: an alpha channel is not supported; drop it or flatten onto a background first"
        ))),
        _ => Err(Error::Batch(format!("{channels} channels: only 1 (gray) and 3 (RGB) are supported"))),
    }
}
