//! MaskMover: the masks of a batch, moved by the plan of its images.

use crate::batch::{RaggedBatch, Size};
use crate::error::Result;
use crate::executor::{Device, Executor};
use crate::output::{Output, Tensor};
use crate::plan::Plan;
use crate::targets::Masks;

/// How masks follow, and the executor that moves them. Masks are moved on the CPU, also if the images are on a GPU: the
/// bytes are the same, and a loss often wants them in another type first.
pub(super) struct MaskMover {
    masks: Masks<u8>,
    executor: Executor,
}

impl MaskMover {
    pub fn new(masks: Masks<u8>) -> Result<Self> {
        Ok(MaskMover { masks, executor: Executor::new(Device::Cpu)? })
    }

    /// The masks behind one another, of these sizes, moved by the plan of their images: N x H x W x 1.
    pub fn apply(&self, plan: &Plan, masks: Vec<u8>, sizes: &[Size]) -> Result<Tensor> {
        let batch = RaggedBatch::packed(masks, sizes, 1)?;
        let (moved, _) = self.executor.apply(&batch, &self.masks.plan(plan)?, &Output::u8())?;
        Ok(moved)
    }
}
