//! Box blur: one pass along one axis, and the box for which three passes are almost a Gaussian.
//!
//! Each value becomes the mean of the values around it. A box that reaches `reach + part` to both sides has
//! `2 reach + 1` values with one weight, and the two values beside them with a smaller weight. Beyond the edges, the
//! outermost value repeats. Weights are whole numbers of 2^-24. A pass gives bytes, so passes cannot be combined.
//!
//! Source: `libImaging/BoxBlur.c`, after Gwosdek et al., "Theoretical foundations of Gaussian convolution by extended
//! box filtering" (SSVM 2011). The box is computed in `f32` there, except a root and a quotient, and here too.

/// Passes along each axis.
pub(crate) const PASSES: usize = 3;
/// Fraction bits of a weight.
pub(crate) const PRECISION: u32 = 24;

/// A box's length and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BoxBlur {
    /// The number of values on each side with the inner weight.
    pub reach: usize,
    pub inner: u32,
    /// The weight of the next value on each side.
    pub outer: u32,
}

impl BoxBlur {
    /// The box for which [`PASSES`] passes have this standard deviation.
    pub fn of_gaussian(deviation: f32) -> Self {
        let variance = deviation * deviation / PASSES as f32;
        let length = (12.0 * f64::from(variance) + 1.0).sqrt() as f32;
        let whole = ((f64::from(length) - 1.0) / 2.0).floor() as f32;
        let next = whole + 1.0;
        let part = (2.0 * whole + 1.0) * (whole * next - 3.0 * variance) / (6.0 * (variance - next * next));
        let reach = (whole + part) as usize;
        let one: u32 = 1 << PRECISION;
        let inner = (one as f32 / ((whole + part) * 2.0 + 1.0)) as u32;
        let outer = one.wrapping_sub((2 * reach as u32 + 1).wrapping_mul(inner)) / 2;
        BoxBlur { reach, inner, outer }
    }

    /// Whether it keeps every value.
    pub fn is_identity(self) -> bool {
        self.reach == 0 && self.outer == 0
    }

    /// The mean as a byte, from the sum of the values with the inner weight and the sum of the two outer values.
    #[inline(always)]
    pub fn mean(self, inside: u32, ends: u32) -> u8 {
        let half = 1 << (PRECISION - 1);
        let sum = inside.wrapping_mul(self.inner).wrapping_add(ends.wrapping_mul(self.outer)).wrapping_add(half);
        (sum >> PRECISION) as u8
    }
}
