//! What the tests of the GPU share: the adapter, and the comparison with the CPU.
#![allow(dead_code)]

#[path = "../batches/mod.rs"]
mod batches;

use autoaugment::gpu::Grouping;
use autoaugment::{Batch, Device, Executor, Gpu, Images, Output, Plan, TensorData};

#[allow(unused_imports)]
pub use batches::{
    EVERY_FORM, aug_mix_of, batch_of, chain_of, differences, drawn, mixtures, nearest, op_of, pairs, random, rgb,
};

/// The adapter, or nothing, loudly; an error where one is required. It runs what a GPU would, even if it is software.
pub fn gpu() -> Option<Gpu> {
    match Gpu::new() {
        Ok(gpu) => {
            eprintln!("on {}", gpu.description());
            Some(gpu.grouping(Grouping::Whole))
        }
        Err(reason) if std::env::var("AUTOAUGMENT_REQUIRE_GPU").is_ok_and(|v| v == "1") => {
            panic!("AUTOAUGMENT_REQUIRE_GPU=1 and {reason}")
        }
        Err(reason) => {
            eprintln!("SKIPPED, no GPU: {reason}");
            None
        }
    }
}

/// What the CPU makes of a batch.
pub fn on_cpu(batch: &Batch<'_>, plan: &Plan, output: &Output) -> TensorData {
    Executor::new(Device::Cpu).unwrap().apply(batch, plan, output).unwrap().0.data
}

/// Runs a plan on the CPU and on the GPU in every form and panics with all differences.
pub fn check_all<'a>(gpu: &Gpu, batch: impl Into<Images<'a>>, plan: &Plan, outputs: &[Output], what: &str) {
    let batch = batch.into();
    let mut shape = None;
    let cpu = Executor::new(Device::Cpu).unwrap();
    let mut failures = Vec::new();
    for output in outputs {
        let (expected, _) = cpu.apply(batch, plan, output).unwrap();
        let (got, _) = gpu.apply(batch, plan, output).unwrap();
        failures.extend(
            differences(expected.shape, plan, &expected.data, &got.data)
                .into_iter()
                .map(|d| format!("{output:?}: {d}")),
        );
        shape = Some(expected.shape);
    }
    let count = failures.len();
    failures.truncate(20);
    assert!(count == 0, "{what} {shape:?}: {count} images differ\n{}", failures.join("\n"));
}
