//! Dataset: samples by index, each an image with its class.

use std::borrow::Cow;
use std::sync::Arc;

use super::caught::caught_as;
use super::color_mode::ColorMode;
use super::decode::{self, DecodeOptions};
use super::region::Region;
use super::{mask, scaled};
use crate::batch::{Layout, Size, check_channels};
use crate::error::{Error, Result};

/// Samples by index, in any order and from several threads at once.
///
/// A sample is not decoded yet. The loader first reads the sizes of a batch, and then decodes each image to its place.
///
/// ```
/// use autoaugment::loader::{Dataset, Sample};
/// use autoaugment::{Layout, Result, Size};
///
/// /// Squares of one gray, lighter ones for higher numbers.
/// struct Grays;
///
/// impl Dataset for Grays {
///     fn len(&self) -> usize {
///         256
///     }
///
///     fn read(&self, index: usize) -> Result<Sample<'_>> {
///         let label = u32::from(index >= 128);
///         Sample::pixels(vec![index as u8; 16], Size { width: 4, height: 4 }, 1, Layout::Nhwc, label)
///     }
/// }
/// ```
pub trait Dataset: Send + Sync {
    /// The number of samples. It does not change. Indices start at 0.
    fn len(&self) -> usize;

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sample at `index`, below [`Dataset::len`]; the same each time. An error means that this sample failed, and
    /// the loader reacts by its [`OnError`](super::OnError). Other samples are not affected.
    ///
    /// # Errors
    /// Any error that prevents reading the sample. [`Error::Cancelled`](crate::Error::Cancelled) is no failed sample.
    /// It ends the epoch, also where failed samples are skipped.
    fn read(&self, index: usize) -> Result<Sample<'_>>;

    /// The label of the sample at `index`. Unless a data set knows better, the sample is read for it. The data sets of
    /// this crate know the labels without reading images, except for those in parquet files.
    ///
    /// # Errors
    /// Those of [`Dataset::read`].
    fn label(&self, index: usize) -> Result<u32> {
        self.read(index).map(|sample| sample.label())
    }

    /// The sample's name for messages, usually its file.
    fn name(&self, index: usize) -> String {
        format!("number {index}")
    }

    /// The names of the classes in the order of their labels; empty if they have none.
    fn classes(&self) -> &[String] {
        &[]
    }

    /// The blocks of samples that are stored together, if reading any sample of a block costs reading the whole block.
    /// `None` if all orders are as fast. A loader that shuffles shuffles such a data set by groups of blocks.
    fn locality(&self) -> Option<Locality<'_>> {
        None
    }
}

/// How the samples of a data set are stored together.
///
/// A data set keeps `together` blocks at hand. A loader draws an order of the blocks for each epoch. It takes the next
/// `together` blocks of that order and shuffles all their samples. So the order is less random than that of other data
/// sets: each batch has samples of few blocks. It still depends on the seed and the epoch only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locality<'a> {
    /// The first sample of each block. The first block begins at 0.
    pub starts: Cow<'a, [usize]>,
    /// The number of blocks that are shuffled together, at least 1.
    pub together: usize,
}

impl<D: Dataset + ?Sized> Dataset for Arc<D> {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        (**self).read(index)
    }

    fn label(&self, index: usize) -> Result<u32> {
        (**self).label(index)
    }

    fn name(&self, index: usize) -> String {
        (**self).name(index)
    }

    fn classes(&self) -> &[String] {
        (**self).classes()
    }

    fn locality(&self) -> Option<Locality<'_>> {
        (**self).locality()
    }
}

/// An image of known size that can be decoded, with its label.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    bytes: Cow<'a, [u8]>,
    form: Form,
    size: Size,
    channels: usize,
    label: u32,
    mask: Option<Mask<'a>>,
    options: DecodeOptions,
}

