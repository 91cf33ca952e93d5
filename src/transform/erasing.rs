//! Erasing: a part of the image is filled with one color.

use serde::{Deserialize, Serialize};

use rand::RngExt;

use super::{check_probability, check_span};
use crate::batch::Size;
use crate::draw::{Context, between};
use crate::error::Result;
use crate::ops::{self, Op, OpKind};
use crate::random::Purpose;
use crate::schemes::Draws;

/// A square of fixed side around a uniformly drawn pixel. A part of it can be outside.
///
/// Source: DeVries and Taylor, arXiv 1708.04552.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomCutout {
    /// The side in pixels; 0 keeps images unchanged.
    pub side: u32,
    /// Red, green and blue.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl Draws for RandomCutout {
    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn operations(&self) -> Vec<OpKind> {
        vec![OpKind::Cutout]
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let mut stream = context.stream(Purpose::Cutout);
        let Size { width, height } = context.size;
        let mut corner = |side: usize| stream.random_range(0..side as u64) as i64 - i64::from(self.side / 2);
        let y = corner(height);
        let x = corner(width);
        ops.push(ops::Cutout { x, y, width: self.side, height: self.side, fill: self.fill }.into());
        Ok(None)
    }
}

/// Fills a random rectangle with one color, with some probability.
///
/// Up to ten times, an area is drawn uniformly from `scale` of the image's area, and the logarithm of height / width
/// uniformly from `ratio`. The first rectangle that is smaller than the image gets a uniformly drawn place. If none of
/// the ten is smaller, no rectangle is erased.
///
/// torchvision erases after normalization, with 0, which is the mean color. Here the bytes are erased, before
/// normalization. The drawn operation is an [`ops::Cutout`], which also fills a rectangle.
///
/// Source: torchvision's `RandomErasing` (Zhong et al., arXiv 1708.04896).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomErasing {
    /// 0 (never) to 1 (always).
    pub probability: f64,
    /// The smallest and the largest part of the image's area.
    pub scale: [f64; 2],
    /// The smallest and the largest height / width.
    pub ratio: [f64; 2],
    /// Red, green and blue.
    pub fill: [u8; 3],
}

impl Default for RandomErasing {
    /// torchvision's: probability 0.5, scale 0.02..0.33, ratio 0.3..3.3, black.
    fn default() -> Self {
        RandomErasing { probability: 0.5, scale: [0.02, 0.33], ratio: [0.3, 3.3], fill: [0; 3] }
    }
}

impl Draws for RandomErasing {
    fn check(&self) -> Result<()> {
        const NAME: &str = "RandomErasing";
        check_probability(NAME, self.probability)?;
        check_span(NAME, "scale", self.scale, 1.0)?;
        check_span(NAME, "ratio", self.ratio, 1e6)
    }

    fn operations(&self) -> Vec<OpKind> {
        vec![OpKind::Cutout]
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let mut stream = context.stream(Purpose::Erasing);
        if stream.random::<f64>() >= self.probability {
            return Ok(None);
        }
        let Size { width, height } = context.size;
        let area = (width * height) as f64;
        let logarithms = self.ratio.map(libm::log);
        for _ in 0..10 {
            let target = area * between(self.scale, stream.random());
            let ratio = libm::exp(between(logarithms, stream.random()));
            let h = (target * ratio).sqrt().round_ties_even() as usize;
            let w = (target / ratio).sqrt().round_ties_even() as usize;
            if h < height && w < width {
                let y = stream.random_range(0..=(height - h) as u64) as i64;
                let x = stream.random_range(0..=(width - w) as u64) as i64;
                ops.push(ops::Cutout { x, y, width: w as u32, height: h as u32, fill: self.fill }.into());
                return Ok(None);
            }
        }
        Ok(None)
    }
}
