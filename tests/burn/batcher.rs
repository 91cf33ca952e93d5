//! Batcher: burn's own data loader, on wgpu and on flex.

use std::collections::HashMap;
use std::sync::Arc;

use autoaugment::burn::{AugmentBatcher, ImageBatch, ImageItem};
use autoaugment::{Augmenter, Batch, Error, Layout, Output, Size};
use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataset::InMemDataset;
use burn::tensor::Device;

use crate::shared::*;

const SIDE: usize = 12;

fn items(count: usize) -> Vec<ImageItem> {
    let batch = batch(shape(count, SIDE, SIDE), 30);
    let pixels = batch.data().chunks_exact(SIDE * SIDE * 3);
    pixels
        .enumerate()
        .map(|(i, pixels)| ImageItem {
            pixels: Arc::from(pixels),
            size: Size { width: SIDE, height: SIDE },
            channels: 3,
            label: (i % 7) as i32,
            // Not the place in the data set, so that mixing the two up shows.
            index: 1000 + i as u64,
        })
        .collect()
}

/// An item of someone's own.
#[derive(Clone, Debug)]
struct Own(ImageItem);

impl From<Own> for ImageItem {
    fn from(own: Own) -> Self {
        own.0
    }
}

/// Every image of two epochs through burn's loader, each compared with the same image, alone, on the CPU.
fn whole_epochs(augmenter: Augmenter, device: &Device, workers: usize) {
    let items = items(23);
    let by_index: HashMap<u64, ImageItem> = items.iter().map(|item| (item.index, item.clone())).collect();
    let batcher = AugmentBatcher::new(augmenter).unwrap();
    let epoch = batcher.epoch();
    let loader = DataLoaderBuilder::<Own, autoaugment::Result<ImageBatch>>::new(batcher)
        .batch_size(5)
        .shuffle(3)
        .num_workers(workers)
        .set_device(device.clone())
        .build(InMemDataset::new(items.into_iter().map(Own).collect()));
    let alone = on_cpu(F32);
    for number in [4, 9] {
        epoch.set(number);
        let mut seen = 0;
        for batch in loader.iter() {
            let batch = batch.unwrap().unwrap();
            assert_eq!(batch.images.dims()[1..], [3, SIDE, SIDE]);
            let labels: Vec<i32> = batch.labels.into_data().iter().collect();
            let values = bits(batch.images);
            assert_eq!(labels.len(), batch.plan.images().len());
            for (i, planned) in batch.plan.images().iter().enumerate() {
                let item = &by_index[&planned.index];
                assert_eq!(labels[i], item.label);
                let image = Batch::new(&item.pixels[..], shape(1, SIDE, SIDE), Layout::Nhwc).unwrap();
                let expected = alone.augment(&image, number, &[planned.index]).unwrap();
                let n = SIDE * SIDE * 3;
                let what = format!("epoch {number}, image {}", planned.index);
                assert_same(&values[i * n..(i + 1) * n], &bits_of(&expected.tensor), &what);
                seen += 1;
            }
        }
        assert_eq!(seen, 23);
    }
}

#[test]
fn burns_loader_on_flex() {
    for workers in [0, 2] {
        whole_epochs(on_cpu(F32), &Device::flex(), workers);
    }
}

#[test]
fn burns_loader_on_wgpu() {
    let Some(both) = both() else { return };
    for shared in both {
        for workers in [0, 2] {
            whole_epochs(shared.augmenter(F32), &shared.device, workers);
        }
    }
}

/// With a transform that brings them to one, items may have any sizes.
#[test]
fn items_of_different_sizes() {
    use autoaugment::transform::RandomResizedCrop;
    let transform = autoaugment::Transform::new().random_resized_crop(RandomResizedCrop::to(7, 9));
    let augmenter = autoaugment::Augmenter::builder(transform).device(autoaugment::Device::Cpu).output(F32).build();
    let batcher = AugmentBatcher::new(augmenter.unwrap()).unwrap();
    let mut items = items(3);
    items[1].size = Size { width: 6, height: 25 };
    items[1].pixels = Arc::from(vec![50; 6 * 25 * 3]);
    assert_eq!(batcher.collate(&items, &Device::flex()).unwrap().images.dims(), [3, 3, 9, 7]);
}

#[test]
fn what_cannot_be_a_batch_is_refused() {
    let batcher = AugmentBatcher::new(on_cpu(F32)).unwrap();
    let device = Device::flex();
    assert!(matches!(batcher.collate(&[], &device), Err(Error::Batch(_))));
    let mut items = items(2);
    items[1].size = Size { width: 6, height: 25 };
    let error = batcher.collate(&items, &device).unwrap_err();
    let rule = format!("batch: image 1001: {} bytes are not 25 x 6 x 3", SIDE * SIDE * 3);
    assert_eq!(error.to_string(), rule);
    items[1].pixels = Arc::from(vec![0; 6 * 25 * 3]);
    let error = batcher.collate(&items, &device).unwrap_err();
    assert!(error.to_string().contains("its result has 6 x 25 pixels"), "{error}");
    items[1].channels = 1;
    items[1].pixels = Arc::from(vec![0; 6 * 25]);
    let error = batcher.collate(&items, &device).unwrap_err();
    assert_eq!(error.to_string(), "batch: image 1000 has 3 channels and image 1001 has 1");
    assert!(matches!(AugmentBatcher::new(on_cpu(Output::u8())), Err(Error::Output(_))));
}
