//! Rotate: the image is rotated about its center.

use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use super::{Category, Operation, affine, check_finite};
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::Result;
use crate::interpolation::Interpolation;
use crate::magnitude::Range;

/// Rotates counter-clockwise about `(W / 2, H / 2)` and keeps the size. Multiples of 180 degrees, and of 90 on square
/// images, are exact permutations that ignore interpolation and fill.
///
/// Source: `Image.rotate` of Pillow's `Image.py`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// The angle, counter-clockwise, in degrees.
    pub degrees: f64,
    /// The interpolation between pixels.
    #[serde(default)]
    pub interpolation: Interpolation,
    /// The color outside the image: red, green and blue. Gray images take the first value.
    #[serde(default)]
    pub fill: [u8; 3],
}

impl Operation for Rotate {
    const NAME: &'static str = "Rotate";
    const SUMMARY: &'static str = "turns the image about its center";
    const EXAMPLES: &'static [&'static str] = &[
        "Rotate(degrees=23, interpolation=nearest, fill=[10,200,77])",
        "Rotate(degrees=-30.5, interpolation=bilinear, fill=[0,0,0])",
        "Rotate(degrees=90, interpolation=bicubic, fill=[128,128,128])",
        "Rotate(degrees=-180, interpolation=nearest, fill=[0,0,0])",
    ];
    const CATEGORY: Category = Category::Warp;
    const RANGE: Range = Range::signed(0.0, 30.0);
    const WGSL: &'static str = "";

    fn from_draw(draw: &mut Draw<'_>) -> Self {
        Rotate { degrees: draw.value, interpolation: draw.interpolation, fill: draw.fill }
    }

    fn check(&self) -> Result<()> {
        check_finite(Self::NAME, "degrees", self.degrees)
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        self.affine(image.size()).warp(&image)
    }

    fn lower(&self, size: Size) -> Lowered {
        self.affine(size).lower(size)
    }
}

impl Rotate {
    pub(crate) fn affine(&self, size: Size) -> affine::Affine {
        let degrees = self.degrees.rem_euclid(360.0);
        let square = size.width == size.height;
        let geometry = match degrees {
            0.0 => affine::Geometry::Turns(0),
            90.0 if square => affine::Geometry::Turns(1),
            180.0 => affine::Geometry::Turns(2),
            270.0 if square => affine::Geometry::Turns(3),
            _ => affine::Geometry::Matrix(matrix(degrees, size)),
        };
        affine::Affine { geometry, interpolation: self.interpolation, fill: self.fill }
    }
}

/// The matrix of `Image.rotate` for an angle in 0..360.
///
/// Sine and cosine are rounded to 15 decimals, as in Pillow. The rounding also hides that mathematical libraries differ
/// in the last bit.
fn matrix(degrees: f64, size: Size) -> [f64; 6] {
    let angle = -degrees.to_radians();
    let (cos, sin, minus_sin) = (round15(angle.cos()), round15(angle.sin()), round15(-angle.sin()));
    let (cx, cy) = (size.width as f64 / 2.0, size.height as f64 / 2.0);
    let a2 = cos * -cx + sin * -cy + 0.0 + cx;
    let a5 = minus_sin * -cx + cos * -cy + 0.0 + cy;
    [cos, sin, a2, minus_sin, cos, a5]
}

/// `v`, up to 1 in size, correctly rounded to 15 decimals, the half to even: Python's `round(v, 15)`.
fn round15(v: f64) -> f64 {
    const SCALE: u64 = 1_000_000_000_000_000;
    let bits = v.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as u32;
    let fraction = bits & ((1 << 52) - 1);
    let significand = if exponent == 0 { fraction } else { fraction | 1 << 52 };
    // v = significand / 2^shift, and the product has at most 103 bits.
    let shift = 1075 - exponent.max(1);
    if shift > 120 {
        return 0.0_f64.copysign(v);
    }
    let product = u128::from(significand) * u128::from(SCALE);
    let (whole, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1_u128 << (shift - 1));
    let up = rest > half || rest == half && whole & 1 == 1;
    // Both numbers are exact in `f64`, so that the quotient is the decimal's nearest.
    ((whole as u64 + u64::from(up)) as f64 / SCALE as f64).copysign(v)
}

#[cfg(test)]
mod tests {
    use super::round15;

    /// Formatting rounds correctly, and parsing does.
    #[test]
    fn rounds_as_decimal_text_does() {
        let by_text = |v: f64| format!("{v:.15}").parse::<f64>().unwrap();
        let angles = (0..20_000).map(|i| f64::from(i) * 0.018_37).flat_map(|degrees| {
            let angle = degrees.to_radians();
            [angle.cos(), angle.sin()]
        });
        // Halves, ends, and numbers next to nothing.
        let powers = (0..1074).map(|k| 2.0_f64.powi(-k));
        let halves = (0..2_000).map(|k| f64::from(2 * k + 1) / 65536.0);
        for v in angles.chain(powers).chain(halves).chain([
            0.0,
            1.0,
            1e-16,
            4.9e-16,
            5e-16,
            5.1e-16,
            0.999_999_999_999_999_9,
        ]) {
            for v in [v, -v] {
                assert_eq!(round15(v).to_bits(), by_text(v).to_bits(), "{v:e}");
            }
        }
    }
}
