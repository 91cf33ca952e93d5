//! Cutout: a rectangle is filled with one color.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation, check_finite};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::Result;
use crate::magnitude::Range;

/// Fills columns `x..x + width` of rows `y..y + height`, as far as they are inside the image.
///
/// A draw gives a square whose side is the magnitude's value, around a uniformly drawn pixel (DeVries and Taylor, arXiv
/// 1708.04552). A part of the square may be outside. The paper's range 0..=60 is for images of 331 pixels. It is scaled
/// with the shorter side, as translations are.
///
/// Source: the Cutout paper; `ImageDraw.rectangle` paints the same pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cutout {
    /// The leftmost column; may be negative.
    pub x: i64,
    /// The uppermost row; may be negative.
    pub y: i64,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green and blue. Gray images take the first value.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl Operation for Cutout {
    const NAME: &'static str = "Cutout";
    const SUMMARY: &'static str = "fills a square with one color";
    const EXAMPLES: &'static [&'static str] = &[
        "Cutout(x=8, y=10, width=5, height=7, fill=[10,200,77])",
        "Cutout(x=-3, y=-2, width=5, height=4, fill=[0,0,0])",
        "Cutout(x=1, y=1, width=0, height=4, fill=[128,128,128])",
    ];
    const CATEGORY: Category = Category::Mask;
    const RANGE: Range = Range::unsigned(0.0, 60.0 / 331.0).of_shorter_side().whole();
    const WGSL: &'static str = include_str!("../../shaders/ops/cutout.wgsl");

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        let side = draw.value as u32;
        let (x, y) = draw.point();
        let corner = |center: usize| center as i64 - i64::from(side / 2);
        Cutout { x: corner(x), y: corner(y), width: side, height: side, fill: draw.fill }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "x", self.x as f64)?;
        check_finite(Self::NAME, "y", self.y as f64)
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        let [left, top, right, bottom] = self.corners(image.size());
        image.rebuild(self.fill, |x, y, pixel| {
            if !((left..right).contains(&x) && (top..bottom).contains(&y)) {
                pixel.copy_from_slice(image.pixel(x, y));
            }
        })
    }

    fn lower(&self, size: Size) -> Lowered {
        let [left, top, right, bottom] = self.corners(size).map(|v| v as u32);
        match left < right && top < bottom {
            true => Lowered::Mask { left, top, right, bottom, fill: self.fill },
            false => Lowered::Copy,
        }
    }
}

impl Cutout {
    /// Left, top, right and bottom of the part inside the image. Right and bottom are the first ones outside.
    fn corners(&self, size: Size) -> [usize; 4] {
        let clip = |v: i64, length: usize| v.clamp(0, length as i64) as usize;
        [
            clip(self.x, size.width),
            clip(self.y, size.height),
            clip(self.x.saturating_add(i64::from(self.width)), size.width),
            clip(self.y.saturating_add(i64::from(self.height)), size.height),
        ]
    }
}
