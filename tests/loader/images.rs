//! Images and files for the loader's tests, and sums of what comes out.

use std::io::Cursor;
use std::sync::Arc;

use autoaugment::loader::{Dataset, Epoch, InMemory, LoadedBatch, Loader, Sample};
use autoaugment::transform::RandomResizedCrop;
use autoaugment::{Augmenter, Device, Policy, RaggedBatch, Size, Transform};
use image::{DynamicImage, ImageFormat, RgbImage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

pub fn size(width: usize, height: usize) -> Size {
    Size { width, height }
}

/// An image that `seed` picks, and no other has.
pub fn picture(size: Size, seed: u64) -> RgbImage {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let [a, b, c]: [u8; 3] = rng.random();
    RgbImage::from_fn(size.width as u32, size.height as u32, |x, y| {
        let (x, y) = (x as u8, y as u8);
        image::Rgb([a.wrapping_add(x.wrapping_mul(3)), b.wrapping_add(y.wrapping_mul(5)), c ^ x.wrapping_add(y)])
    })
}

pub fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Does nothing, on the CPU.
pub fn identity() -> Arc<Augmenter> {
    Arc::new(Augmenter::builder(Transform::new()).device(Device::Cpu).build().unwrap())
}

/// Crops to 8 x 8 and applies a policy.
pub fn cropping() -> Transform {
    Transform::new().random_resized_crop(RandomResizedCrop::to(8, 8)).policy(Policy::cifar10())
}

/// The same on the CPU.
pub fn cropper() -> Arc<Augmenter> {
    Arc::new(Augmenter::builder(cropping()).seed(11).device(Device::Cpu).build().unwrap())
}

/// `count` gray images of 4 x 4, image i full of i, with label i.
pub fn numbered(count: usize) -> InMemory {
    let pixels = (0..count).flat_map(|i| [i as u8; 16]).collect::<Vec<_>>();
    let images = RaggedBatch::packed(pixels, &vec![size(4, 4); count], 1).unwrap();
    InMemory::new(images, (0..count as u32).collect()).unwrap()
}

/// Decodes a sample as RGB.
pub fn rgb(sample: &Sample<'_>) -> Vec<u8> {
    let mut out = vec![0; sample.size().pixels() * 3];
    sample.decode_into(autoaugment::loader::ColorMode::Rgb, &mut out).unwrap();
    out
}

/// All samples of a data set: label and RGB.
pub fn all(dataset: &dyn Dataset) -> Vec<(u32, Vec<u8>)> {
    (0..dataset.len()).map(|i| dataset.read(i).unwrap()).map(|sample| (sample.label(), rgb(&sample))).collect()
}

/// Everything that a batch says, in one number.
pub fn sum(batch: &LoadedBatch) -> String {
    let mut hash = Sha256::new();
    hash.update(batch.images.host().unwrap().data.as_u8().unwrap());
    hash.update(format!("{:?} {:?} {}", batch.labels, batch.indices, batch.plan.to_json()));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sums of what is left of an epoch, which must not fail.
pub fn sums(epoch: &mut Epoch) -> Vec<String> {
    epoch.map(|batch| sum(&batch.unwrap())).collect()
}

/// The sample numbers of each batch.
pub fn indices(loader: &Loader, epoch: u64) -> Vec<Vec<u64>> {
    loader.epoch(epoch).map(|batch| batch.unwrap().indices).collect()
}

/// The text of an error where there must be one.
pub fn refusal<T>(result: autoaugment::Result<T>) -> String {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.to_string(),
    }
}
