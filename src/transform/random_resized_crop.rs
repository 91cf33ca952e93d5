//! RandomResizedCrop: a random part of the image at a fixed size.

use serde::{Deserialize, Serialize};

use rand::RngExt;

use super::check_span;
use crate::batch::Size;
use crate::draw::{Context, between};
use crate::error::Result;
use crate::interpolation::Interpolation;
use crate::ops::{self, Border, Op, OpKind, check_sides};
use crate::random::Purpose;
use crate::schemes::Draws;

/// A random part of the image, of random area and proportions, at a fixed size.
///
/// Up to ten times, an area is drawn uniformly from `scale` of the image's area, and the logarithm of width / height
/// uniformly from `ratio`. The first part that fits gets a uniformly drawn place. If none fits, it is the center of the
/// image, cut to the closest allowed proportions. The crop comes before the resize, so that no pixel outside the part
/// has a weight.
///
/// Source: torchvision's `RandomResizedCrop.get_params` (Szegedy et al., arXiv 1409.4842).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomResizedCrop {
    /// Columns afterwards.
    pub width: usize,
    /// Rows afterwards.
    pub height: usize,
    /// The smallest and the largest part of the image's area; usually 0.08 to 1.
    pub scale: [f64; 2],
    /// The smallest and the largest width / height; usually 3/4 to 4/3.
    pub ratio: [f64; 2],
    /// The interpolation between pixels; usually bilinear.
    pub interpolation: Interpolation,
}

impl RandomResizedCrop {
    /// With the usual scale 0.08..1, ratio 3/4..4/3, bilinear.
    pub const fn to(width: usize, height: usize) -> Self {
        let (scale, ratio) = ([0.08, 1.0], [3.0 / 4.0, 4.0 / 3.0]);
        RandomResizedCrop { width, height, scale, ratio, interpolation: Interpolation::Bilinear }
    }

    fn part(&self, context: &Context<'_>) -> (usize, usize, usize, usize) {
        let Size { width, height } = context.size;
        let area = (width * height) as f64;
        let [narrow, wide] = self.ratio;
        let mut stream = context.stream(Purpose::ResizedCrop);
        for _ in 0..10 {
            let target = area * between(self.scale, stream.random());
            let ratio = libm::exp(between([libm::log(narrow), libm::log(wide)], stream.random()));
            let w = (target * ratio).sqrt().round_ties_even() as usize;
            let h = (target / ratio).sqrt().round_ties_even() as usize;
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                let y = stream.random_range(0..=(height - h) as u64) as usize;
                let x = stream.random_range(0..=(width - w) as u64) as usize;
                return (x, y, w, h);
            }
        }
        let (mut w, mut h) = (width, height);
        let ratio = width as f64 / height as f64;
        if ratio < narrow {
            h = (width as f64 / narrow).round_ties_even() as usize;
        } else if ratio > wide {
            w = (height as f64 * wide).round_ties_even() as usize;
        }
        let (w, h) = (w.clamp(1, width), h.clamp(1, height));
        ((width - w) / 2, (height - h) / 2, w, h)
    }
}

impl Draws for RandomResizedCrop {
    fn check(&self) -> Result<()> {
        const NAME: &str = "RandomResizedCrop";
        check_sides(NAME, self.width, self.height)?;
        check_span(NAME, "scale", self.scale, 1.0)?;
        check_span(NAME, "ratio", self.ratio, 1e6)
    }

    fn operations(&self) -> Vec<OpKind> {
        vec![OpKind::Crop, OpKind::Resize]
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        let (x, y, width, height) = self.part(context);
        if (Size { width, height }) != context.size {
            ops.push(
                ops::Crop { x: x as i64, y: y as i64, width, height, border: Border::Constant, fill: [0; 3] }.into(),
            );
        }
        let (width, height, interpolation) = (self.width, self.height, self.interpolation);
        ops.push(ops::Resize { width, height, interpolation, part: None }.into());
        Ok(None)
    }
}
