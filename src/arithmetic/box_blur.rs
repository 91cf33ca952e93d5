//! Box blur: one pass of it along one axis, and the box that makes three passes almost a Gaussian.
//!
//! Each value becomes the mean of those around it. The box that wants to be `reach + part` long to both sides has
//! `2 reach + 1` values with one weight and the two beside them with a smaller one; beyond the edges the outermost value goes on.
//! Weights are whole numbers of 2^-24, and what a pass makes are bytes: passes cannot be summed up.
//!
//! Source: `libImaging/BoxBlur.c`, after Gwosdek et al., "Theoretical foundations of Gaussian convolution by extended box
//! filtering" (SSVM 2011). The box is computed in `f32` there, but for a root and a quotient, and so it is here.

/// Passes along each axis.
pub(crate) const PASSES: usize = 3;
/// Fraction bits of a weight.
pub(crate) const PRECISION: u32 = 24;

/// A box's length and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BoxBlur {
    /// How many values to each side have the inner weight.
    pub reach: usize,
    pub inner: u32,
    /// The weight of the values behind those.
    pub outer: u32,
}

impl BoxBlur {
    /// The box of which [`PASSES`] passes have this standard deviation.
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

    /// Whether it leaves every value alone.
    pub fn is_identity(self) -> bool {
        self.reach == 0 && self.outer == 0
    }

    /// The mean as a byte: of the sum of all values with the inner weight, and the sum of the two outer ones.
    #[inline(always)]
    pub fn mean(self, inside: u32, ends: u32) -> u8 {
        let half = 1 << (PRECISION - 1);
        let sum = inside.wrapping_mul(self.inner).wrapping_add(ends.wrapping_mul(self.outer)).wrapping_add(half);
        (sum >> PRECISION) as u8
    }
}
