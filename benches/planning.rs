//! Planning: drawing a plan, and turning it into programs, per image. The goal is below 1 us an image for each.
//!
//! Draws are asserted before anything is timed.

use std::hint::black_box;

use autoaugment::{Policy, Sampler, Shape};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sampling");
    let shape = Shape { images: 256, height: 224, width: 224, channels: 3 };
    let indices: Vec<u64> = (0..256).collect();
    group.throughput(Throughput::Elements(256));
    for name in Policy::preset_names() {
        let sampler = Sampler::new(Policy::preset(name).expect("a preset"), 42).expect("a valid policy");
        let draw = |epoch| sampler.plan(shape, epoch, &indices).expect("a plan");
        assert_eq!(draw(0), draw(0));
        assert_ne!(draw(0), draw(1));
        group.bench_function(name, |b| b.iter(|| black_box(draw(black_box(3)))));
    }
    group.finish();
}

/// From plans to programs and dispatches.
#[cfg(feature = "gpu")]
fn programs(criterion: &mut Criterion) {
    use autoaugment::Output;
    use autoaugment::gpu::Planner;
    let mut group = criterion.benchmark_group("programs");
    let shape = Shape { images: 256, height: 224, width: 224, channels: 3 };
    let indices: Vec<u64> = (0..256).collect();
    group.throughput(Throughput::Elements(256));
    for name in Policy::preset_names() {
        let sampler = Sampler::new(Policy::preset(name).expect("a preset"), 42).expect("a valid policy");
        let plan = sampler.plan(shape, 0, &indices).expect("a plan");
        let mut planner = Planner::default();
        let mut programs = || planner.programs(&plan, shape, &Output::u8()).expect("programs");
        // 24 words an image, its steps, and its places in the lists of dispatches.
        assert!((256 * 25..256 * 40).contains(&programs()));
        group.bench_function(name, |b| b.iter(|| black_box(programs())));
    }
    group.finish();
}

#[cfg(feature = "gpu")]
criterion_group!(benches, planning, programs);
#[cfg(not(feature = "gpu"))]
criterion_group!(benches, planning);
criterion_main!(benches);
