//! Random: an order and a distribution that streams are used for.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Fisher and Yates's shuffle.
pub(crate) fn shuffle<T>(values: &mut [T], stream: &mut ChaCha8Rng) {
    for last in (1..values.len()).rev() {
        values.swap(last, stream.random_range(0..=last));
    }
}

/// A number of the normal distribution (Box and Muller's method).
pub(crate) fn gauss(stream: &mut ChaCha8Rng) -> f64 {
    let (radius, angle): (f64, f64) = (stream.random(), stream.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}
