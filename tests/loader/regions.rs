//! Regions: a crop at the beginning of a plan is done by decoding, with the bytes of the whole image.

use autoaugment::loader::{Dataset, Loader, OnError, Sample};
use autoaugment::transform::RandomCrop;
use autoaugment::{Augmenter, Output, Policy, RaggedBatch, Result, Size, Transform};
use image::ImageFormat::{self, Bmp, Gif, Jpeg, Png, WebP};

use super::images::{cropping, encoded, picture, rgb, size};

const FORMATS: [ImageFormat; 5] = [Jpeg, Png, WebP, Bmp, Gif];

/// Files of all formats and sizes, of which some are broken.
struct Files;

impl Dataset for Files {
    fn len(&self) -> usize {
        120
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let mut file = encoded(picture(size(20 + index % 41, 20 + index % 37), index as u64), FORMATS[index % 5]);
        if index % 20 == 1 {
            file.truncate(file.len() / 2);
        }
        Sample::encoded(file, index as u32)
    }
}

/// The loader's batches are the whole images under the batch's own plan.
fn check(transform: Transform) {
    let augmenter = Augmenter::builder(transform).seed(3).device(autoaugment::Device::Cpu).build().unwrap();
    let builder = Loader::builder(Files, augmenter).batch_size(16).shuffle(true).on_error(OnError::Skip);
    let loader = builder.build().unwrap();
    let mut epoch = loader.epoch(0);
    for batch in epoch.by_ref() {
        let batch = batch.unwrap();
        let samples: Vec<Sample<'_>> = batch.indices.iter().map(|&i| Files.read(i as usize).unwrap()).collect();
        let sizes: Vec<Size> = samples.iter().map(Sample::size).collect();
        let pixels: Vec<u8> = samples.iter().flat_map(rgb).collect();
        let whole = RaggedBatch::packed(pixels, &sizes, 3).unwrap();
        let (expected, _) = loader.augmenter().executor().apply(&whole, &batch.plan, &Output::u8()).unwrap();
        assert!(batch.images.host().unwrap().data == expected.data);
    }
    assert_eq!(epoch.failed().samples, 6);
}

#[test]
fn crops_inside_the_images() {
    check(cropping());
}

#[test]
fn crops_that_begin_outside() {
    let crop = RandomCrop::padded(18, 18, 3);
    check(Transform::new().random_crop(crop).policy(Policy::cifar10()));
}
