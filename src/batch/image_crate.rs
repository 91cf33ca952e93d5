//! Images of the crate `image` as views.

use image::{GrayImage, RgbImage};

use super::{ImageView, Layout, Size};

impl<'a> From<&'a RgbImage> for ImageView<'a> {
    /// The image where it lies.
    fn from(image: &'a RgbImage) -> Self {
        of(image.as_raw(), image.dimensions(), 3)
    }
}

impl<'a> From<&'a GrayImage> for ImageView<'a> {
    /// The image where it lies.
    fn from(image: &'a GrayImage) -> Self {
        of(image.as_raw(), image.dimensions(), 1)
    }
}

/// An empty image is refused with its batch.
fn of(data: &[u8], (width, height): (u32, u32), channels: usize) -> ImageView<'_> {
    let size = Size { width: width as usize, height: height as usize };
    // The crate's images may have memory behind the last pixel.
    let bytes = size.pixels() * channels;
    ImageView::packed(data.get(..bytes).unwrap_or(data), size, channels, Layout::Nhwc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Images;

    #[test]
    fn pixels_are_those_of_the_crate() {
        let rgb = RgbImage::from_fn(3, 2, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let view = ImageView::from(&rgb);
        assert_eq!(view.rows().nth(1).unwrap(), [0, 1, 7, 1, 1, 7, 2, 1, 7]);
        assert_eq!(Ok(view), ImageView::new(rgb.as_raw(), Size { width: 3, height: 2 }, 3));
        let gray = GrayImage::from_fn(2, 1, |x, _| image::Luma([x as u8]));
        assert_eq!(Ok(ImageView::from(&gray)), ImageView::new(&[0, 1], Size { width: 2, height: 1 }, 1));
    }

    #[test]
    fn an_empty_image_is_refused_with_its_batch() {
        let (full, empty) = (GrayImage::new(1, 1), GrayImage::new(0, 5));
        let views = [ImageView::from(&full), ImageView::from(&empty)];
        let refused = Images::from(&views).check().unwrap_err().to_string();
        assert_eq!(refused, "image 1: batch: images of 0 x 5 pixels: both sides must be at least 1");
    }
}
