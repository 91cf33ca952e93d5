//! InMemory: images and labels in memory.

use super::dataset::{Dataset, Sample};
use crate::batch::{Layout, RaggedBatch};
use crate::error::{Error, Result};

/// The images of a ragged batch as samples.
///
/// ```
/// use autoaugment::loader::{Dataset, InMemory};
/// use autoaugment::{RaggedBatch, Size};
/// let sizes = [Size { width: 3, height: 2 }, Size { width: 1, height: 4 }];
/// let images = RaggedBatch::packed(vec![128; 10], &sizes, 1)?;
/// let dataset = InMemory::new(images, vec![0, 1])?;
/// assert_eq!(dataset.read(1)?.size(), sizes[1]);
/// # Ok::<(), autoaugment::Error>(())
/// ```
pub struct InMemory {
    images: RaggedBatch<'static>,
    labels: Vec<u32>,
}

impl InMemory {
    /// One label per image.
    ///
    /// # Errors
    /// [`Error::Dataset`] if there are more or fewer.
    pub fn new(images: RaggedBatch<'static>, labels: Vec<u32>) -> Result<Self> {
        if images.sizes().len() != labels.len() {
            let reason = format!("expected {} labels, one per image, got {}", images.sizes().len(), labels.len());
            return Err(Error::Dataset { place: "images in memory".to_string(), reason });
        }
        Ok(InMemory { images, labels })
    }
}

impl Dataset for InMemory {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let (size, start, channels) =
            (self.images.sizes()[index], self.images.offsets()[index], self.images.channels());
        let pixels = &self.images.data()[start..start + size.pixels() * channels];
        Sample::pixels(pixels, size, channels, Layout::Nhwc, self.labels[index])
    }

    fn label(&self, index: usize) -> Result<u32> {
        Ok(self.labels[index])
    }
}
