//! Crop: a rectangle is cut out, and its part outside the image is filled by a rule.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation, check_finite, check_sides};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::magnitude::Range;

/// The pixels outside an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Border {
    /// One color.
    #[default]
    Constant,
    /// The pixel at the edge, repeated.
    Edge,
    /// The image mirrored about the center of the pixel at its edge, which is not repeated, as far as the image
    /// reaches.
    Reflect,
    /// The image mirrored about its edge, which repeats the pixel there, as far as the image reaches.
    Symmetric,
}

impl Border {
    /// All four.
    pub const ALL: [Border; 4] = [Border::Constant, Border::Edge, Border::Reflect, Border::Symmetric];

    /// The source of the value at `v` of a line of `length`. A constant border has none.
    pub(crate) fn source(self, v: i64, length: i64) -> Option<i64> {
        if (0..length).contains(&v) {
            return Some(v);
        }
        let last = length - 1;
        match self {
            Border::Constant => None,
            Border::Edge => Some(v.clamp(0, last)),
            Border::Reflect => Some(if v < 0 { -v } else { 2 * last - v }),
            Border::Symmetric => Some(if v < 0 { -1 - v } else { 2 * last + 1 - v }),
        }
    }

    /// How far outside a line of `length` the border reaches.
    fn reach(self, length: i64) -> i64 {
        match self {
            Border::Constant | Border::Edge => i64::MAX,
            Border::Reflect => length - 1,
            Border::Symmetric => length,
        }
    }
}

/// Columns `x..x + width` of rows `y..y + height`. The image has that size afterwards.
///
/// Padding and cropping in one: torchvision's `RandomCrop(32, padding=4)` is a crop of 32 x 32 at -4..=4.
///
/// Source: `Image.crop` of Pillow; torchvision's `pad` with its four padding modes, which on images are NumPy's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    /// The leftmost column; may be negative.
    pub x: i64,
    /// The uppermost row; may be negative.
    pub y: i64,
    /// Columns, at least 1.
    pub width: usize,
    /// Rows, at least 1.
    pub height: usize,
    /// The pixels outside the image.
    #[serde(default)]
    pub border: Border,
    /// Red, green and blue of a constant border; gray images take the first.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl Operation for Crop {
    const NAME: &'static str = "Crop";
    const SUMMARY: &'static str = "cuts a rectangle out";
    const EXAMPLES: &'static [&'static str] = &[
        "Crop(x=-3, y=2, width=40, height=30, border=reflect, fill=[0,0,0])",
        "Crop(x=5, y=-6, width=20, height=24, border=constant, fill=[10,200,77])",
        "Crop(x=0, y=0, width=1, height=1, border=edge, fill=[0,0,0])",
        "Crop(x=-9, y=-1, width=12, height=18, border=symmetric, fill=[0,0,0])",
    ];
    const CATEGORY: Category = Category::CropOrFlip;
    const RANGE: Range = Range::NONE;
    const WGSL: &'static str = "";

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        let Size { width, height } = draw.context.size;
        Crop { x: 0, y: 0, width, height, border: Border::Constant, fill: draw.fill }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "x", self.x as f64)?;
        check_finite(Self::NAME, "y", self.y as f64)?;
        check_sides(Self::NAME, self.width, self.height)
    }

    fn output_size(&self, size: Size) -> Result<Size> {
        for (parameter, side, start, length) in
            [("x", size.width, self.x, self.width), ("y", size.height, self.y, self.height)]
        {
            let (side, end) = (side as i64, start + length as i64);
            let outside = (-start).max(end - side);
            if outside > self.border.reach(side) {
                let rule = "lets a mirrored border reach further than the image";
                return Err(Error::Parameter { op: Self::NAME, parameter, value: start as f64, rule });
            }
        }
        Ok(Size { width: self.width, height: self.height })
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        let source = |v: usize, start: i64, length: usize| self.border.source(start + v as i64, length as i64);
        image.redraw(Size { width: self.width, height: self.height }, self.fill, |x, y, pixel| {
            if let (Some(u), Some(v)) = (source(x, self.x, image.width), source(y, self.y, image.height)) {
                pixel.copy_from_slice(image.pixel(u as usize, v as usize));
            }
        })
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Crop(self.clone())
    }
}
