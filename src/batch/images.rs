//! Images: a batch in host memory in the form for executors, of one size or ragged.

use std::ops::Range;

use super::{Batch, Image, Layout, RaggedBatch, Shape, Size, Sizes};

/// The places of a batch's images in its memory, on the host or on a device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placement<'a> {
    pub sizes: Sizes<'a>,
    /// 1 or 3.
    pub channels: usize,
    pub layout: Layout,
    /// The first byte of each image, if images are not consecutive.
    offsets: Option<&'a [usize]>,
}

impl<'a> Placement<'a> {
    /// Consecutive images of one size.
    pub fn uniform(shape: Shape, layout: Layout) -> Self {
        Placement { sizes: shape.into(), channels: shape.channels, layout, offsets: None }
    }

    /// Images of different sizes, interleaved.
    pub fn ragged(sizes: &'a [Size], offsets: &'a [usize], channels: usize) -> Self {
        Placement { sizes: sizes.into(), channels, layout: Layout::Nhwc, offsets: Some(offsets) }
    }

    /// Bytes of image `index`.
    pub fn bytes_of(&self, index: usize) -> usize {
        self.sizes.get(index).pixels() * self.channels
    }

    /// Its bytes' places.
    pub fn range(&self, index: usize) -> Range<usize> {
        let start = match self.offsets {
            Some(offsets) => offsets[index],
            None => index * self.bytes_of(index),
        };
        start..start + self.bytes_of(index)
    }

    /// The shape of a batch of these images once all have this size.
    pub fn shape(&self, size: Size) -> Shape {
        Shape { images: self.sizes.len(), height: size.height, width: size.width, channels: self.channels }
    }
}

/// A borrowed [`Batch`] or [`RaggedBatch`]: the input of executors.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    data: &'a [u8],
    placement: Placement<'a>,
}

impl<'a> From<&'a Batch<'_>> for Images<'a> {
    fn from(batch: &'a Batch<'_>) -> Self {
        Images { data: batch.data(), placement: Placement::uniform(batch.shape(), batch.layout()) }
    }
}

impl<'a> From<&'a RaggedBatch<'_>> for Images<'a> {
    fn from(batch: &'a RaggedBatch<'_>) -> Self {
        let placement = Placement::ragged(batch.sizes(), batch.offsets(), batch.channels());
        Images { data: batch.data(), placement }
    }
}

impl<'a> Images<'a> {
    /// Their sizes.
    pub fn sizes(&self) -> Sizes<'a> {
        self.placement.sizes
    }

    pub(crate) fn placement(&self) -> &Placement<'a> {
        &self.placement
    }

    /// All bytes, those between images included.
    pub(crate) fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Image `index`, interleaved.
    pub(crate) fn image(&self, index: usize) -> Image {
        let Placement { channels, layout, sizes, .. } = self.placement;
        let Size { width, height } = sizes.get(index);
        let bytes = &self.data[self.placement.range(index)];
        let data = match layout {
            Layout::Nhwc => bytes.to_vec(),
            Layout::Nchw => {
                let plane = height * width;
                (0..plane * channels).map(|i| bytes[(i % channels) * plane + i / channels]).collect()
            }
        };
        Image { width, height, channels, data }
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
