//! Images that lie apart, of different sizes, augmented into one `Vec<f32>` of the caller's.
//!
//! `cargo run --release --example separate_images`
//!
//! No image is copied first: each is read where it lies, and each result is written to its place in the tensor.

use autoaugment::transform::RandomResizedCrop;
use autoaugment::{Augmenter, Device, ImageView, Layout, Normalize, Output, Policy, Size, Transform};

/// What a decoder gives: the bytes of one image, H x W x 3.
struct Photo {
    bytes: Vec<u8>,
    size: Size,
}

impl Photo {
    /// A picture of some size, with a color gradient.
    fn gradient(width: usize, height: usize) -> Self {
        let pixel = |at: usize| [at % width * 255 / width, at / width * 255 / height, 128].map(|value| value as u8);
        Photo { bytes: (0..width * height).flat_map(pixel).collect(), size: Size { width, height } }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let photos: Vec<Photo> = [(640, 480), (500, 375), (300, 451)].map(|(w, h)| Photo::gradient(w, h)).into();

    // The transform gives all images one size, as a tensor needs.
    let transform = Transform::new().random_resized_crop(RandomResizedCrop::to(224, 224)).policy(Policy::imagenet());
    let augmenter = Augmenter::builder(transform)
        .seed(42)
        .device(Device::Cpu)
        .output(Output::f32(Layout::Nchw, Normalize::IMAGENET))
        .build()?;

    // N x C x H x W. The memory is the caller's, and every batch uses it again.
    let mut tensor = vec![0_f32; photos.len() * 3 * 224 * 224];

    for epoch in 0..2 {
        let images: Vec<ImageView<'_>> =
            photos.iter().map(|photo| ImageView::new(&photo.bytes, photo.size, 3)).collect::<Result<_, _>>()?;
        // The indices of the images in the data set: with the seed and the epoch, they decide what is drawn.
        let (plan, report) = augmenter.augment_to(&images, epoch, &[0, 1, 2], &mut tensor)?;
        println!(
            "epoch {epoch} on {}: {} bytes read, {} written",
            report.device, report.bytes_read, report.bytes_written
        );
        for (planned, values) in plan.images().iter().zip(tensor.chunks_exact(3 * 224 * 224)) {
            let ops: Vec<String> = planned.ops.iter().map(ToString::to_string).collect();
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            println!("  mean {mean:6.3} after {}", ops.join(" + "));
        }
    }
    Ok(())
}
