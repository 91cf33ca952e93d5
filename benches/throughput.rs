//! Throughput: every operation, every policy, and the ways to the device and back, on the CPU and on a GPU.
//!
//! A case's bytes are compared before it is timed. Names are `what/output/where/size`, and criterion takes a part of
//! one as a filter: `cargo bench --bench throughput -- Rotate/u8/gpu`. A GPU case runs on a batch in the device's
//! memory, from the call until the device is done; sending, fetching and round trips are the group `transfers`. What
//! the device alone takes, and how far it is from its limits, `autoaugment bench` measures.
//!
//! Kernels are made for the operations that were seen so far, so every case is preceded by a plan that has all of them:
//! the kernels are then the same whatever the filter leaves out.

#[path = "throughput/case.rs"]
mod case;
#[path = "throughput/check.rs"]
mod check;
#[cfg(feature = "gpu")]
#[path = "throughput/gpu.rs"]
mod gpu;

use std::cell::LazyCell;
use std::hint::black_box;
use std::time::Duration;

use autoaugment::ops::Category;
use autoaugment::{Device, Executor, Layout, Normalize, OpKind, Output, Policy, Tensor};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode};

use case::Case;
#[cfg(feature = "gpu")]
use gpu::Opened;

const SIDES: [usize; 3] = [32, 224, 512];
const OUTPUTS: [Output; 3] =
    [Output::u8(), Output::f32(Layout::Nchw, Normalize::IMAGENET), Output::f16(Layout::Nchw, Normalize::IMAGENET)];

/// What the cases run on.
struct Machine {
    cpu: Executor,
    #[cfg(feature = "gpu")]
    gpu: Option<Opened>,
}

impl Machine {
    fn open() -> Self {
        Machine {
            cpu: Executor::new(Device::Cpu).expect("the CPU"),
            #[cfg(feature = "gpu")]
            gpu: Opened::find(),
        }
    }

    /// Images of a batch: many, but few where the CPU has to do a GPU's work, and so few that large ones fit anywhere.
    fn images(&self, side: usize) -> usize {
        let (most, most_pixels) = if self.has_hardware() { (256, 256 * 224 * 224) } else { (64, 8 * 224 * 224) };
        (most_pixels / (side * side)).clamp(2, most)
    }

    #[cfg(feature = "gpu")]
    fn has_hardware(&self) -> bool {
        self.gpu.as_ref().is_some_and(Opened::is_hardware)
    }

    #[cfg(not(feature = "gpu"))]
    fn has_hardware(&self) -> bool {
        false
    }

    /// Times a case on every device. Its bytes are compared first, where the filter leaves any of it.
    fn bench(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        policy: &Policy,
        side: usize,
        output: Output,
    ) {
        let images = self.images(side);
        let case = LazyCell::new(|| Case::new(policy, images, side, output));
        group.throughput(Case::throughput(images, side, 1 + output.dtype().bytes()));
        let id = |device: &str| BenchmarkId::new(format!("{name}/{}/{device}", output.dtype()), side);
        let is_right = LazyCell::new(|| check::same_bytes_on_cpu(&self.cpu, &case));
        let mut tensor = Tensor::default();
        group.bench_function(id("cpu"), |b| {
            // What is lazy is made before the clock runs.
            LazyCell::force(&is_right);
            let Case { batch, plan, .. } = &*case;
            b.iter(|| self.cpu.apply_into(batch, plan, &output, &mut tensor).expect("the CPU augments"));
        });
        #[cfg(feature = "gpu")]
        if let Some(gpu) = &self.gpu {
            let resident = LazyCell::new(|| {
                gpu.check(&case);
                gpu.resident(&case)
            });
            group.bench_function(id("gpu"), |b| {
                let (resident, case) = (&*resident, &*case);
                b.iter(|| gpu.augment(resident, case));
            });
        }
    }
}

/// Each operation alone, at a magnitude in the middle, as bytes; one of each kind as floats too. Beside them `memcpy`,
/// the same bytes only moved.
fn operations(criterion: &mut Criterion, machine: &Machine) {
    let mut group = group(criterion, "operations");
    for side in SIDES {
        let images = machine.images(side);
        let case = LazyCell::new(|| Case::new(&Case::policy_of(&[OpKind::Identity]), images, side, OUTPUTS[0]));
        let mut copy = Vec::new();
        group.throughput(Case::throughput(images, side, 2));
        group.bench_function(BenchmarkId::new("memcpy/u8/cpu", side), |b| {
            let bytes = case.batch.data();
            copy.resize(bytes.len(), 0);
            b.iter(|| black_box(&mut copy).copy_from_slice(black_box(bytes)));
        });
    }
    let mut kinds: Vec<Category> = Vec::new();
    for &op in OpKind::ALL {
        let policy = Case::policy_of(&[op]);
        for side in SIDES {
            machine.bench(&mut group, op.name(), &policy, side, OUTPUTS[0]);
        }
        if !kinds.contains(&op.category()) {
            kinds.push(op.category());
            for output in &OUTPUTS[1..] {
                machine.bench(&mut group, op.name(), &policy, 224, *output);
            }
        }
    }
    group.finish();
}

fn policies(criterion: &mut Criterion, machine: &Machine) {
    let mut group = group(criterion, "policies");
    for name in Policy::preset_names() {
        let policy = Policy::preset(name).expect("a preset");
        for side in SIDES {
            for output in OUTPUTS {
                machine.bench(&mut group, name, &policy, side, output);
            }
        }
    }
    group.finish();
}

/// The ways to the device and back, and a whole round trip.
#[cfg(feature = "gpu")]
fn transfers(criterion: &mut Criterion, machine: &Machine) {
    let Some(gpu) = &machine.gpu else { return };
    let mut group = group(criterion, "transfers");
    for side in SIDES {
        for output in OUTPUTS {
            let images = machine.images(side);
            let case = LazyCell::new(|| {
                let case = Case::new(&Policy::imagenet(), images, side, output);
                gpu.check(&case);
                case
            });
            let resident = LazyCell::new(|| gpu.resident(&case));
            let id = |what: &str| BenchmarkId::new(format!("{what}/{}", output.dtype()), side);
            group.throughput(Case::throughput(images, side, 1 + output.dtype().bytes()));
            group.bench_function(id("round trip"), |b| {
                let case = &*case;
                b.iter(|| gpu.round_trip(case));
            });
            group.throughput(Case::throughput(images, side, output.dtype().bytes()));
            group.bench_function(id("readback"), |b| {
                let resident = &*resident;
                b.iter(|| gpu.readback(resident));
            });
            if output == OUTPUTS[0] {
                group.throughput(Case::throughput(images, side, 1));
                group.bench_function(id("upload"), |b| {
                    let case = &*case;
                    b.iter(|| gpu.upload(case));
                });
            }
        }
    }
    group.finish();
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).sampling_mode(SamplingMode::Flat).nresamples(2000);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(500));
    group
}

fn main() {
    let mut criterion = Criterion::default().without_plots().configure_from_args();
    let machine = Machine::open();
    operations(&mut criterion, &machine);
    policies(&mut criterion, &machine);
    #[cfg(feature = "gpu")]
    transfers(&mut criterion, &machine);
    criterion.final_summary();
}
