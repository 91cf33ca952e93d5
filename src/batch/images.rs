//! Images: a batch in host memory in the form for executors, of one size or ragged.

use std::ops::Range;

use super::{Batch, Image, ImageView, Layout, RaggedBatch, Shape, Size, Sizes};
use crate::error::{Error, Result};

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

    /// The same in another layout.
    #[cfg(feature = "gpu")]
    pub fn in_layout(self, layout: Layout) -> Self {
        Placement { layout, ..self }
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
    #[cfg(feature = "gpu")]
    pub fn shape(&self, size: Size) -> Shape {
        Shape { images: self.sizes.len(), height: size.height, width: size.width, channels: self.channels }
    }
}

/// A borrowed batch in host memory: the input of executors.
///
/// | made from | images |
/// |--|--|
/// | [`&Batch`](Batch) | of one size, one after the other |
/// | [`&RaggedBatch`](RaggedBatch) | of different sizes, anywhere in one piece of memory |
/// | [`&[ImageView]`](ImageView) | of different sizes, each anywhere in memory |
///
/// Images are read where they lie. The views of a batch must have the same number of channels and the same layout.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a>(Source<'a>);

#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Packed(Packed<'a>),
    Views(&'a [ImageView<'a>]),
}

/// Images in one piece of memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed<'a> {
    /// All bytes, those between images included.
    pub data: &'a [u8],
    pub placement: Placement<'a>,
}

impl<'a> From<&'a Batch<'_>> for Images<'a> {
    fn from(batch: &'a Batch<'_>) -> Self {
        let placement = Placement::uniform(batch.shape(), batch.layout());
        Images(Source::Packed(Packed { data: batch.data(), placement }))
    }
}

impl<'a> From<&'a RaggedBatch<'_>> for Images<'a> {
    fn from(batch: &'a RaggedBatch<'_>) -> Self {
        let placement = Placement::ragged(batch.sizes(), batch.offsets(), batch.channels());
        Images(Source::Packed(Packed { data: batch.data(), placement }))
    }
}

impl<'a> From<&'a [ImageView<'_>]> for Images<'a> {
    fn from(views: &'a [ImageView<'_>]) -> Self {
        Images(Source::Views(views))
    }
}

impl<'a, const N: usize> From<&'a [ImageView<'_>; N]> for Images<'a> {
    fn from(views: &'a [ImageView<'_>; N]) -> Self {
        Images(Source::Views(views))
    }
}

impl<'a> From<&'a Vec<ImageView<'_>>> for Images<'a> {
    fn from(views: &'a Vec<ImageView<'_>>) -> Self {
        Images(Source::Views(views))
    }
}

