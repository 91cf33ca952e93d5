//! Mixture: the sum of weighted bytes in `f32`, as NumPy and PyTorch compute it.

/// The sum of bytes, each times its weight. Every product and every sum is rounded by itself, in order. The result is
/// clipped to 0..=255 and truncated.
pub(crate) fn weighted_sum(terms: impl Iterator<Item = (f32, u8)>) -> u8 {
    // `as` saturates, so it clips as well as truncates.
    terms.fold(0.0f32, |sum, (weight, value)| sum + weight * f32::from(value)) as u8
}
