//! Source and sink: the inputs, the outputs, and their connection.

use autoaugment::{Layout, Tensor};

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
    /// Writes image `position` of the tensor.
    fn write(&self, entry: Entry, tensor: &Tensor, position: usize) -> anyhow::Result<()>;
}
