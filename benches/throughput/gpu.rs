//! The GPU, and what is timed on it.

use std::hint::black_box;

use autoaugment::{Gpu, GpuBatch, OpKind, Output, Tensor};

use crate::case::Case;
use crate::check;

pub struct Opened(Gpu);

/// Batches in the device's memory.
pub struct Resident {
    images: GpuBatch,
    results: GpuBatch,
}

impl Opened {
    /// The best adapter, or nothing, loudly; an error where one is required.
    pub fn find() -> Option<Self> {
        let gpu = match Gpu::new() {
            Ok(gpu) => gpu,
            Err(reason) if std::env::var("AUTOAUGMENT_REQUIRE_GPU").is_ok_and(|v| v == "1") => {
                panic!("AUTOAUGMENT_REQUIRE_GPU=1 and {reason}")
            }
            Err(reason) => {
                eprintln!("SKIPPED, no GPU: {reason}");
                return None;
            }
        };
        eprintln!("on {}", gpu.description());
        let gpu = Opened(gpu);
        gpu.round_trip(&Case::new(&Case::policy_of(OpKind::ALL), 2, 8, Output::u8()));
        Some(gpu)
    }

    pub fn is_hardware(&self) -> bool {
        !self.0.adapter().is_software
    }

    /// Sends the images, and makes room for the results by augmenting them once.
    pub fn resident(&self, case: &Case) -> Resident {
        let images = self.upload(case);
        let (results, _) = self.0.apply_resident(&images, &case.plan, &case.output).expect("the GPU augments");
        self.wait();
        Resident { images, results }
    }

    pub fn augment(&self, resident: &Resident, case: &Case) {
        let Resident { images, results } = resident;
        self.0.apply_into(images, &case.plan, &case.output, results.buffer(), 0).expect("the GPU augments");
        self.wait();
    }

    pub fn round_trip(&self, case: &Case) -> Tensor {
        self.0.apply(&case.batch, &case.plan, &case.output).expect("the GPU augments").0
    }

    pub fn readback(&self, resident: &Resident) -> Tensor {
        black_box(self.0.download(&resident.results).expect("the GPU has results"))
    }

    /// Sends the images, and waits until they are there.
    pub fn upload(&self, case: &Case) -> GpuBatch {
        let images = self.0.upload(&case.batch).expect("the GPU has room");
        // What is written to a buffer goes with the next submission.
        self.0.queue().submit([]);
        self.wait();
        images
    }

    pub fn check(&self, case: &Case) {
        let expected = check::expected(case);
        check::same_bytes(&expected, &self.round_trip(case), "a round trip", case);
        check::same_bytes(&expected, &self.readback(&self.resident(case)), "a resident batch", case);
    }

    fn wait(&self) {
        self.0.device().poll(wgpu::PollType::wait_indefinitely()).expect("the GPU gets done");
    }
}
