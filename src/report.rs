//! Report: the numbers of one run.

use std::collections::HashSet;

use serde::Serialize;

use crate::ops::{Category, Op, OpKind, RequiredStats};
use crate::plan::Plan;

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
        // Numbers are sorted in far less time than lists are hashed. Only long chains are lists.
        let (mut short, mut long) = (Vec::with_capacity(plan.images().len()), HashSet::new());
        let mut with_statistics = 0;
        for image in plan.images() {
            let (mut number, mut needs_statistics) = (Some(0), false);
            for op in &image.ops {
                for kind in op.with_branches().map(Op::kind) {
                    number = number.and_then(|number| followed_by(number, kind));
                    needs_statistics |= needs(kind);
                }
            }
            match number {
                Some(number) => short.push(number),
                None => {
                    long.insert(image.ops.iter().flat_map(Op::with_branches).map(Op::kind).collect::<Vec<_>>());
                }
            }
            with_statistics += usize::from(needs_statistics);
        }
        short.sort_unstable();
        short.dedup();
        Report {
            device,
            images: plan.images().len(),
            groups: short.len() + long.len(),
            images_with_statistics: with_statistics,
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

/// Bits of an operation in the number of a sequence.
const BITS: u32 = 5;

/// The number of a sequence of operations with one more, as far as it fits. Each sequence has its own.
fn followed_by(number: u64, kind: OpKind) -> Option<u64> {
    const { assert!(OpKind::RANGES.len() < 1 << BITS) };
    (number >> (u64::BITS - BITS) == 0).then(|| number << BITS | (kind as u64 + 1))
}

/// Whether an operation needs statistics.
fn needs(kind: OpKind) -> bool {
    matches!(kind.category(), Category::Point(RequiredStats::Histogram | RequiredStats::Luma))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PlannedImage;

    #[test]
    fn groups_are_different_sequences_of_any_length() {
        let chain = |count: usize, last: &str| {
            let ops = (0..count).map(|_| "Invert".parse().unwrap()).chain([last.parse().unwrap()]).collect();
            PlannedImage { ops, ..PlannedImage::default() }
        };
        let chains = || (0..40).flat_map(|count| ["Invert", "Identity", "Equalize"].map(|last| chain(count, last)));
        let mut images: Vec<_> = chains().chain(chains()).collect();
        images.push(PlannedImage::default());
        let report = Report::of(String::new(), &Plan::new(images));
        assert_eq!((report.images, report.groups, report.images_with_statistics), (241, 121, 80));
    }
}
