//! Planning: drawing a plan, and turning it into programs, per image. The goal is below 1 us an image for each.
//!
//! Draws are asserted before anything is timed. Programs are timed through whole runs of 1 x 1 images on the CPU's side of
//! the GPU executor only where there is an adapter, so what is printed for them includes recording and submitting.

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

criterion_group!(benches, planning);
criterion_main!(benches);
