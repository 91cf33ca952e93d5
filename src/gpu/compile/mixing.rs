//! Mixing: the work of a device to mix one chunk of a batch, as data. This code touches no device.

use std::collections::HashMap;
use std::fmt::Write as _;

use half::f16;

use super::commands::{MOST_WORKGROUPS, PARAMETERS_STRIDE, Role};
use super::shader::THREADS;
use crate::batch::{Layout, Shape};
use crate::mixing::MixedImage;
use crate::output::{Dtype, Form, Normalize, Output};

/// The kernel's entry point.
pub(crate) const ENTRY_POINT: &str = "mix";
/// The bindings. They are those of every kernel, although this one does not use two of them.
pub(crate) const BINDINGS: [(u32, Role); 8] = [
    (0, Role::Source),
    (1, Role::Source),
    (2, Role::Partners),
    (3, Role::Programs),
    (4, Role::Tables),
    (5, Role::Destination),
    (6, Role::Programs),
    (7, Role::Parameters),
];
/// Words of an image's record.
pub(crate) const RECORD_WORDS: usize = 8;
/// Values that a workgroup makes.
const VALUES_PER_GROUP: usize = 4 * THREADS;

/// All inputs of the kernel's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MixVariant {
    pub channels: usize,
    pub input: Layout,
    pub output: Layout,
    pub dtype: Dtype,
}

/// The kernel's WGSL.
pub(crate) fn assemble(variant: &MixVariant) -> String {
    let MixVariant { channels, input, output, dtype } = *variant;
    let mut text = String::new();
    for (name, value) in [
        ("CHANNELS", channels),
        ("RECORD_WORDS", RECORD_WORDS),
        ("VALUES_PER_WORD", 4 / dtype.bytes()),
        ("VALUE_BITS", 8 * dtype.bytes()),
        ("FORM_U8", Dtype::U8.bytes()),
        ("FORM_F16", Dtype::F16.bytes()),
        ("FORM", dtype.bytes()),
    ] {
        let _ = writeln!(text, "const {name} = {value}u;");
    }
    for (name, layout) in [("PLANAR", input), ("OUT_PLANAR", output)] {
        let _ = writeln!(text, "const {name} = {};", layout == Layout::Nchw);
    }
    text + include_str!("../../../shaders/arithmetic/binary32.wgsl") + include_str!("../../../shaders/mixing/mix.wgsl")
}

/// One chunk: images whose buffers can all be bound at once.
pub(crate) struct MixChunk<'a> {
    pub images: &'a [MixedImage],
    /// The shape of the batch. `images` is the number of images in this chunk.
    pub shape: Shape,
    pub layout: Layout,
    pub output: &'a Output,
    /// The place of the output values of bytes in the tables.
    pub normalize: u32,
    /// First byte of the first image in [`Role::Source`].
    pub source: usize,
    /// First byte of an image of the batch in [`Role::Partners`].
    pub partner: &'a dyn Fn(usize) -> usize,
    /// The first value's place in [`Role::Destination`].
    pub first_value: usize,
}

/// The chunk's dispatch.
pub(crate) struct MixCommand {
    pub variant: MixVariant,
    /// The images' records, followed by the products that they look up.
    pub programs: Vec<u32>,
    /// `Params` of `shaders/mixing/mix.wgsl`, padded to the stride.
    pub parameters: [u32; PARAMETERS_STRIDE / 4],
    pub grid: [u32; 3],
}

impl MixCommand {
    pub fn of(chunk: &MixChunk<'_>) -> Self {
        let MixChunk { images, shape, layout, output, .. } = *chunk;
        let values = images.len() * shape.values_per_image();
        let mut parameters = [0; PARAMETERS_STRIDE / 4];
        let pixels = shape.size().pixels();
        let numbers = [chunk.first_value, values, chunk.source, shape.width, pixels].map(|n| n as u32);
        let numbers = numbers.into_iter().chain([chunk.normalize]);
        parameters.iter_mut().zip(numbers).for_each(|(word, number)| *word = number);
        let groups = (chunk.first_value + values).div_ceil(VALUES_PER_GROUP) as u32;
        MixCommand {
            variant: MixVariant {
                channels: shape.channels,
                input: layout,
                output: output.layout(layout),
                dtype: output.dtype(),
            },
            programs: programs(chunk),
            parameters,
            grid: [groups.min(MOST_WORKGROUPS), groups.div_ceil(MOST_WORKGROUPS), 1],
        }
    }
}

/// The value of a byte before it is mixed.
pub(crate) fn value(normalize: &Normalize, is_half: bool, channel: usize, v: u8) -> f32 {
    let value = normalize.value(channel, v);
    if is_half { f16::from_f32(value).to_f32() } else { value }
}

fn programs(chunk: &MixChunk<'_>) -> Vec<u32> {
    let channels = chunk.shape.channels;
    let mut words = Vec::with_capacity(chunk.images.len() * RECORD_WORDS + 2 * 768);
    // Each lambda has its products once.
    let mut weights = Vec::new();
    let mut places = HashMap::new();
    let products_at = chunk.images.len() * RECORD_WORDS;
    for image in chunk.images {
        let [mut products, mut left, mut top, mut right, mut bottom] = [0; 5];
        match image.rectangle {
            None => {
                let place = places.entry(image.lambda.to_bits()).or_insert_with(|| {
                    weights.push(image.weights());
                    products_at + (weights.len() - 1) * 2 * channels * 256
                });
                products = *place;
            }
            Some(rectangle) => {
                (left, top) = (rectangle.x, rectangle.y);
                (right, bottom) = (rectangle.x + rectangle.width, rectangle.y + rectangle.height);
            }
        }
        let partner = (chunk.partner)(image.partner);
        words.extend([partner, products, left, top, right, bottom, 0, 0].map(|n| n as u32));
    }
    let form = chunk.output.form();
    let (Form::F32(normalize) | Form::F16(normalize)) = form else { return words };
    let is_half = matches!(form, Form::F16(_));
    for weight in weights.into_iter().flatten() {
        for channel in 0..channels {
            words.extend((0..=255).map(|v| {
                let product = weight * value(&normalize, is_half, channel, v);
                if is_half { f16::from_f32(product).to_f32().to_bits() } else { product.to_bits() }
            }));
        }
    }
    words
}
