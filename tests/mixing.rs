//! Mixing: torchvision's bits, the GPU against the host, what is drawn, and what is refused.

#[path = "mixing/draws.rs"]
mod draws;
#[cfg(feature = "gpu")]
#[path = "mixing/gpu.rs"]
mod gpu;
#[cfg(feature = "gpu")]
mod gpu_support;
#[path = "mixing/refused.rs"]
mod refused;
#[path = "sampling/statistics.rs"]
mod statistics;
#[path = "mixing/torchvision.rs"]
mod torchvision;

use autoaugment::mixing::{MixPlan, MixedImage, Rectangle};
use autoaugment::{Shape, Size};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Partners anywhere in the batch, lambdas of every size, MixUp and CutMix side by side.
fn any_plan(shape: Shape, seed: u64) -> MixPlan {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let image = |i: usize| {
        let partner = rng.random_range(0..shape.images);
        let lambda = match i % 5 {
            0 => [0.0, 1.0, 0.5, 1e-40, 1.0 - 1e-9][i / 5 % 5],
            1 => rng.random::<f64>().powi(40),
            _ => rng.random(),
        };
        let Size { width, height } = shape.size();
        let [x, y] = [width, height].map(|side| rng.random_range(0..side));
        let rectangle = Rectangle::around(x, y, lambda, shape.size());
        let is_cut = rng.random_range(0..3) == 0;
        MixedImage { index: i as u64, partner, lambda, rectangle: is_cut.then_some(rectangle) }
    };
    MixPlan::new((0..shape.images).map(image).collect())
}
