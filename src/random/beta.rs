//! Beta: the distribution of lambda, from two uniform numbers.

use std::f64::consts::TAU;

/// A number from Beta(alpha, alpha), from two numbers of 0..1.
///
/// Let T come from Student's distribution with 2 alpha degrees of freedom. Then `(1 + T / sqrt(2 alpha + T²)) / 2` is
/// from Beta(alpha, alpha). Bailey's polar method makes T from two uniform numbers:
/// `T² = 2 alpha (u^(-1 / alpha) - 1) cos²(2 pi v)`, with the sign of the cosine. It rejects no number, so each image
/// takes two numbers of its stream for every alpha.
///
/// Source: Bailey, Mathematics of Computation 62 (1994), pages 779-781; Devroye, WSC 1996.
pub(crate) fn symmetric(alpha: f64, u: f64, v: f64) -> f64 {
    let cos = libm::cos(TAU * v);
    // T² / (2 alpha).
    let t = libm::expm1(-libm::log(u) / alpha) * (cos * cos);
    // (1 - sqrt(t / (1 + t))) / 2 without canceling: how far it is from the end that it is closer to.
    let from_end = 0.5 / (1.0 + t + (t * (1.0 + t)).sqrt());
    if cos < 0.0 { from_end } else { 1.0 - from_end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_within_the_range() {
        for alpha in [1e-300, 1e-3, 0.2, 1.0, 8.0, 1e20, 1e300] {
            for u in [0.0, f64::MIN_POSITIVE, 0.5f64.powi(53), 0.3, 1.0 - f64::EPSILON / 2.0] {
                for v in [0.0, 0.25, 0.5, 0.75, 1.0 - f64::EPSILON / 2.0] {
                    let value = symmetric(alpha, u, v);
                    assert!((0.0..=1.0).contains(&value), "{value} of {alpha}, {u}, {v}");
                }
            }
        }
        // The smaller alpha is, the closer to the ends; the larger, the closer to the middle.
        assert!(symmetric(1e-3, 0.3, 0.1) > 1.0 - 1e-9 && symmetric(1e-3, 0.3, 0.4) < 1e-9);
        assert!((symmetric(1e20, 0.3, 0.1) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn known_values() {
        // Beta(1/2, 1/2) is the law of `(1 + C) / 2` for the cosine C of a uniform angle. Here T is Cauchy's, and its
        // angle is uniform again.
        let (u, v) = (0.36f64, 0.125f64);
        let t = (u.powi(-2) - 1.0) * 0.5;
        let expected = 0.5 + 0.5 * (t / (1.0 + t)).sqrt();
        assert!((symmetric(0.5, u, v) - expected).abs() < 1e-15);
        assert!((symmetric(0.5, u, v + 0.5) - (1.0 - expected)).abs() < 1e-15);
    }
}
