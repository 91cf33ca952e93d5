//! Source and sink: the inputs, the outputs, and their connection.

use autoaugment::{Layout, PlannedImage, Size, Tensor};

use crate::decode::{DecodedImage, Reduction};

/// One output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// The entry's number in the plan. In random augmentation it is the sample index too.
    pub id: usize,
    /// The position of its input.
    pub input: usize,
    /// Which copy of the input it is.
    pub copy: usize,
}

/// The inputs.
pub trait Source: Sync {
    fn len(&self) -> usize;
    fn is_array(&self) -> bool;
    /// The name of an input for people.
    fn name(&self, input: usize) -> String;
    /// The name of an input in plans, which is text.
    fn planned_name(&self, input: usize) -> Option<String>;
    fn layout(&self) -> Layout;
    /// Height, width and channels, from the header; none if the input is corrupt.
    fn measure(&self, input: usize) -> Option<[usize; 3]>;
    /// The bytes that are read to have an input's pixels, besides the pixels.
    fn encoded_bytes(&self, input: usize) -> usize;
    fn load(&self, input: usize) -> anyhow::Result<(DecodedImage, Vec<Reduction>)>;
}

/// The outputs.
pub trait Sink: Sync {
    /// Whether an output is there already from an earlier run of the same call.
    fn is_there(&self, entry: Entry) -> bool;
    /// Whether outputs that are there are computed again, for what is made of all of them together.
    fn needs_all(&self) -> bool {
        false
    }

    /// Takes note of an output that is there.
    fn follow(&self, _: Entry, _: Applied<'_>) -> anyhow::Result<()> {
        Ok(())
    }

    /// Writes an output.
    fn write(&self, entry: Entry, applied: Applied<'_>) -> anyhow::Result<()>;
}

/// An augmented image: what was done to it, and where its pixels are.
#[derive(Clone, Copy)]
pub struct Applied<'a> {
    pub planned: &'a PlannedImage,
    /// The image's size before.
    pub size: Size,
    pub tensor: &'a Tensor,
    /// The image's number in the tensor.
    pub position: usize,
}

impl Applied<'_> {
    /// The interleaved or planar bytes; none if the output has other values.
    pub fn bytes(&self) -> Option<&[u8]> {
        let values = self.tensor.shape.values_per_image();
        self.tensor.data.as_u8()?.get(self.position * values..(self.position + 1) * values)
    }
}
