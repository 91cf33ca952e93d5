//! Histogram: the number of pixels with each of the 256 values, per channel.

use crate::batch::Image;

/// Counts of the 256 values of one channel.
pub(crate) type Histogram = [u32; 256];

/// One histogram per channel.
pub(crate) fn histograms(image: &Image) -> Vec<Histogram> {
    let mut counts = vec![[0; 256]; image.channels];
    for pixel in image.data.chunks_exact(image.channels) {
        for (channel, &value) in counts.iter_mut().zip(pixel) {
            channel[usize::from(value)] += 1;
        }
    }
    counts
}
