//! Grouping: which images make a batch together.

use std::collections::BTreeMap;

use autoaugment::{Border, Op, Shape, Size, ops};

use super::entries::{Work, size_after};
use crate::decode::DecodedImage;

/// Decoded inputs by their positions.
pub type Pictures = BTreeMap<usize, DecodedImage>;

/// A crop to the size that an image of `size` has after its operations, if that is another one.
pub fn fit(ops: &[Op], size: Size) -> Option<Op> {
    let Size { width, height } = size_after(ops, size).ok().filter(|after| *after != size)?;
    Some(ops::Crop { x: 0, y: 0, width, height, border: Border::Constant, fill: [0; 3] }.into())
}

/// Entries whose images have one size, by the size that they have afterwards; those that cannot be done each for
/// itself.
pub fn by_size_after(work: &Work, shape: Shape, entries: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Option<Size>, Vec<usize>)> = Vec::new();
    for entry in entries {
        let size = size_after(&work.planned(entry).ops, shape.size()).ok();
        match groups.iter_mut().find(|(of, _)| size.is_some() && *of == size) {
            Some((_, group)) => group.push(entry),
            None => groups.push((size, vec![entry])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The inputs of each size and number of channels, in their order.
pub fn by_shape(pictures: &Pictures) -> Vec<(Shape, Vec<usize>)> {
    let mut groups: BTreeMap<[usize; 3], Vec<usize>> = BTreeMap::new();
    for (&input, picture) in pictures {
        groups.entry([picture.height, picture.width, picture.channels]).or_default().push(input);
    }
    let shape = |[height, width, channels]: [usize; 3], images| Shape { images, height, width, channels };
    groups.into_iter().map(|(sides, inputs)| (shape(sides, inputs.len()), inputs)).collect()
}
