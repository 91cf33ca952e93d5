//! Report: the numbers of one run.

use std::collections::HashSet;

use serde::Serialize;

use crate::ops::{Category, Op, OpKind, RequiredStats};
use crate::plan::{Plan, PlannedImage};

/// The numbers of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The device: `CPU`, or the adapter's name and backend.
    pub device: String,
    /// Images of the batch.
    pub images: usize,
    /// The number of different sequences of operations in the batch.
    pub groups: usize,
    /// Images with operations that needed statistics.
    pub images_with_statistics: usize,
    /// Compute dispatches; 0 on the CPU.
    pub dispatches: usize,
    /// The number of chunks, if the batch exceeds the device's limits; 1 if it fits.
    pub chunks: usize,
    /// Bytes of images read by the dispatches, each image once per pass.
    pub bytes_read: u64,
    /// Bytes of images written by the dispatches, intermediate ones included.
    pub bytes_written: u64,
    /// Bytes uploaded to the device: images, programs and new tables; 0 on the CPU.
    pub bytes_uploaded: u64,
    /// Bytes downloaded from the device; 0 on the CPU.
    pub bytes_downloaded: u64,
}

impl Report {
    /// A report with the numbers that follow from the plan.
    pub(crate) fn of(device: String, plan: &Plan) -> Self {
        let mut groups: HashSet<Vec<OpKind>> = HashSet::new();
        let mut kinds = Vec::new();
        let mut before: Option<&[Op]> = None;
        for image in plan.images() {
            // Neighbors that are alike need no second look.
            if before.is_none_or(|before| before != image.ops) {
                kinds.clear();
                kinds.extend(image.ops.iter().flat_map(Op::with_branches).map(Op::kind));
                if !groups.contains(&kinds) {
                    groups.insert(kinds.clone());
                }
                before = Some(&image.ops);
            }
        }
        let needs_statistics =
            |op: &Op| matches!(op.kind().category(), Category::Point(RequiredStats::Histogram | RequiredStats::Luma));
        let all = |image: &PlannedImage| image.ops.iter().flat_map(Op::with_branches).any(needs_statistics);
        let with = plan.images().iter().filter(|image| all(image));
        Report {
            device,
            images: plan.images().len(),
            groups: groups.len(),
            images_with_statistics: with.count(),
            ..Report::default()
        }
    }

    /// The same with the cost of mixing the images afterwards.
    #[cfg(all(feature = "gpu", feature = "loader"))]
    pub(crate) fn with_mixing(mut self, mixing: &Report) -> Self {
        self.dispatches += mixing.dispatches;
        self.bytes_read += mixing.bytes_read;
        self.bytes_written += mixing.bytes_written;
        self.bytes_uploaded += mixing.bytes_uploaded;
        self
    }
}
