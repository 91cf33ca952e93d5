//! Memory: the bytes of a batch on the device, before it runs.

use serde::Serialize;

use super::Gpu;
use super::compile::ALIGNMENT;
use super::compile::chunks::chunks;
use super::compile::commands::{Chunk, InTables, PARAMETERS_STRIDE, Prepared, WholeBatch};
use super::compile::host::one_after_the_other;
use super::compile::program::{Segment, segments_of_all};
use super::compile::schedule::Sources;
use super::device::device_tables::FIRST_TABLES;
use super::device::staging::SHARE;
#[cfg(not(target_arch = "wasm32"))]
use super::device::waiting::block_on;
use crate::batch::{Placement, Size, Sizes, check_channels};
use crate::error::Result;
use crate::output::Output;
use crate::plan::Plan;

/// The bytes of each kind of buffer for a batch, or for its largest chunk if it exceeds the device's limits; see
/// [`Gpu::estimate_memory`](crate::Gpu::estimate_memory).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MemoryEstimate {
    /// The programs of the images, and the parameters of the dispatches. A segment of an image takes about 150 bytes,
    /// and more with a resize or an interpolated warp. Most images have one segment. AugMix has at least one per
    /// branch, and one more.
    pub programs: u64,
    /// 3,088 for each segment with statistics.
    pub statistics: u64,
    /// 4 for each pixel that is stored between two segments of a chain, at its largest, in both buffers. The same for
    /// each branch of AugMix.
    pub stored: u64,
    /// The images.
    pub images: u64,
    /// The results.
    pub results: u64,
    /// The tables of kernels, for this plan and earlier ones: at most 8 MiB, unless this plan alone has about 4,000
    /// different blends.
    pub tables: u64,
}

impl MemoryEstimate {
    /// The most bytes held for such a batch from host memory to host memory, while one batch is under way:
    ///
    /// 2 tables + 3/2 (programs + statistics + stored) + 5/4 (images + results) + 2 x 25/16 (programs + images) + 2 x
    /// 5/4 results
    ///
    /// The tables have at least 256 KiB. The last two terms are memory that the host sees. There are 2 upload slots, of
    /// at least 25/16 of the tables or of 1 MiB of them, and room to download 2 chunks. A batch of one chunk has room
    /// for one only, and so has each further started batch. The factors leave room for different draws. Consecutive
    /// batches share all of it. Each thread that runs batches at the same time has its own.
    pub fn through_host(&self) -> u64 {
        let fetched = 2 * 5 * self.results / 4;
        self.drawn() + 5 * (self.images + self.results) / 4 + self.slots(self.programs + self.images) + fetched + SLACK
    }

    /// The most bytes held for such a batch from your memory on the device to your memory on the device:
    ///
    /// 2 tables + 3/2 (programs + statistics + stored) + 2 x 25/16 programs
    ///
    /// with the same smallest sizes.
    pub fn on_device(&self) -> u64 {
        self.drawn() + self.slots(self.programs) + SLACK
    }

    /// The upload slots for such bytes. Smaller slots still count as much as wgpu stages of the tables at a time.
    fn slots(&self, bytes: u64) -> u64 {
        2 * 25 * bytes.max(self.tables.min(SHARE as u64)) / 16
    }

    fn drawn(&self) -> u64 {
        (2 * self.tables).max(FIRST_TABLES) + 3 * (self.programs + self.statistics + self.stored) / 2
    }

    /// The larger of each.
    fn union(self, other: MemoryEstimate) -> MemoryEstimate {
        MemoryEstimate {
            programs: self.programs.max(other.programs),
            statistics: self.statistics.max(other.statistics),
            stored: self.stored.max(other.stored),
            images: self.images.max(other.images),
            results: self.results.max(other.results),
            tables: self.tables.max(other.tables),
        }
    }
}

/// The smallest size of buffers.
const SLACK: u64 = 16 * 64;

impl Gpu {
    /// The memory on the device for images of these sizes under this plan.
    ///
    /// # Errors
    /// Those of [`Gpu::apply`] that do not depend on the device's state.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn estimate_memory<'a>(
        &self,
        sizes: impl Into<Sizes<'a>>,
        channels: usize,
        plan: &Plan,
        output: &Output,
    ) -> Result<MemoryEstimate> {
        block_on(self.estimate_memory_async(sizes, channels, plan, output))
    }

    /// How much memory a batch takes, as [`Gpu::estimate_memory`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::estimate_memory`].
    pub async fn estimate_memory_async<'a>(
        &self,
        sizes: impl Into<Sizes<'a>>,
        channels: usize,
        plan: &Plan,
        output: &Output,
    ) -> Result<MemoryEstimate> {
        let sizes = sizes.into();
        check_channels(channels)?;
        let size = plan.check(sizes)?;
        output.check()?;
        let each: Vec<Size> = (0..sizes.len()).map(|i| sizes.get(i)).collect();
        let offsets = one_after_the_other(&each, channels);
        let placed = Placement::ragged(&each, &offsets, channels);
        let shape = placed.shape(size);
        let segmented = segments_of_all(plan, placed.sizes, channels == 1)?;
        let (in_tables, tables) = {
            let mut tables = self.tables();
            let allocator = &self.inner.context.allocator;
            let in_tables = tables.with(allocator, |tables| InTables::of(&segmented, output, tables))?;
            (in_tables, tables.bytes())
        };
        let prepared = Prepared { segmented, in_tables };
        let operations = self.inner.seen.with(plan);
        let whole = WholeBatch { prepared: &prepared, shape, layout: placed.layout, output, operations: &operations };
        let output_bytes = shape.values_per_image() * output.dtype().bytes();
        let mut memory = MemoryEstimate { tables, ..MemoryEstimate::default() };
        // Batches in host memory and on the device are cut at slightly different places.
        for from_host in [true, false] {
            for range in chunks(&placed, &prepared.segmented, output_bytes, &self.chunk_limits(from_host))? {
                let images = prepared.segmented.images(range.clone());
                let sources = vec![0; images.len()];
                let places = Sources { images: &sources, partners: &|_| 0 };
                let work = self.commands(&Chunk::of(&whole, range.clone(), places, 0))?;
                let programs =
                    (4 * work.programs.len()).next_multiple_of(PARAMETERS_STRIDE) + 4 * work.parameters.len();
                let partners = images.segments().iter().flat_map(Segment::partners).filter(|p| !range.contains(p));
                let foreign_partners: usize = partners.map(|p| placed.bytes_of(p).next_multiple_of(ALIGNMENT)).sum();
                let own: usize = range.clone().map(|i| placed.bytes_of(i).next_multiple_of(ALIGNMENT)).sum();
                memory = memory.union(MemoryEstimate {
                    programs: programs as u64,
                    statistics: work.counts_bytes,
                    stored: work.intermediate_bytes.iter().sum(),
                    images: (own + foreign_partners) as u64,
                    results: (range.len() * output_bytes) as u64,
                    tables,
                });
            }
        }
        Ok(memory)
    }
}
