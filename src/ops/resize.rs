//! Resize: the image, or a box of it, gets another size.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation, check_sides};
use crate::arithmetic::resample::{Weights, columns_first, weighted};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::interpolation::Interpolation;
use crate::magnitude::Range;

/// Resizes the image, or a box of it. The filter is antialiased where the image shrinks.
///
/// The filter of a box reaches beyond the box where the image goes on, as in Pillow. To avoid that, apply
/// [`Crop`](super::Crop) first, as torchvision's `resized_crop` does.
///
/// Source: `Image.resize(size, resample, box)`; the arithmetic is in `src/arithmetic/resample.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resize {
    /// Columns afterwards, at least 1.
    pub width: usize,
    /// Rows afterwards, at least 1.
    pub height: usize,
    /// The interpolation between pixels.
    #[serde(default)]
    pub interpolation: Interpolation,
    /// Left, top, right and bottom of the part to resize, in pixels, rounded to `f32` as in Pillow. Without a box, the
    /// whole image.
    #[serde(default, rename = "box", skip_serializing_if = "Option::is_none")]
    pub part: Option<[f64; 4]>,
}

impl Operation for Resize {
    const NAME: &'static str = "Resize";
    const SUMMARY: &'static str = "changes the size";
    const EXAMPLES: &'static [&'static str] = &[
        "Resize(width=24, height=18, interpolation=bilinear)",
        "Resize(width=7, height=40, interpolation=bicubic, box=[1.5,0.0,20.0,30.25])",
        "Resize(width=3, height=3, interpolation=nearest)",
    ];
    const CATEGORY: Category = Category::Resize;
    const RANGE: Range = Range::NONE;
    const WGSL: &'static str = "";

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        let Size { width, height } = draw.context.size;
        Resize { width, height, interpolation: draw.interpolation, part: None }
    }

    fn check(&self) -> Result<()> {
        check_sides(Self::NAME, self.width, self.height)?;
        let bad = self.part.into_iter().flatten().find(|v| !(0.0..=f64::from(u32::MAX)).contains(v));
        match bad {
            None => Ok(()),
            Some(value) => Err(self.refuse(value, "is outside 0..=4294967295")),
        }
    }

    fn output_size(&self, size: Size) -> Result<Size> {
        let [left, top, right, bottom] = self.corners(size);
        for (first, last, side) in [(left, right, size.width), (top, bottom, size.height)] {
            if last > side as f32 {
                return Err(self.refuse(f64::from(last), "reaches beyond the image"));
            }
            if first >= last {
                return Err(self.refuse(f64::from(first), "is not before the other side of the box"));
            }
        }
        Ok(Size { width: self.width, height: self.height })
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        let (columns, rows) = self.weights(image.size());
        if columns_first(image.size(), Size { width: self.width, height: self.height }) {
            return along_rows(&along_columns(&image, &rows, 0, self.height), &columns, 0, self.height);
        }
        // Only the rows that the second pass needs go through the first.
        let (first, end) = rows.used();
        along_columns(&along_rows(&image, &columns, first, end - first), &rows, first, self.height)
    }

    fn lower(&self, size: Size) -> Lowered {
        let (columns, rows) = self.weights(size);
        let columns_first = columns_first(size, Size { width: self.width, height: self.height });
        Lowered::Resize { columns, rows, columns_first }
    }
}

impl Resize {
    /// The box's corners in an image of this size.
    pub(crate) fn corners(&self, size: Size) -> [f32; 4] {
        match self.part {
            Some(part) => part.map(|v| v as f32),
            None => [0.0, 0.0, size.width as f32, size.height as f32],
        }
    }

    /// The weights of each column and of each row.
    fn weights(&self, size: Size) -> (Arc<Weights>, Arc<Weights>) {
        let [left, top, right, bottom] = self.corners(size);
        (
            Weights::shared(size.width, left, right, self.width, self.interpolation),
            Weights::shared(size.height, top, bottom, self.height, self.interpolation),
        )
    }

    fn refuse(&self, value: f64, rule: &'static str) -> Error {
        Error::Parameter { op: Self::NAME, parameter: "box", value, rule }
    }
}

/// `height` rows of the image from `first_row` on, each summed to as many columns as there are weights for.
fn along_rows(image: &Image, columns: &Weights, first_row: usize, height: usize) -> Image {
    image.redraw(Size { width: columns.len(), height }, [0; 3], |x, y, pixel| {
        let (first, weights) = columns.of(x);
        for (c, value) in pixel.iter_mut().enumerate() {
            *value = weighted(weights, |k| image.pixel(first + k, first_row + y)[c]);
        }
    })
}

/// The image, which begins with `first_row`, summed along its columns to `height` rows.
fn along_columns(image: &Image, rows: &Weights, first_row: usize, height: usize) -> Image {
    image.redraw(Size { width: image.width, height }, [0; 3], |x, y, pixel| {
        let (first, weights) = rows.of(y);
        for (c, value) in pixel.iter_mut().enumerate() {
            *value = weighted(weights, |k| image.pixel(x, first - first_row + k)[c]);
        }
    })
}
