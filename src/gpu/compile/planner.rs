//! Planner: the host's work for a batch, without a device.

use super::WORKGROUP_MEMORY;
use super::commands::{Chunk, Commands, Prepared, WholeBatch};
use super::grouping::Grouping;
use super::schedule::Sources;
use super::tables::Tables;
use crate::batch::{Layout, Placement, Shape};
use crate::error::Result;
use crate::output::Output;
use crate::plan::Plan;

/// Makes programs without a device, for benchmarks.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Planner(Tables);

impl Planner {
    /// Does the host's work for a batch, except drawing and submitting. Returns the number of words of its programs.
    ///
    /// # Errors
    /// Those of [`Gpu::apply`](crate::Gpu::apply).
    pub fn programs(&mut self, plan: &Plan, shape: Shape, output: &Output) -> Result<usize> {
        let placed = Placement::uniform(shape, Layout::Nhwc);
        let sources: Vec<u32> = (0..shape.images).map(|i| placed.range(i).start as u32).collect();
        let shape = placed.shape(plan.check(shape)?);
        let prepared = Prepared::new(plan, &placed, output, &mut self.0)?;
        let whole =
            WholeBatch { prepared: &prepared, shape, layout: Layout::Nhwc, output, operations: plan.operations() };
        let places = Sources { images: &sources, partners: &|partner| sources[partner] };
        let chunk = Chunk::of(&whole, 0..sources.len(), places, 0);
        Ok(Commands::of(&chunk, Grouping::ByClass, WORKGROUP_MEMORY)?.programs.len())
    }
}
