//! Planning: drawing a plan, and turning it into programs, per image. The goal is below 1 us an image for each policy;
//! the recipes draw more, and a resize has the weights of each row and column to compute.
//!
//! Draws are asserted before anything is timed.

use std::hint::black_box;

use autoaugment::transform::Recipe;
use autoaugment::{Policy, Sampler, Shape, Transform};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Transforms with the shape of the images that they are for.
fn transforms() -> Vec<(String, Transform, Shape)> {
    let shape = |height, width| Shape { images: 256, height, width, channels: 3 };
    let policy = |name: &str| (name.to_string(), Policy::preset(name).expect("a preset").into(), shape(224, 224));
    let mut transforms: Vec<_> = Policy::preset_names().map(policy).collect();
    for (recipe, policy, shape) in
        [(Recipe::ImageNet, Policy::imagenet(), shape(375, 500)), (Recipe::Cifar, Policy::cifar10(), shape(32, 32))]
    {
        transforms.push((format!("{} recipe", recipe.name()), recipe.training().policy(policy).into(), shape));
    }
    transforms
}

fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sampling");
    let indices: Vec<u64> = (0..256).collect();
    group.throughput(Throughput::Elements(256));
    for (name, transform, shape) in transforms() {
        let sampler = Sampler::new(transform, 42).expect("a valid transform");
        let draw = |epoch| sampler.plan(shape, epoch, &indices).expect("a plan");
        assert_eq!(draw(0), draw(0));
        assert_ne!(draw(0), draw(1));
        group.bench_function(&name, |b| b.iter(|| black_box(draw(black_box(3)))));
    }
    group.finish();
}

/// From plans to programs and dispatches.
#[cfg(feature = "gpu")]
fn programs(criterion: &mut Criterion) {
    use autoaugment::Output;
    use autoaugment::gpu::Planner;
    let mut group = criterion.benchmark_group("programs");
    let indices: Vec<u64> = (0..256).collect();
    group.throughput(Throughput::Elements(256));
    for (name, transform, shape) in transforms() {
        let sampler = Sampler::new(transform, 42).expect("a valid transform");
        let plan = sampler.plan(shape, 0, &indices).expect("a plan");
        let mut planner = Planner::default();
        let mut programs = || planner.programs(&plan, shape, &Output::u8()).expect("programs");
        // 32 words an image or part of one, its steps, its places in the lists of dispatches, and weights.
        let least = 256 * 33;
        assert!(
            (least..if name.starts_with("imagenet r") { 200 * least } else { least * 3 / 2 }).contains(&programs())
        );
        group.bench_function(&name, |b| b.iter(|| black_box(programs())));
    }
    group.finish();
}

/// Criterion's plots need gnuplot or fonts, which many machines lack; its numbers need neither.
fn without_plots() -> Criterion {
    Criterion::default().without_plots()
}

#[cfg(feature = "gpu")]
criterion_group!(name = benches; config = without_plots(); targets = planning, programs);
#[cfg(not(feature = "gpu"))]
criterion_group!(name = benches; config = without_plots(); targets = planning);
criterion_main!(benches);