#[derive(Clone, Debug)]
enum Mask<'a> {
    Png(Cow<'a, [u8]>),
    /// One label per pixel, of as many pixels as the image has.
    Labels(Cow<'a, [u8]>),
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// An image file.
    Encoded,
    /// A JPEG, to be decoded at the smallest scale with at least this size.
    Scaled(Size),
    /// Pixels.
    Pixels(Layout),
}

impl<'a> Sample<'a> {
    /// The bytes of an image file, of one of the formats of [`decode`]. Its header is read now, and the rest when it is
    /// decoded. So is the limit of pixels, which [`Sample::with_options`] may change.
    ///
    /// # Errors
    /// [`Error::Decode`] if this is not such a file or its header is broken.
    pub fn encoded(bytes: impl Into<Cow<'a, [u8]>>, label: u32) -> Result<Self> {
        let bytes = bytes.into();
        let (size, channels) = DecodeOptions::new().max_pixels(u64::MAX).measure(&bytes)?;
        let options = DecodeOptions::default();
        Ok(Sample { bytes, form: Form::Encoded, size, channels, label, mask: None, options })
    }

    /// Pixels: H x W x C or C x H x W values, by `layout`. C is 1 (gray) or 3 (RGB).
    ///
    /// # Errors
    /// [`Error::Batch`] if size or channels are unusable, or if `bytes` does not have their length.
    pub fn pixels(
        bytes: impl Into<Cow<'a, [u8]>>,
        size: Size,
        channels: usize,
        layout: Layout,
        label: u32,
    ) -> Result<Self> {
        let bytes = bytes.into();
        check_channels(channels)?;
        size.check()?;
        let expected = size.pixels() * channels;
        if bytes.len() != expected {
            let (Size { width, height }, there) = (size, bytes.len());
            return Err(Error::Batch(format!(
                "expected {expected} bytes for an image of {height} x {width} x {channels}, got {there}"
            )));
        }
        let options = DecodeOptions::default();
        Ok(Sample { bytes, form: Form::Pixels(layout), size, channels, label, mask: None, options })
    }

    /// The same, decoded with other options. Pixels stay unchanged. Call this before [`Sample::scaled`].
    ///
    /// # Errors
    /// [`Error::Decode`] if the header is broken or claims too many pixels.
    pub fn with_options(self, options: DecodeOptions) -> Result<Self> {
        if !matches!(self.form, Form::Encoded) {
            return Ok(self);
        }
        if options == self.options {
            options.check_pixels(self.size)?;
            return Ok(self);
        }
        let (size, channels) = options.measure(&self.bytes)?;
        Ok(Sample { size, channels, options, ..self })
    }

    /// The same, decoded at the smallest scale (1/8, 1/4, 1/2, 1) with both sides at least those of `least`. This
    /// applies to JPEGs. Other images stay unchanged, and so do JPEGs that the options turn.
    #[must_use]
    pub fn scaled(self, least: Size) -> Self {
        if !matches!(self.form, Form::Encoded) || self.options.turns(&self.bytes) {
            return self;
        }
        match scaled::measure(&self.bytes, least) {
            Some((size, channels)) => Sample { form: Form::Scaled(least), size, channels, ..self },
            None => self,
        }
    }

    /// The size after decoding.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Channels of the image: 1 (gray) or 3 (RGB).
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The class.
    pub fn label(&self) -> u32 {
        self.label
    }

    /// The same with a mask: the bytes of a PNG with one label per pixel. The mask has the size of the image.
    #[must_use]
    pub fn with_mask(self, png: impl Into<Cow<'a, [u8]>>) -> Self {
        Sample { mask: Some(Mask::Png(png.into())), ..self }
    }

    /// The same with a mask that is decoded: one label per pixel, H x W, row after row.
    ///
    /// # Errors
    /// [`Error::Decode`] if the mask has another size than the image, or not one label per pixel.
    pub fn with_labels(self, labels: impl Into<Cow<'a, [u8]>>, size: Size) -> Result<Self> {
        let labels = labels.into();
        mask::check(size, self.size)?;
        if labels.len() != size.pixels() {
            let (pixels, there) = (size.pixels(), labels.len());
            return Err(Error::Decode(format!("mask: expected {pixels} labels, one per pixel, got {there}")));
        }
        Ok(Sample { mask: Some(Mask::Labels(labels)), ..self })
    }

    /// Whether it has a mask.
    pub fn has_mask(&self) -> bool {
        self.mask.is_some()
    }

    /// The labels of the mask, H x W. `None` if the sample has no mask.
    ///
    /// A mask is a PNG, gray or with a palette, with up to 8 bits. Its labels are the numbers that NumPy sees in
    /// Pillow's image. In a palette they are the indices. Gray of 1 bit gives 0 and 1. Gray of 2 bits gives multiples
    /// of 85, and of 4 bits multiples of 17.
    ///
    /// # Errors
    /// [`Error::Decode`] if the mask is another file, is broken, or has another size than the image.
    pub fn decode_mask(&self) -> Result<Option<Vec<u8>>> {
        let decoded = |mask: &Mask<'_>| match mask {
            Mask::Png(png) => {
                let panicked = |panic| Error::Decode(format!("the decoder panicked: {panic}"));
                caught_as(|| mask::decode(png, self.size), panicked)
            }
            Mask::Labels(labels) => Ok(labels.to_vec()),
        };
        self.mask.as_ref().map(decoded).transpose()
    }

    /// Its bytes of memory before decoding; 0 if they belong to the data set.
    pub fn held_bytes(&self) -> usize {
        let held = |bytes: &Cow<'_, [u8]>| match bytes {
            Cow::Owned(bytes) => bytes.len(),
            Cow::Borrowed(_) => 0,
        };
        let mask = self.mask.as_ref().map(|(Mask::Png(bytes) | Mask::Labels(bytes))| bytes);
        held(&self.bytes) + mask.map_or(0, held)
    }

    /// Decodes to `out`, interleaved, with the channels of `color`. `out` has H x W x channels bytes.
    ///
    /// # Errors
    /// [`Error::Decode`] if the file is broken, if `out` has another length, or if `color` refuses the image's color.
    pub fn decode_into(&self, color: ColorMode, out: &mut [u8]) -> Result<()> {
        color.check(self.channels)?;
        let expected = self.size.pixels() * color.channels();
        if out.len() != expected {
            return Err(Error::Decode(format!("expected a buffer of {expected} bytes, got {}", out.len())));
        }
        if self.channels == color.channels() {
            return self.interleaved(out);
        }
        let mut own = decode::allocate(self.size.pixels() * self.channels)?;
        self.interleaved(&mut own)?;
        color.convert(&own, out);
        Ok(())
    }

    /// Decodes a part of the image to `out`, as [`Sample::decode_into`] decodes all of it. The bytes are those of the
    /// whole decode. A JPEG is decoded no further than they need, so damage elsewhere may stay unnoticed.
    ///
    /// # Errors
    /// Those of [`Sample::decode_into`], and [`Error::Decode`] if the region reaches out of the image.
    pub fn decode_region(&self, color: ColorMode, region: Region, out: &mut [u8]) -> Result<()> {
        if region == Region::whole(self.size) {
            return self.decode_into(color, out);
        }
        color.check(self.channels)?;
        let Size { width, height } = self.size;
        if !region.is_inside(self.size) || region.size.check().is_err() {
            return Err(Error::Decode(format!("{region:?} is no part of an image of {width} x {height} pixels")));
        }
        let expected = region.size.pixels() * color.channels();
        if out.len() != expected {
            return Err(Error::Decode(format!("expected a buffer of {expected} bytes, got {}", out.len())));
        }
        let rows = region.y..region.y + region.size.height;
        let columns = region.x..region.x + region.size.width;
        if !matches!(self.form, Form::Encoded) {
            let mut whole = decode::allocate(self.size.pixels() * color.channels())?;
            self.decode_into(color, &mut whole)?;
            region.copy(&whole, self.size.width, color.channels(), out);
            return Ok(());
        }
        if self.channels == color.channels() {
            return self.options.decode_region(&self.bytes, rows, columns, out);
        }
        let mut own = decode::allocate(region.size.pixels() * self.channels)?;
        self.options.decode_region(&self.bytes, rows, columns, &mut own)?;
        color.convert(&own, out);
        Ok(())
    }

    /// The pixels in the image's own channels.
    fn interleaved(&self, out: &mut [u8]) -> Result<()> {
        match self.form {
            Form::Encoded => self.options.decode_into(&self.bytes, out)?,
            Form::Scaled(least) => scaled::decode_into(&self.bytes, least, self.options, out)?,
            Form::Pixels(Layout::Nhwc) => out.copy_from_slice(&self.bytes),
            Form::Pixels(Layout::Nchw) => {
                for (c, plane) in self.bytes.chunks_exact(self.size.pixels()).enumerate() {
                    for (pixel, &v) in out.chunks_exact_mut(self.channels).zip(plane) {
                        pixel[c] = v;
                    }
                }
            }
        }
        Ok(())
    }
}
