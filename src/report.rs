//! Report: what one run did, in numbers.

use std::collections::HashSet;

use serde::Serialize;

use crate::ops::{Kind, Needs, Op};
use crate::plan::Plan;

/// What one run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Who ran it: `CPU` or the adapter's name and backend.
    pub device: String,
    /// Images of the batch.
    pub images: usize,
    /// How many different sequences of operations the batch fell into.
    pub groups: usize,
    /// Images whose operations needed statistics of the image.
    pub images_with_statistics: usize,
    /// Compute dispatches; 0 on the CPU.
    pub dispatches: usize,
    /// Pieces the batch was run in because it exceeded the device's limits; 1 if it fits.
    pub chunks: usize,
    /// Bytes of images read by the dispatches, each image once a pass.
    pub bytes_read: u64,
    /// Bytes of images written by the dispatches, intermediate ones included.
    pub bytes_written: u64,
    /// Bytes sent to the device: images, programs, and tables that were not there yet; 0 on the CPU.
    pub bytes_uploaded: u64,
    /// Bytes fetched from the device; 0 on the CPU.
    pub bytes_downloaded: u64,
}

impl Report {
    /// A report with what the plan alone says.
    pub(crate) fn of(device: String, plan: &Plan) -> Self {
        let kinds = |ops: &[Op]| ops.iter().map(Op::kind).collect::<Vec<_>>();
        let groups: HashSet<_> = plan.images().iter().map(|image| kinds(&image.ops)).collect();
        let needs_statistics = |op: &Op| matches!(op.kind().class(), Kind::Point(Needs::Histogram | Needs::Luma));
        let with = plan.images().iter().filter(|image| image.ops.iter().any(needs_statistics));
        Report {
            device,
            images: plan.images().len(),
            groups: groups.len(),
            images_with_statistics: with.count(),
            ..Report::default()
        }
    }
}
