//! Steps: what a device has to do for one piece of a batch, as data: kernels, grids, parameters, and which buffer is bound
//! where. Nothing here touches a device, so that another one than wgpu's can be given the same.

use super::program::{self, COUNTS_WORDS, Kinds, Segment};
use super::schedule::{self, Dispatch, Grouping, Kernel, Sizes, Sources};
use super::shader::{self, SLICE_QUADS, Variant};
use super::tables::Tables;
use crate::batch::{Layout, Shape};
use crate::error::{Error, Result};
use crate::ops::{Kind, OpKind};
use crate::output::Output;
use crate::plan::{Plan, PlannedImage};

/// Sizes of small images are rounded up to this many pixels, so that few kernels serve all.
const TILE_STEP: usize = 512;
/// WebGPU's limit of workgroups in each dimension.
const MOST_WORKGROUPS: u32 = 65535;
/// The largest alignment of uniform offsets that WebGPU allows; one set of parameters takes as much.
pub(super) const PARAMETERS_STRIDE: usize = 256;

/// A plan cut into segments, for all pieces at once.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Each image's segments.
    pub segmented: Vec<Vec<Segment>>,
    /// Where the tables have the values that bytes are written as.
    pub normalize: u32,
}

impl Prepared {
    /// Cuts every image's operations into segments and adds what they look up to the tables.
    pub fn new(plan: &Plan, shape: Shape, output: &Output, tables: &mut Tables) -> Result<Self> {
        let grey = shape.channels == 1;
        let segments = |image: &PlannedImage| program::segments(&image.ops, shape.size(), grey, tables);
        let segmented = plan.images().iter().map(segments).collect::<Result<_>>()?;
        Ok(Prepared { segmented, normalize: tables.normalize(output.form())? })
    }

    /// Whether something has to be stored between segments.
    pub fn stores_between(&self) -> bool {
        self.segmented.iter().any(|segments| segments.len() > 1)
    }
}

/// One piece: images whose buffers can all be bound at once.
pub(super) struct Piece<'a> {
    pub images: &'a [Vec<Segment>],
    pub normalize: u32,
    /// Of the batch; `images` says how many there are in this piece.
    pub shape: Shape,
    pub layout: Layout,
    pub output: &'a Output,
    /// First byte of each image in [`Role::Source`].
    pub sources: &'a [u32],
    /// First byte of an image of the batch in [`Role::Partners`].
    pub partner: &'a dyn Fn(usize) -> u32,
    /// The first value's place in [`Role::Destination`].
    pub first_value: usize,
    /// Operations that such plans may have.
    pub operations: &'a [OpKind],
}

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// The images of the batch.
    Source,
    /// Intermediate images; a level reads one of the two and writes the other.
    Middle(usize),
    /// The images that others are mixed with.
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
pub(super) struct Step {
    pub variant: Variant,
    pub grid: [u32; 3],
    /// Binding numbers and what is bound.
    pub bindings: Vec<(u32, Role)>,
}

/// All dispatches of a piece, one after the other, and the contents or sizes of their buffers.
#[derive(Debug)]
pub(super) struct Steps {
    pub steps: Vec<Step>,
    pub programs: Vec<u32>,
    pub parameters: Vec<u32>,
    pub counts_bytes: u64,
    pub middle_bytes: [u64; 2],
    /// Bytes of images that are read and written.
    pub bytes_read: u64,
    pub bytes_written: u64,
}

