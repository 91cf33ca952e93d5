//! Gauss: the normal distribution, from two uniform numbers.

use rand::{Rng, RngExt};

/// A number from the normal distribution, by Box and Muller. It takes two numbers of the stream. Its logarithm and
/// cosine are the same on every machine.
pub(crate) fn gauss(stream: &mut impl Rng, mean: f64, deviation: f64) -> f64 {
    let (u, v): (f64, f64) = (stream.random(), stream.random());
    let radius = (-2.0 * libm::log(1.0 - u)).sqrt();
    mean + deviation * radius * libm::cos(2.0 * std::f64::consts::PI * v)
}
