//! Planning: drawing a plan, and turning it into programs, for 256 images. The goal is 0.2 us an image for both under a
//! policy, and 3 us for the weights of a resize. The recipes draw more.
//!
//! `sampling` and `programs` run on one thread and count its CPU time, so that other work on the machine tells less.
//! `threads` has the time on the clock on one and on two threads, which needs two idle cores.
//!
//! Draws are asserted before anything is timed.

use std::hint::black_box;
use std::time::Duration;

use autoaugment::transform::Recipe;
use autoaugment::{Policy, Sampler, Shape, Transform};
use cpu_time::ProcessTime;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// CPU time of the process.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = ProcessTime;
    type Value = Duration;

    fn start(&self) -> ProcessTime {
        ProcessTime::now()
    }

    fn end(&self, start: ProcessTime) -> Duration {
        start.elapsed()
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// A transform with the shape of the images that it is for.
struct Case {
    name: String,
    sampler: Sampler,
    shape: Shape,
}

/// The sample indices of a batch.
fn indices() -> Vec<u64> {
    (0..256).collect()
}

impl Case {
    fn new(name: String, transform: Transform, height: usize, width: usize) -> Self {
        let shape = Shape { images: 256, height, width, channels: 3 };
        Case { name, sampler: Sampler::new(transform, 42).expect("a valid transform"), shape }
    }

    fn all() -> Vec<Case> {
        let policy = |name: &str| Case::new(name.to_string(), Policy::preset(name).expect("a preset").into(), 224, 224);
        let recipe = |recipe: Recipe, policy, height, width| {
            Case::new(format!("{} recipe", recipe.name()), recipe.training().policy(policy).into(), height, width)
        };
        let recipes =
            [recipe(Recipe::ImageNet, Policy::imagenet(), 375, 500), recipe(Recipe::Cifar, Policy::cifar10(), 32, 32)];
        Policy::preset_names().map(policy).chain(recipes).collect()
    }

    fn plan(&self, epoch: u64) -> autoaugment::Plan {
        self.sampler.plan(self.shape, epoch, &indices()).expect("a plan")
    }
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
}

fn sampling(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("sampling");
    group.throughput(Throughput::Elements(256));
    let one = pool(1);
    for case in Case::all() {
        assert_eq!(case.plan(0), case.plan(0));
        assert_ne!(case.plan(0), case.plan(1));
        group.bench_function(&case.name, |b| one.install(|| b.iter(|| black_box(case.plan(black_box(3))))));
    }
    group.finish();
}

/// From plans to programs and dispatches.
#[cfg(feature = "gpu")]
fn programs_of(case: &Case) -> impl FnMut() -> usize + Send {
    use autoaugment::Output;
    use autoaugment::gpu::Planner;
    let (plan, shape, mut planner) = (case.plan(0), case.shape, Planner::default());
    let mut programs = move || planner.programs(&plan, shape, &Output::u8()).expect("programs");
    // 32 words an image or part of one, its steps, its places in the lists of dispatches, and weights.
    let least = 256 * 33;
    let most = if case.name.starts_with("imagenet r") { 200 * least } else { least * 3 / 2 };
    assert!((least..most).contains(&programs()));
    programs
}

#[cfg(feature = "gpu")]
fn programs(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("programs");
    group.throughput(Throughput::Elements(256));
    let one = pool(1);
    for case in Case::all() {
        let mut programs = programs_of(&case);
        group.bench_function(&case.name, |b| one.install(|| b.iter(|| black_box(programs()))));
    }
    group.finish();
}

/// The time on the clock.
fn threads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("threads");
    group.throughput(Throughput::Elements(256));
    for case in Case::all().into_iter().filter(|case| case.name.starts_with("imagenet")) {
        for threads in [1, 2] {
            let pool = pool(threads);
            let id = |what: &str| BenchmarkId::new(format!("{what}/{}", case.name), threads);
            group.bench_function(id("sampling"), |b| pool.install(|| b.iter(|| black_box(case.plan(black_box(3))))));
            #[cfg(feature = "gpu")]
            {
                let mut programs = programs_of(&case);
                group.bench_function(id("programs"), |b| pool.install(|| b.iter(|| black_box(programs()))));
            }
        }
    }
    group.finish();
}

/// Criterion's plots need gnuplot or fonts, which many machines lack; its numbers need neither.
fn without_plots() -> Criterion {
    Criterion::default().without_plots()
}

#[cfg(feature = "gpu")]
criterion_group!(name = on_one; config = without_plots().with_measurement(CpuTime); targets = sampling, programs);
#[cfg(not(feature = "gpu"))]
criterion_group!(name = on_one; config = without_plots().with_measurement(CpuTime); targets = sampling);
criterion_group!(name = on_two; config = without_plots(); targets = threads);
criterion_main!(on_one, on_two);