impl Steps {
    /// Plans a piece for a device with this much workgroup memory.
    pub fn of(piece: &Piece<'_>, grouping: Grouping, workgroup_memory: usize) -> Result<Self> {
        let shape = piece.shape;
        let pixels = shape.width * shape.height;
        let slices = pixels.div_ceil(4).div_ceil(SLICE_QUADS) as u32;
        if slices > MOST_WORKGROUPS {
            let limit = u64::from(MOST_WORKGROUPS) * 4 * SLICE_QUADS as u64 * shape.channels as u64;
            return Err(Error::DeviceLimit { what: "one image", needed: shape.values_per_image() as u64, limit });
        }
        let tile = pixels.next_multiple_of(TILE_STEP);
        let sizes = Sizes {
            pixels,
            values_per_image: shape.values_per_image(),
            dtype: piece.output.dtype(),
            first_value: piece.first_value,
            small: shader::small_memory(tile) <= workgroup_memory,
        };
        let sources = Sources { images: piece.sources, partners: piece.partner };
        let possible = Kinds::of_operations(piece.operations);
        let schedule = schedule::schedule(piece.images, &sources, sizes, grouping, possible);
        let step = |dispatch: &Dispatch| Step {
            variant: variant(piece, dispatch, tile),
            grid: grid(dispatch, slices),
            bindings: bindings(dispatch),
        };
        let depth = schedule.dispatches.last().map_or(1, |d| d.level + 1);
        let middle_bytes = 4 * (schedule.middles * schedule::middle_words(pixels)) as u64;
        let middle_above = |levels| if depth > levels { middle_bytes } else { 0 };
        Ok(Steps {
            steps: schedule.dispatches.iter().map(step).collect(),
            parameters: schedule.dispatches.iter().flat_map(|d| parameters(piece, d)).collect(),
            programs: schedule.programs,
            counts_bytes: 4 * (schedule.counts * COUNTS_WORDS) as u64,
            middle_bytes: [middle_above(1), middle_above(2)],
            bytes_read: schedule.bytes_read,
            bytes_written: schedule.bytes_written,
        })
    }
}

/// `Params` of `shaders/kernels/bindings.wgsl`, and nothing up to the stride.
fn parameters(piece: &Piece<'_>, dispatch: &Dispatch) -> [u32; PARAMETERS_STRIDE / 4] {
    let (width, height) = (piece.shape.width, piece.shape.height);
    let round = if let Kernel::Statistics(round) = dispatch.kernel { round } else { 0 };
    let mut words = [0; PARAMETERS_STRIDE / 4];
    let numbers = [width, height, width * height, (width * height).div_ceil(4)];
    words[..4].copy_from_slice(&numbers.map(|n| n as u32));
    words[4..8].copy_from_slice(&[dispatch.list, dispatch.images, piece.normalize, round]);
    words
}

fn bindings(dispatch: &Dispatch) -> Vec<(u32, Role)> {
    let mut bindings = vec![
        (0, Role::Source),
        (1, Role::Middle((dispatch.level + 1) % 2)),
        (2, Role::Partners),
        (3, Role::Programs),
        (4, Role::Tables),
        (6, Role::Counts),
        (7, Role::Parameters),
    ];
    match dispatch.kernel {
        Kernel::Statistics(_) => {}
        Kernel::ApplyToMiddle => bindings.push((5, Role::Middle(dispatch.level % 2))),
        Kernel::Apply | Kernel::Small => bindings.push((5, Role::Destination)),
    }
    bindings
}

/// Workgroups of a dispatch, folded where a dimension would be too long.
fn grid(dispatch: &Dispatch, slices: u32) -> [u32; 3] {
    let along = dispatch.images.min(MOST_WORKGROUPS);
    let folds = dispatch.images.div_ceil(MOST_WORKGROUPS);
    match dispatch.kernel {
        Kernel::Small => [along, folds, 1],
        _ => [slices, along, folds],
    }
}

fn variant(piece: &Piece<'_>, dispatch: &Dispatch, tile: usize) -> Variant {
    // Operations of kinds that this kernel does not have would only make more variants.
    let used = |op: &&OpKind| !matches!(op.class(), Kind::Copy | Kind::Warp);
    Variant {
        // Both rounds of statistics are one kernel.
        kernel: if let Kernel::Statistics(_) = dispatch.kernel { Kernel::Statistics(0) } else { dispatch.kernel },
        kinds: dispatch.kinds,
        operations: piece.operations.iter().filter(used).copied().collect(),
        from_middle: dispatch.from_middle,
        channels: piece.shape.channels,
        input: piece.layout,
        output: piece.output.layout(piece.layout),
        dtype: piece.output.dtype(),
        whole_words: (piece.shape.width * piece.shape.height).is_multiple_of(4),
        tile: if dispatch.kernel == Kernel::Small { tile } else { 0 },
    }
}
