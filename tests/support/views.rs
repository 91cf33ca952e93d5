//! Views of a batch's images in separate memory, with gaps whose bytes no result may contain.

use autoaugment::{Batch, ImageView, Layout, RaggedBatch, Size};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Images of a batch, each in its own memory.
pub struct Scattered {
    images: Vec<Scatter>,
    channels: usize,
}

struct Scatter {
    memory: Vec<u8>,
    /// The first byte of the image.
    start: usize,
    size: Size,
    /// Planar images have none.
    row_stride: Option<usize>,
}

impl Scattered {
    /// Copies of the images. About half of them have gaps between rows, and all start at any byte.
    pub fn of(batch: &RaggedBatch<'_>, rng: &mut ChaCha8Rng) -> Self {
        let images = batch.sizes().iter().zip(batch.offsets());
        let images = images.map(|(&size, &offset)| {
            let row = size.width * batch.channels();
            let gap = if rng.random() { 0 } else { rng.random_range(1..70) };
            let start = rng.random_range(0..9);
            let stride = row + gap;
            let mut memory: Vec<u8> = (0..start + stride * size.height).map(|_| rng.random()).collect();
            for y in 0..size.height {
                memory[start + y * stride..][..row].copy_from_slice(&batch.data()[offset + y * row..][..row]);
            }
            // After the last row there need be nothing.
            memory.truncate(memory.len() - rng.random_range(0..=gap));
            Scatter { memory, start, size, row_stride: Some(stride) }
        });
        Scattered { images: images.collect(), channels: batch.channels() }
    }

    /// Copies of the images of a batch of one size, in its layout. Interleaved ones have gaps as above.
    pub fn of_uniform(batch: &Batch<'_>, rng: &mut ChaCha8Rng) -> Self {
        let shape = batch.shape();
        if batch.layout() == Layout::Nhwc {
            let sizes = vec![shape.size(); shape.images];
            return Scattered::of(&RaggedBatch::packed(batch.data(), &sizes, shape.channels).unwrap(), rng);
        }
        let image = |bytes: &[u8]| {
            let start = rng.random_range(0..9);
            let memory = [&vec![0; start][..], bytes].concat();
            Scatter { memory, start, size: shape.size(), row_stride: None }
        };
        Scattered {
            images: batch.data().chunks(shape.values_per_image()).map(image).collect(),
            channels: shape.channels,
        }
    }

    /// The images in planes.
    pub fn planar(batch: &RaggedBatch<'_>) -> Self {
        let channels = batch.channels();
        let images = batch.sizes().iter().zip(batch.offsets()).map(|(&size, &offset)| {
            let image = &batch.data()[offset..][..size.width * size.height * channels];
            let planes = (0..channels).flat_map(|c| image.iter().skip(c).step_by(channels).copied());
            Scatter { memory: planes.collect(), start: 0, size, row_stride: None }
        });
        Scattered { images: images.collect(), channels }
    }

    /// The images where they lie.
    pub fn views(&self) -> Vec<ImageView<'_>> {
        self.images
            .iter()
            .map(|image| {
                let data = &image.memory[image.start..];
                match image.row_stride {
                    Some(stride) => ImageView::with_row_stride(data, image.size, self.channels, stride),
                    None => ImageView::planar(data, image.size, self.channels),
                }
                .unwrap()
            })
            .collect()
    }
}
