//! Source: where images come from, and where the augmented ones go.

use autoaugment::{Layout, Tensor};

use crate::decode::{DecodedImage, Reduction};

/// One output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// The entry's number in the plan; for drawn ones also the sample index.
    pub id: usize,
    /// The position of its input.
    pub input: usize,
    /// Which copy of the input it is.
    pub copy: usize,
}

/// Where images come from.
pub trait Source: Sync {
    fn len(&self) -> usize;
    fn is_array(&self) -> bool;
    /// The name of an input for people.
    fn name(&self, input: usize) -> String;
    /// The name of an input in plans.
    fn planned_name(&self, input: usize) -> Option<String>;
    fn layout(&self) -> Layout;
    /// Height, width and channels without reading the pixels; none if the input is broken.
    fn measure(&self, input: usize) -> Option<[usize; 3]>;
    fn load(&self, input: usize) -> anyhow::Result<(DecodedImage, Vec<Reduction>)>;
}

/// Where images go to.
pub trait Sink: Sync {
    /// Writes image `position` of the tensor.
    fn write(&self, entry: Entry, tensor: &Tensor, position: usize) -> anyhow::Result<()>;
}
