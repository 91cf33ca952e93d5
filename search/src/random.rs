//! Random: orders and a distribution that streams are used for.

use rand::{RngExt, SeedableRng};
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

/// The order of the images of a child, another one in each epoch.
pub(crate) struct Order {
    order: Vec<usize>,
    stream: ChaCha8Rng,
}

impl Order {
    pub fn new(images: usize, seed: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        // The first stream makes the weights.
        stream.set_stream(1);
        Order { order: (0..images).collect(), stream }
    }

    /// That of the next epoch.
    pub fn next_epoch(&mut self) -> &[usize] {
        shuffle(&mut self.order, &mut self.stream);
        &self.order
    }
}
