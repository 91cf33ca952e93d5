//! Commands: the work of a device for one chunk of a batch, as data: kernels, grids, parameters and bindings. This code
//! touches no device, so another device than wgpu's can run the same commands.

use std::ops::Range;

use super::grouping::Grouping;
use super::program::{COUNTS_WORDS, Kinds, Segment, Segmented, SegmentedImages, segments_of_all};
use super::schedule::{self, Dispatch, Kernel, Sizes, Sources};
use super::shader::{self, SLICE_QUADS, Variant};
use super::tables::{BlendPlaces, Tables};
use crate::batch::{Layout, Placement, Shape};
use crate::error::{Error, Result};
use crate::ops::{Category, OpKind};
use crate::output::{Dtype, Output};
use crate::plan::Plan;

/// Sizes of small images are rounded up to this many pixels, so that few kernels serve all sizes.
const TILE_STEP: usize = 512;
/// WebGPU's limit of workgroups in each dimension.
pub(crate) const MOST_WORKGROUPS: u32 = 65535;
/// The largest alignment of uniform offsets that WebGPU allows; one set of parameters takes as much.
pub(crate) const PARAMETERS_STRIDE: usize = 256;

/// A plan cut into segments, for all chunks.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Each image's segments.
    pub segmented: Segmented,
    pub in_tables: InTables,
}

/// The places of a batch's values in the tables.
#[derive(Debug)]
pub(crate) struct InTables {
    pub blends: BlendPlaces,
    /// The place of the output values of bytes.
    pub normalize: u32,
}

impl InTables {
    /// Adds the values of segments and of an output to the tables.
    pub fn of(segmented: &Segmented, output: &Output, tables: &mut Tables) -> Result<Self> {
        let blends = tables.blends(segmented.all().segments().iter().flat_map(Segment::blends))?;
        Ok(InTables { blends, normalize: tables.normalize(output.form())? })
    }
}

impl Prepared {
    /// Cuts every image's operations into segments and adds their values to the tables.
    pub fn new(plan: &Plan, placed: &Placement<'_>, output: &Output, tables: &mut Tables) -> Result<Self> {
        let segmented = segments_of_all(plan, placed.sizes, placed.channels == 1)?;
        let in_tables = InTables::of(&segmented, output, tables)?;
        Ok(Prepared { segmented, in_tables })
    }
}

/// What all chunks of a batch have in common.
#[derive(Clone, Copy)]
pub(crate) struct WholeBatch<'a> {
    pub prepared: &'a Prepared,
    /// The shape of the results.
    pub shape: Shape,
    pub layout: Layout,
    pub output: &'a Output,
    /// The possible operations of such plans.
    pub operations: &'a [OpKind],
}

/// One chunk: images whose buffers can all be bound at once.
pub(crate) struct Chunk<'a> {
    images: SegmentedImages<'a>,
    /// Its shape is the batch's; `images` says how many there are in this chunk.
    whole: WholeBatch<'a>,
    /// First byte of each image in [`Role::Source`], and of any image of the batch in [`Role::Partners`].
    sources: Sources<'a>,
    /// The first value's place in [`Role::Destination`].
    first_value: usize,
}

impl<'a> Chunk<'a> {
    /// These images of a batch.
    pub fn of(whole: &WholeBatch<'a>, range: Range<usize>, sources: Sources<'a>, first_value: usize) -> Self {
        let images = whole.prepared.segmented.images(range);
        Chunk { images, whole: *whole, sources, first_value }
    }
}

/// The role of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// The images of the batch.
    Source,
    /// Intermediate images. A level reads one of the two and writes the other.
    Intermediate(usize),
    /// The partners of mixed images.
    Partners,
    Programs,
    Tables,
    Destination,
    /// The images' statistics, zeros at first.
    Counts,
    /// [`PARAMETERS_STRIDE`] bytes for each step.
    Parameters,
}

/// One dispatch.
#[derive(Debug)]
pub(crate) struct Command {
    pub variant: Variant,
    pub grid: [u32; 3],
    /// Binding numbers with their buffers.
    pub bindings: Vec<(u32, Role)>,
}

/// All dispatches of a chunk in order, and the contents or sizes of their buffers.
#[derive(Debug)]
pub(crate) struct Commands {
    pub commands: Vec<Command>,
    pub programs: Vec<u32>,
    pub parameters: Vec<u32>,
    pub counts_bytes: u64,
    pub intermediate_bytes: [u64; 2],
    /// Bytes of images that are read and written.
    pub bytes_read: u64,
    pub bytes_written: u64,
}

