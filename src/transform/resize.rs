//! Resize: another size for the whole image.

use serde::{Deserialize, Serialize};

use crate::batch::Size;
use crate::draw::Context;
use crate::error::Result;
use crate::interpolation::Interpolation;
use crate::ops::{self, Op, OpKind, check_sides};
use crate::schemes::Draws;

/// Another size for the whole image.
///
/// Source: torchvision's `Resize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResizeStage {
    /// The new size.
    pub to: ResizeTo,
    /// The interpolation between pixels; usually bilinear.
    pub interpolation: Interpolation,
}

/// The size that a [`ResizeStage`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResizeTo {
    /// The new shorter side. The longer side keeps the proportions, truncated.
    ShorterSide(usize),
    /// Exactly this width and height. The proportions can change.
    Exactly(usize, usize),
}

impl ResizeStage {
    /// The shorter side becomes `side` pixels; bilinear.
    pub const fn shorter_side(side: usize) -> Self {
        ResizeStage { to: ResizeTo::ShorterSide(side), interpolation: Interpolation::Bilinear }
    }

    /// Exactly this size; bilinear.
    pub const fn exactly(width: usize, height: usize) -> Self {
        ResizeStage { to: ResizeTo::Exactly(width, height), interpolation: Interpolation::Bilinear }
    }
}

impl Draws for ResizeStage {
    fn check(&self) -> Result<()> {
        let (width, height) = match self.to {
            ResizeTo::ShorterSide(side) => (side, side),
            ResizeTo::Exactly(width, height) => (width, height),
        };
        check_sides("Resize", width, height)
    }

    fn operations(&self) -> Vec<OpKind> {
        vec![OpKind::Resize]
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let Size { width, height } = context.size;
        let (width, height) = match self.to {
            ResizeTo::Exactly(width, height) => (width, height),
            ResizeTo::ShorterSide(side) => {
                let longer = |long: usize, short: usize| ((side * long) as f64 / short as f64) as usize;
                if width <= height { (side, longer(height, width)) } else { (longer(width, height), side) }
            }
        };
        check_sides("Resize", width, height)?;
        ops.push(ops::Resize { width, height, interpolation: self.interpolation, part: None }.into());
        Ok(None)
    }
}
