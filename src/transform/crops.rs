//! Crops of a fixed size: the center of the image, or a random part of the padded image.

use serde::{Deserialize, Serialize};

use rand::RngExt;

use crate::batch::Size;
use crate::draw::Context;
use crate::error::{Error, Result};
use crate::ops::{self, Border, Op, OpKind, check_sides};
use crate::random::Purpose;
use crate::schemes::Draws;

/// The center of the image.
///
/// Source: torchvision's `CenterCrop`, which pads an image that is smaller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CenterCrop {
    /// Columns afterwards.
    pub width: usize,
    /// Rows afterwards.
    pub height: usize,
    /// The color around a smaller image: red, green and blue.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl Draws for CenterCrop {
    fn check(&self) -> Result<()> {
        check_sides("CenterCrop", self.width, self.height)
    }

    fn operations(&self) -> Vec<OpKind> {
        vec![OpKind::Crop]
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        // Half a pixel goes to the even side where there is too much, and to the right where there is too little.
        let start = |side: usize, length: usize| match side.checked_sub(length) {
            Some(surplus) => (surplus as f64 / 2.0).round_ties_even() as i64,
            None => -(((length - side) / 2) as i64),
        };
        let Size { width, height } = context.size;
        let (x, y) = (start(width, self.width), start(height, self.height));
        ops.push(
            ops::Crop { x, y, width: self.width, height: self.height, border: Border::Constant, fill: self.fill }
                .into(),
        );
        Ok(None)
    }
}

/// A random part of the padded image, drawn uniformly.
///
/// Source: torchvision's `RandomCrop`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomCrop {
    /// Columns afterwards.
    pub width: usize,
    /// Rows afterwards.
    pub height: usize,
    /// The pixels of padding on all four sides.
    #[serde(default)]
    pub padding: usize,
    /// The kind of padding.
    #[serde(default)]
    pub border: Border,
    /// Red, green and blue of constant padding.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl RandomCrop {
    /// Padded with black.
    pub const fn padded(width: usize, height: usize, padding: usize) -> Self {
        RandomCrop { width, height, padding, border: Border::Constant, fill: [0; 3] }
    }
}

impl Draws for RandomCrop {
    fn check(&self) -> Result<()> {
        check_sides("RandomCrop", self.width, self.height)?;
        if self.padding > 32767 {
            let (op, rule) = ("RandomCrop", "is outside 0..=32767");
            return Err(Error::Parameter { op, parameter: "padding", value: self.padding as f64, rule });
        }
        Ok(())
    }

    fn operations(&self) -> Vec<OpKind> {
        vec![OpKind::Crop]
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let mut stream = context.stream(Purpose::Crop);
        let mut start = |parameter, side: usize, length: usize| {
            let Some(room) = (side + 2 * self.padding).checked_sub(length) else {
                let rule = "is more than the padded image has";
                return Err(Error::Parameter { op: "RandomCrop", parameter, value: length as f64, rule });
            };
            Ok(stream.random_range(0..=room as u64) as i64 - self.padding as i64)
        };
        let y = start("height", context.size.height, self.height)?;
        let x = start("width", context.size.width, self.width)?;
        ops.push(
            ops::Crop { x, y, width: self.width, height: self.height, border: self.border, fill: self.fill }.into(),
        );
        Ok(None)
    }
}