impl<'a> Images<'a> {
    /// Their sizes.
    pub fn sizes(&self) -> Sizes<'a> {
        match self.0 {
            Source::Packed(packed) => packed.placement.sizes,
            Source::Views(views) => views.into(),
        }
    }

    /// Channels of a pixel: 1 (gray) or 3 (RGB). Of views, those of the first.
    pub fn channels(&self) -> usize {
        match self.0 {
            Source::Packed(packed) => packed.placement.channels,
            Source::Views(views) => views.first().map_or(1, ImageView::channels),
        }
    }

    /// The order of an image's axes. Of views, that of the first.
    pub fn layout(&self) -> Layout {
        match self.0 {
            Source::Packed(packed) => packed.placement.layout,
            Source::Views(views) => views.first().map_or(Layout::Nhwc, ImageView::layout),
        }
    }

    /// Image `index`, where it lies.
    pub(crate) fn view(&self, index: usize) -> ImageView<'a> {
        match self.0 {
            Source::Packed(Packed { data, placement }) => {
                let size = placement.sizes.get(index);
                ImageView::packed(&data[placement.range(index)], size, placement.channels, placement.layout)
            }
            Source::Views(views) => views[index],
        }
    }

    /// All images, if they are in one piece of memory by construction.
    pub(crate) fn packed(&self) -> Option<Packed<'a>> {
        match self.0 {
            Source::Packed(packed) => Some(packed),
            Source::Views(_) => None,
        }
    }

    /// Bytes of all pixels.
    pub(crate) fn bytes(&self) -> usize {
        (0..self.sizes().len()).map(|i| self.view(i).bytes()).sum()
    }

    /// The shape of a batch of these images once all have this size.
    pub(crate) fn shape(&self, size: Size) -> Shape {
        Shape { images: self.sizes().len(), height: size.height, width: size.width, channels: self.channels() }
    }

    /// Refuses images that are no batch together.
    pub(crate) fn check(&self) -> Result<()> {
        let Source::Views(views) = self.0 else { return Ok(()) };
        if views.is_empty() {
            return Err(Error::Batch("a batch of views needs at least one image".to_string()));
        }
        let (channels, layout) = (self.channels(), self.layout());
        let check = |view: &ImageView<'_>| {
            view.check()?;
            if view.channels() != channels {
                let own = view.channels();
                return Err(Error::Batch(format!("has {own} channels, and image 0 has {channels}; convert to one")));
            }
            if view.layout() != layout {
                let [own, first] = [view.layout(), layout].map(axes);
                return Err(Error::Batch(format!("is {own}, and image 0 is {first}; convert to one layout")));
            }
            Ok(())
        };
        views.iter().enumerate().try_for_each(|(i, view)| check(view).map_err(|e| e.at(format!("image {i}"))))
    }

    /// A copy of image `index`, interleaved.
    pub(crate) fn image(&self, index: usize) -> Image {
        let view = self.view(index);
        let Size { width, height } = view.size();
        let rows: Vec<&[u8]> = view.rows().collect();
        let channels = view.channels();
        let value = |y: usize, x: usize, c: usize| match view.layout() {
            Layout::Nhwc => rows[y][x * channels + c],
            Layout::Nchw => rows[c * height + y][x],
        };
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
        let data = places.flat_map(|(y, x)| (0..channels).map(move |c| (y, x, c))).map(|(y, x, c)| value(y, x, c));
        Image { width, height, channels, data: data.collect() }
    }
}

/// The axes of one image, as text.
fn axes(layout: Layout) -> &'static str {
    match layout {
        Layout::Nhwc => "H x W x C",
        Layout::Nchw => "C x H x W",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_of_a_batch_is_its_image() {
        let sizes = [Size { width: 1, height: 2 }, Size { width: 3, height: 1 }];
        let ragged = RaggedBatch::packed(vec![1, 2, 3, 4, 5], &sizes, 1).unwrap();
        let view = Images::from(&ragged).view(1);
        assert_eq!((view.data(), view.size()), (&[3, 4, 5][..], sizes[1]));
    }

    #[test]
    fn rows_without_gaps_are_contiguous_whatever_their_stride() {
        let size = |width, height| Size { width, height };
        let bytes = [0; 12];
        let contiguous = |view: Result<ImageView<'_>>| view.unwrap().contiguous().map(<[u8]>::len);
        assert_eq!(contiguous(ImageView::with_row_stride(&bytes, size(2, 3), 1, 3)), None);
        assert_eq!(contiguous(ImageView::with_row_stride(&bytes, size(2, 3), 1, 2)), Some(6));
        assert_eq!(contiguous(ImageView::with_row_stride(&bytes, size(2, 1), 1, 9)), Some(2));
        assert_eq!(contiguous(ImageView::planar(&bytes, size(2, 2), 3)), Some(12));
    }

    #[test]
    fn both_layouts_give_the_same_image() {
        let shape = Shape { images: 1, height: 1, width: 2, channels: 3 };
        let nhwc = Batch::new(vec![1, 2, 3, 4, 5, 6], shape, Layout::Nhwc).unwrap();
        let nchw = Batch::new(vec![1, 4, 2, 5, 3, 6], shape, Layout::Nchw).unwrap();
        assert_eq!(Images::from(&nhwc).image(0), Images::from(&nchw).image(0));
    }
}
