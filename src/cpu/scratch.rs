//! Scratch: memory that is reused from image to image.

use super::pointwise::Pointwise;

/// Memory of a chain.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The pixels between passes.
    pub held: [Vec<u8>; 2],
    /// A band that is written to another place in another form.
    pub band: Vec<u8>,
    /// The steps that wait in front of the geometry.
    pub before: Vec<Pointwise>,
    /// The steps that wait behind it.
    pub after: Vec<Pointwise>,
    /// The memory of branches, once an image has some.
    pub branches: Option<Box<BranchScratch>>,
}

/// Memory of the branches of an AugMix.
#[derive(Debug, Default)]
pub(super) struct BranchScratch {
    /// The memory of one branch after the other.
    pub chain: Scratch,
    /// The result of each branch.
    pub results: Vec<Vec<u8>>,
}