impl Commands {
    /// Plans a chunk for a device with this much workgroup memory.
    pub fn of(chunk: &Chunk<'_>, grouping: Grouping, workgroup_memory: usize) -> Result<Self> {
        let WholeBatch { shape, output, operations, .. } = chunk.whole;
        let largest = chunk.images.segments().iter().map(|segment| segment.size.pixels()).max().unwrap_or(0);
        if slices(largest) > MOST_WORKGROUPS as usize {
            let values = |pixels: usize| (pixels * shape.channels) as u64;
            let (needed, limit) = (values(largest), values(MOST_WORKGROUPS as usize * 4 * SLICE_QUADS));
            return Err(Error::DeviceLimit { what: "one image", needed, limit });
        }
        let tile = (shape.width * shape.height).next_multiple_of(TILE_STEP);
        let sizes = Sizes {
            values_per_image: shape.values_per_image(),
            channels: shape.channels,
            dtype: output.dtype(),
            first_value: chunk.first_value,
            small: shader::small_memory(tile, 1) <= workgroup_memory,
        };
        let possible = Kinds::of_operations(operations);
        let schedule = schedule::schedule(
            chunk.images,
            &chunk.sources,
            &chunk.whole.prepared.in_tables.blends,
            sizes,
            grouping,
            possible,
        );
        let depth = schedule.dispatches.last().map_or(1, |d| d.level + 1);
        let command = |dispatch: &Dispatch| Command {
            variant: variant(chunk, dispatch, tile, workgroup_memory),
            grid: grid(dispatch),
            bindings: bindings(dispatch, depth - dispatch.level),
        };
        let intermediate_bytes = 4 * schedule.intermediate_words as u64;
        let intermediate_above = |levels| if depth > levels { intermediate_bytes } else { 0 };
        Ok(Commands {
            commands: schedule.dispatches.iter().map(command).collect(),
            parameters: schedule.dispatches.iter().flat_map(|d| parameters(chunk, d)).collect(),
            programs: schedule.programs,
            counts_bytes: 4 * (schedule.counts * COUNTS_WORDS) as u64,
            intermediate_bytes: [intermediate_above(1), intermediate_above(2)],
            bytes_read: schedule.bytes_read,
            bytes_written: schedule.bytes_written,
        })
    }
}

/// `Params` of `shaders/kernels/bindings.wgsl`, padded to the stride.
fn parameters(chunk: &Chunk<'_>, dispatch: &Dispatch) -> [u32; PARAMETERS_STRIDE / 4] {
    let round = if let Kernel::Statistics(round) = dispatch.kernel { round } else { 0 };
    let mut words = [0; PARAMETERS_STRIDE / 4];
    words[..4].copy_from_slice(&[dispatch.list, dispatch.images, chunk.whole.prepared.in_tables.normalize, round]);
    words
}

/// Workgroups that share an image of this many pixels.
fn slices(pixels: usize) -> usize {
    pixels.div_ceil(4).div_ceil(SLICE_QUADS)
}

/// The number of remaining levels, with this one, decides which intermediate images are read. So the last level of
/// every batch has the same bindings.
fn bindings(dispatch: &Dispatch, levels_left: usize) -> Vec<(u32, Role)> {
    let mut bindings = vec![
        (0, Role::Source),
        (1, Role::Intermediate((levels_left + 1) % 2)),
        (2, Role::Partners),
        (3, Role::Programs),
        (4, Role::Tables),
        (6, Role::Counts),
        (7, Role::Parameters),
    ];
    match dispatch.kernel {
        Kernel::Statistics(_) => {}
        kernel if kernel.is_to_intermediate() => bindings.push((5, Role::Intermediate(levels_left % 2))),
        _ => bindings.push((5, Role::Destination)),
    }
    bindings
}

/// The workgroups of a dispatch, folded if a dimension would be too long.
fn grid(dispatch: &Dispatch) -> [u32; 3] {
    let along = dispatch.images.min(MOST_WORKGROUPS);
    let folds = dispatch.images.div_ceil(MOST_WORKGROUPS);
    match dispatch.kernel {
        Kernel::Small => [along, folds, 1],
        _ => [slices(dispatch.pixels) as u32, along, folds],
    }
}

fn variant(chunk: &Chunk<'_>, dispatch: &Dispatch, tile: usize, workgroup_memory: usize) -> Variant {
    let WholeBatch { shape, layout, output, operations, .. } = chunk.whole;
    // Operations of kinds that this kernel does not have would only make more variants.
    let without = |kind| {
        matches!(
            kind,
            Category::Copy
                | Category::Warp
                | Category::Blur
                | Category::CropOrFlip
                | Category::Resize
                | Category::Branches
        )
    };
    let used = |op: &&OpKind| !dispatch.kernel.only_sums() && !without(op.category());
    // If some batches crop or flip, all batches use kernels that can, so that there are no other kernels for the
    // batches between.
    let may_view = operations.iter().any(|op| matches!(op.category(), Category::CropOrFlip | Category::Resize));
    // The results between segments have one form, for every output form.
    let between = dispatch.kernel.is_to_intermediate();
    Variant {
        // Both rounds of statistics are one kernel.
        kernel: if let Kernel::Statistics(_) = dispatch.kernel { Kernel::Statistics(0) } else { dispatch.kernel },
        kinds: dispatch.kinds,
        operations: operations.iter().filter(used).copied().collect(),
        from_intermediate: dispatch.from_intermediate,
        viewed: dispatch.viewed || may_view,
        weighted: dispatch.weighted,
        channels: shape.channels,
        input: layout,
        output: if between { Layout::Nhwc } else { output.layout(layout) },
        dtype: if between { Dtype::U8 } else { output.dtype() },
        whole_quads: between || (shape.width * shape.height).is_multiple_of(4),
        tile: if dispatch.kernel == Kernel::Small { tile } else { 0 },
        histograms: shader::histograms(dispatch.kernel, tile, workgroup_memory),
    }
}
