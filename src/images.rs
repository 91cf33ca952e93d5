//! Images: a batch in host memory as the executors see it, of one size or ragged.

use crate::batch::{Batch, Layout, Shape, Size};
use crate::error::{Error, Result};
use crate::image::Image;
use crate::ragged::RaggedBatch;

/// The sizes of a batch's images: all the same, or one each.
///
/// Made from a [`Shape`], from a slice of [`Size`], or from a batch.
#[derive(Clone, Copy, Debug)]
pub struct Sizes<'a>(Inner<'a>);

#[derive(Clone, Copy, Debug)]
enum Inner<'a> {
    Same(Shape),
    Each(&'a [Size]),
}

impl Sizes<'_> {
    /// How many images there are.
    pub fn len(&self) -> usize {
        match self.0 {
            Inner::Same(shape) => shape.images,
            Inner::Each(sizes) => sizes.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of image `index`; of the last one beyond it.
    pub fn get(&self, index: usize) -> Size {
        match self.0 {
            Inner::Same(shape) => shape.size(),
            Inner::Each(sizes) => sizes.get(index).or(sizes.last()).copied().unwrap_or(Size { width: 1, height: 1 }),
        }
    }

    /// Refuses sizes that no batch can have.
    pub(crate) fn check(&self) -> Result<()> {
        match self.0 {
            Inner::Same(shape) => shape.check(),
            Inner::Each(sizes) => {
                let each = sizes.iter().enumerate();
                each.map(|(i, size)| size.check().map_err(|e| e.at(format!("image {i}")))).collect()
            }
        }
    }
}

impl From<Shape> for Sizes<'static> {
    fn from(shape: Shape) -> Self {
        Sizes(Inner::Same(shape))
    }
}

impl<'a> From<&'a [Size]> for Sizes<'a> {
    fn from(sizes: &'a [Size]) -> Self {
        Sizes(Inner::Each(sizes))
    }
}

impl<'a> From<&'a Vec<Size>> for Sizes<'a> {
    fn from(sizes: &'a Vec<Size>) -> Self {
        Sizes(Inner::Each(sizes))
    }
}

/// A [`Batch`] or a [`RaggedBatch`], borrowed: what executors take.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    data: &'a [u8],
    channels: usize,
    layout: Layout,
    sizes: Sizes<'a>,
    /// First byte of each image, where that is not image after image.
    offsets: Option<&'a [usize]>,
}

impl<'a> From<&'a Batch<'_>> for Images<'a> {
    fn from(batch: &'a Batch<'_>) -> Self {
        let shape = batch.shape();
        Images {
            data: batch.data(),
            channels: shape.channels,
            layout: batch.layout(),
            sizes: shape.into(),
            offsets: None,
        }
    }
}

impl<'a> From<&'a RaggedBatch<'_>> for Images<'a> {
    fn from(batch: &'a RaggedBatch<'_>) -> Self {
        Images {
            data: batch.data(),
            channels: batch.channels(),
            layout: Layout::Nhwc,
            sizes: batch.sizes().into(),
            offsets: Some(batch.offsets()),
        }
    }
}

impl<'a> Images<'a> {
    /// Their sizes.
    pub fn sizes(&self) -> Sizes<'a> {
        self.sizes
    }

    /// Channels of a pixel: 1 (grey) or 3 (RGB).
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The order of an image's axes.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// All bytes, those between images included.
    pub(crate) fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Bytes of image `index`.
    pub(crate) fn bytes_of(&self, index: usize) -> usize {
        self.sizes.get(index).pixels() * self.channels
    }

    /// The first byte of image `index`.
    pub(crate) fn start(&self, index: usize) -> usize {
        match self.offsets {
            Some(offsets) => offsets[index],
            None => index * self.bytes_of(index),
        }
    }

    /// The bytes of image `index`, in the batch's layout.
    pub(crate) fn bytes(&self, index: usize) -> &'a [u8] {
        let start = self.start(index);
        &self.data[start..start + self.bytes_of(index)]
    }

    /// Image `index`, interleaved.
    pub(crate) fn image(&self, index: usize) -> Image {
        let Size { width, height } = self.sizes.get(index);
        let channels = self.channels;
        let bytes = self.bytes(index);
        let data = match self.layout {
            Layout::Nhwc => bytes.to_vec(),
            Layout::Nchw => {
                let plane = height * width;
                (0..plane * channels).map(|i| bytes[(i % channels) * plane + i / channels]).collect()
            }
        };
        Image { width, height, channels, data }
    }
}

/// Refuses channels other than 1 and 3.
pub(crate) fn check_channels(channels: usize) -> Result<()> {
    match channels {
        1 | 3 => Ok(()),
        2 | 4 => Err(Error::Batch(format!(
            "{channels} channels: an alpha channel is not supported; drop it or flatten onto a background first"
        ))),
        _ => Err(Error::Batch(format!("{channels} channels: only 1 (grey) and 3 (RGB) are supported"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_give_the_same_image() {
        let shape = Shape { images: 1, height: 1, width: 2, channels: 3 };
        let nhwc = Batch::new(vec![1, 2, 3, 4, 5, 6], shape, Layout::Nhwc).unwrap();
        let nchw = Batch::new(vec![1, 4, 2, 5, 3, 6], shape, Layout::Nchw).unwrap();
        assert_eq!(Images::from(&nhwc).image(0), Images::from(&nchw).image(0));
    }
}
