//! Case: a batch, and a plan for it.

use autoaugment::{Batch, Convention, Layout, OpKind, Output, Plan, Policy, Sampler, Shape, Step, SubPolicy};
use criterion::Throughput;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub struct Case {
    pub batch: Batch<'static>,
    pub plan: Plan,
    pub output: Output,
}

impl Case {
    /// Draws a plan.
    pub fn new(policy: &Policy, images: usize, side: usize, output: Output) -> Self {
        let shape = Shape { images, height: side, width: side, channels: 3 };
        let samples: Vec<u64> = (0..images as u64).collect();
        let sampler = Sampler::new(policy.clone(), 42).expect("a valid policy");
        let plan = sampler.plan(shape, 0, &samples).expect("a plan");
        Case { batch: pictures(shape), plan, output }
    }

    /// These operations one after the other, always, at a magnitude in the middle.
    pub fn policy_of(ops: &[OpKind]) -> Policy {
        let convention = Convention::Torchvision;
        let magnitude = f64::from(convention.last_magnitude() / 2);
        let steps = ops.iter().map(|&op| Step { op, probability: 1.0, magnitude }).collect();
        Policy::new(convention, vec![SubPolicy { steps }]).expect("a valid policy")
    }

    /// Images, and as many bytes of each of their values.
    pub fn throughput(images: usize, side: usize, bytes: usize) -> Throughput {
        let bytes = (images * side * side * 3 * bytes) as u64;
        Throughput::ElementsAndBytes { elements: images as u64, bytes }
    }
}

/// Gradients with noise, so that no histogram is flat and no two images are equal.
fn pictures(shape: Shape) -> Batch<'static> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut data = Vec::with_capacity(shape.values());
    for _ in 0..shape.images {
        let [low, across, down, tint]: [usize; 4] = std::array::from_fn(|_| rng.random_range(8..80));
        for y in 0..shape.height {
            for x in 0..shape.width {
                let light = low + across * x / shape.width + down * y / shape.height;
                let grain: u32 = rng.random();
                data.extend([0, 1, 2].map(|c| (light + c * tint / 4 + (grain >> (8 * c) & 15) as usize) as u8));
            }
        }
    }
    Batch::new(data, shape, Layout::Nhwc).expect("a batch")
}
