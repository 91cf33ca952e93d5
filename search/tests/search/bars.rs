//! Images that a small network can tell apart.

use autoaugment_search::Images;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Images of bars in noise. The class says how the bar lies.
pub fn bars(count: usize, channels: usize, seed: u64) -> Images {
    let mut stream = ChaCha8Rng::seed_from_u64(seed);
    let (side, classes) = (16, 4);
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for image in 0..count {
        let class = image % classes;
        let place = stream.random_range(4..12);
        for y in 0..side {
            for x in 0..side {
                let is_bar = match class {
                    0 => y == place,
                    1 => x == place,
                    2 => x == y,
                    _ => x + y == side - 1,
                };
                for _ in 0..channels {
                    let noise: u8 = stream.random_range(0..120);
                    pixels.push(noise + if is_bar { 100 } else { 0 });
                }
            }
        }
        labels.push(class as u32);
    }
    Images::new(pixels, labels, side, channels, classes).unwrap()
}
