//! Dirichlet: weights that add up to 1, as AugMix draws them.

use rand::{Rng, RngExt};

use super::gauss::gauss;

/// `n` weights from the symmetric Dirichlet distribution: independent numbers from Gamma(alpha, 1), each divided by
/// their sum.
///
/// It works with logarithms. With a small alpha, all weights but one vanish, and they still add up to 1. Logarithms,
/// exponentials and cosines are libm's, the same on every machine.
pub(crate) fn dirichlet(stream: &mut impl Rng, alpha: f64, n: usize) -> Vec<f64> {
    let mut weights: Vec<f64> = (0..n).map(|_| log_gamma(stream, alpha)).collect();
    let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    weights.iter_mut().for_each(|weight| *weight = libm::exp(*weight - largest));
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

/// The logarithm of a number from Gamma(alpha, 1). That is one from Gamma(alpha + 1, 1) times a uniform number to the
/// power of 1 / alpha.
///
/// Source: Marsaglia and Tsang, ACM Transactions on Mathematical Software 26 (2000), pages 363-372.
fn log_gamma(stream: &mut impl Rng, alpha: f64) -> f64 {
    let d = alpha + 1.0 - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = gauss(stream, 0.0, 1.0);
        let root = 1.0 + c * x;
        let log_u = log_uniform(stream);
        let log_v = 3.0 * libm::log(root);
        // No logarithm, no acceptance.
        if root > 0.0 && log_u < 0.5 * x * x + d - d * root * root * root + d * log_v {
            return libm::log(d) + log_v + log_uniform(stream) / alpha;
        }
    }
}

/// The logarithm of a number above 0 and up to 1.
fn log_uniform(stream: &mut impl Rng) -> f64 {
    libm::log(1.0 - stream.random::<f64>())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Mean and variance of a weight are 1 / n and (n - 1) / (n² (n alpha + 1)).
    #[test]
    fn weights_have_the_moments_of_the_distribution() {
        let mut stream = ChaCha8Rng::seed_from_u64(1);
        for alpha in [0.1, 0.5, 1.0, 3.0, 50.0] {
            for n in [2, 3, 5] {
                let draws: Vec<Vec<f64>> = (0..20_000).map(|_| dirichlet(&mut stream, alpha, n)).collect();
                let count = draws.len() as f64;
                assert!(draws.iter().all(|w| (w.iter().sum::<f64>() - 1.0).abs() < 1e-12));
                let m = n as f64;
                let variance = (m - 1.0) / (m * m * (m * alpha + 1.0));
                for i in 0..n {
                    let mean = draws.iter().map(|w| w[i]).sum::<f64>() / count;
                    let spread = draws.iter().map(|w| (w[i] - 1.0 / m).powi(2)).sum::<f64>() / count;
                    assert!((mean - 1.0 / m).abs() < 5.0 * (variance / count).sqrt(), "{alpha} {n}: mean {mean}");
                    assert!((spread / variance - 1.0).abs() < 0.1, "{alpha} {n}: variance {spread} for {variance}");
                }
            }
        }
    }

    #[test]
    fn the_ends_of_alpha_are_fine() {
        let mut stream = ChaCha8Rng::seed_from_u64(2);
        for _ in 0..1000 {
            let [one, even] = [1e-6, 1e6].map(|alpha| dirichlet(&mut stream, alpha, 3));
            assert!(one.iter().any(|&w| w > 0.999), "{one:?}");
            assert!(even.iter().all(|w| (w - 1.0 / 3.0).abs() < 0.01), "{even:?}");
        }
    }
}
