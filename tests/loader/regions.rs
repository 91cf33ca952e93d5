//! Regions: a crop at the beginning of a plan is done by decoding, with the bytes of the whole image.

use autoaugment::loader::{ColorMode, Dataset, Loader, OnError, Region, Sample};
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

#[test]
fn a_region_is_a_part_of_its_image() {
    let sample = Sample::encoded(encoded(picture(size(20, 30), 1), Jpeg), 0).unwrap();
    let whole = rgb(&sample);
    let decode = |x, y, width, height, bytes: usize| {
        let mut pixels = vec![0; bytes];
        let region = Region { x, y, size: size(width, height) };
        sample.decode_region(ColorMode::Rgb, region, &mut pixels).map(|()| pixels).map_err(|e| e.to_string())
    };
    let row = |y: usize| whole[(y * 20 + 3) * 3..][..4 * 3].to_vec();
    assert_eq!(decode(3, 7, 4, 2, 24), Ok([row(7), row(8)].concat()));
    for (x, y, width, height) in
        [(17, 0, 4, 2), (0, 29, 4, 2), (usize::MAX, 0, 4, 2), (0, 0, 0, 2), (0, 0, usize::MAX, 2)]
    {
        let refused = decode(x, y, width, height, 24).unwrap_err();
        assert!(refused.contains("is no part of an image of 20 x 30 pixels"), "{refused}");
    }
    assert!(decode(3, 7, 4, 2, 23).unwrap_err().contains("expected a buffer of 24 bytes, got 23"));
}

#[test]
fn labels_of_a_mask_are_those_of_its_image() {
    let sample = || Sample::encoded(encoded(picture(size(2, 3), 1), Png), 0).unwrap();
    let labels = vec![1, 2, 3, 4, 5, 6];
    let with = sample().with_labels(&labels[..], size(2, 3)).unwrap();
    assert_eq!((with.has_mask(), with.decode_mask().unwrap()), (true, Some(labels.clone())));
    let refused = sample().with_labels(&labels[..], size(3, 2)).unwrap_err().to_string();
    assert_eq!(refused, "mask: expected the image's 2 x 3 pixels, got 3 x 2");
    let refused = sample().with_labels(&labels[1..], size(2, 3)).unwrap_err().to_string();
    assert_eq!(refused, "mask: expected 6 labels, one per pixel, got 5");
}
