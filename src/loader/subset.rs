//! Subset: some samples of another data set, for training on a part and keeping another apart.

use super::dataset::{Dataset, Locality, Sample};
use crate::error::{Error, Result};

/// Samples of another data set, in any order. A sample can occur twice.
///
/// Sample indices are those of the subset. The draws for an image depend on its place here.
///
/// ```
/// use std::sync::Arc;
/// use autoaugment::loader::{Dataset, InMemory, Subset};
/// use autoaugment::{RaggedBatch, Size};
/// let images = RaggedBatch::packed(vec![0; 10 * 4], &[Size { width: 2, height: 2 }; 10], 1)?;
/// let all = Arc::new(InMemory::new(images, (0..10).collect())?);
/// let training = Subset::new(all.clone(), (0..8).collect())?;
/// let testing = Subset::new(all, vec![8, 9])?;
/// assert_eq!((training.len(), testing.read(1)?.label()), (8, 9));
/// # Ok::<(), autoaugment::Error>(())
/// ```
pub struct Subset<D> {
    whole: D,
    indices: Vec<usize>,
}

impl<D: Dataset> Subset<D> {
    /// The samples of `whole` with these indices.
    ///
    /// # Errors
    /// [`Error::Dataset`] if it has no sample with such an index.
    pub fn new(whole: D, indices: Vec<usize>) -> Result<Self> {
        if let Some(index) = indices.iter().find(|&&index| index >= whole.len()) {
            let reason = format!("sample index {index} is outside 0..{}", whole.len());
            return Err(Error::Dataset { place: "a subset".to_string(), reason });
        }
        Ok(Subset { whole, indices })
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        self.whole.read(self.indices[index])
    }

    fn label(&self, index: usize) -> Result<u32> {
        self.whole.label(self.indices[index])
    }

    fn name(&self, index: usize) -> String {
        self.whole.name(self.indices[index])
    }

    fn classes(&self) -> &[String] {
        self.whole.classes()
    }

    /// A block begins where the next sample is of another block of the whole.
    fn locality(&self) -> Option<Locality<'_>> {
        let Locality { starts, together } = self.whole.locality()?;
        let block = |index: usize| starts.partition_point(|&start| start <= index);
        let is_start = |at: &usize| *at == 0 || block(self.indices[*at - 1]) != block(self.indices[*at]);
        Some(Locality { starts: (0..self.indices.len()).filter(is_start).collect(), together })
    }
}
