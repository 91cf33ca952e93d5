//! GaussianBlur: every value becomes a mean of those around it.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation};
use crate::arithmetic::box_blur::{BoxBlur, PASSES};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::magnitude::{Range, Scale, Sign};

/// Three passes of a box blur along each row, then three along each column, with bytes between the passes. The box is
/// chosen so that the passes are almost a Gaussian with this standard deviation. Radius 0 is the image itself.
///
/// The paper has no blur; the range is timm's.
///
/// Source: `ImageFilter.GaussianBlur`; the arithmetic is in `src/arithmetic/box_blur.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianBlur {
    /// The standard deviation in pixels, 0..=128, rounded to `f32` as in Pillow. The limit keeps the sums of a box
    /// within 16 bits.
    pub radius: f64,
}

impl Operation for GaussianBlur {
    const NAME: &'static str = "GaussianBlur";
    const SUMMARY: &'static str = "blurs the image";
    #[rustfmt::skip]
    const EXAMPLES: &'static [&'static str] = &[
        "GaussianBlur(radius=1.3)", "GaussianBlur(radius=0)", "GaussianBlur(radius=0.01)", "GaussianBlur(radius=2)",
        "GaussianBlur(radius=50)", "GaussianBlur(radius=128)",
    ];
    const CATEGORY: Category = Category::Blur;
    const RANGE: Range = Range::of(Scale::Between { from: 0.1, to: 2.0 }, Sign::None);
    const WGSL: &'static str = "";

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        GaussianBlur { radius: draw.value }
    }

    fn check(&self) -> Result<()> {
        if (0.0..=128.0).contains(&self.radius) {
            return Ok(());
        }
        Err(Error::Parameter { op: Self::NAME, parameter: "radius", value: self.radius, rule: "is outside 0..=128" })
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        let blur = BoxBlur::of_gaussian(self.radius as f32);
        let along_rows = (0..PASSES).fold(image, |image, _| pass(&image, blur, [1, 0]));
        (0..PASSES).fold(along_rows, |image, _| pass(&image, blur, [0, 1]))
    }

    fn lower(&self, _: Size) -> Lowered {
        let blur = BoxBlur::of_gaussian(self.radius as f32);
        if blur.is_identity() { Lowered::Copy } else { Lowered::Blur(blur) }
    }
}

/// One pass in the direction of this step.
fn pass(image: &Image, blur: BoxBlur, [across, down]: [isize; 2]) -> Image {
    let reach = blur.reach as isize;
    image.rebuild([0; 3], |x, y, pixel| {
        let tap = |k: isize| {
            let at = |v: usize, length: usize, by| v.saturating_add_signed(by).min(length - 1);
            image.pixel(at(x, image.width, k * across), at(y, image.height, k * down))
        };
        for (c, value) in pixel.iter_mut().enumerate() {
            let inside = (-reach..=reach).map(|k| u32::from(tap(k)[c])).sum();
            let ends = [-reach - 1, reach + 1].map(|k| u32::from(tap(k)[c]));
            *value = blur.mean(inside, ends[0] + ends[1]);
        }
    })
}
