//! Options: order, ranks, what does not fill a batch, resuming, progress, and values that cannot be used.

use std::sync::{Arc, Mutex};

use autoaugment::loader::{ColorMode, Loader, Position};
use autoaugment::{Augmenter, Device, Policy};

use super::images::{all, cropper, identity, indices, numbered, refusal, size, sums};

#[test]
fn without_shuffling_samples_come_in_the_data_sets_order() {
    let loader = Loader::builder(numbered(10), identity()).batch_size(4).threads(2).build().unwrap();
    assert_eq!(indices(&loader, 5), [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]]);
    assert_eq!(loader.batches(), 3);
    let batch = loader.epoch(0).nth(1).unwrap().unwrap();
    assert_eq!(batch.labels, [4, 5, 6, 7]);
    let pixels = batch.images.host().unwrap();
    assert_eq!((pixels.shape.images, pixels.shape.channels), (4, 3));
    let expected: Vec<u8> = (4..8).flat_map(|i| [i; 48]).collect();
    assert_eq!(pixels.data.as_u8().unwrap(), expected);
    let dropping = Loader::builder(numbered(10), identity()).batch_size(4).drop_last(true).build().unwrap();
    assert_eq!(indices(&dropping, 0), [vec![0, 1, 2, 3], vec![4, 5, 6, 7]]);
    assert_eq!(all(loader.dataset())[3], (3, vec![3; 48]));
}

#[test]
fn an_order_belongs_to_its_seed_and_epoch() {
    let loader =
        |seed| Loader::builder(numbered(10), identity()).batch_size(5).shuffle(true).seed(seed).build().unwrap();
    assert_eq!(indices(&loader(42), 0), [[6, 8, 9, 4, 5], [7, 2, 3, 0, 1]]);
    assert_eq!(indices(&loader(42), 1), [[1, 9, 0, 6, 5], [7, 8, 3, 4, 2]]);
    assert_ne!(indices(&loader(43), 0), indices(&loader(42), 0));
}

#[test]
fn ranks_have_disjoint_parts_that_make_the_epoch() {
    for (samples, ranks, expected) in [(96, 4, [6, 6, 6, 6]), (98, 4, [7, 7, 6, 6]), (97, 3, [9, 8, 8, 0])] {
        for drop_last in [false, true] {
            let mut seen = Vec::new();
            for (rank, &expected) in expected[..ranks].iter().enumerate() {
                let loader = Loader::builder(numbered(samples), identity()).batch_size(4).shuffle(true).seed(1);
                let loader = loader.shard(rank, ranks).drop_last(drop_last).threads(1).build().unwrap();
                let batches = indices(&loader, 2);
                assert_eq!(batches.len(), loader.batches());
                if drop_last {
                    assert_eq!(batches.len(), samples / (4 * ranks));
                } else {
                    assert_eq!(batches.len(), expected, "{samples} {ranks} {rank}");
                }
                seen.extend(batches.concat());
            }
            seen.sort();
            if !drop_last {
                assert_eq!(seen, (0..samples as u64).collect::<Vec<_>>());
            }
            seen.dedup();
            assert!(!drop_last || seen.len() == samples / (4 * ranks) * 4 * ranks);
        }
    }
    // The ranks' k-th batches are together the k-th of a single process with as large a batch.
    let whole = Loader::builder(numbered(40), identity()).batch_size(8).shuffle(true).build().unwrap();
    let part = |rank| {
        let loader = Loader::builder(numbered(40), identity()).batch_size(4).shuffle(true).shard(rank, 2);
        indices(&loader.build().unwrap(), 0)
    };
    let joined: Vec<_> = part(0).into_iter().zip(part(1)).map(|(a, b)| [a, b].concat()).collect();
    assert_eq!(joined, indices(&whole, 0));
}

#[test]
fn an_epoch_goes_on_from_any_position() {
    let loader = |threads, prefetch| {
        let builder = Loader::builder(numbered(50), cropper()).batch_size(8).shuffle(true).seed(3);
        builder.threads(threads).prefetch(prefetch).build().unwrap()
    };
    let whole = sums(&mut loader(1, 1).epoch(4));
    assert_eq!(whole.len(), 7);
    for taken in 0..=7 {
        let first = loader(2, 3);
        let mut epoch = first.epoch(4);
        for _ in 0..taken {
            epoch.next().unwrap().unwrap();
        }
        let position = epoch.position();
        assert_eq!(position, Position { epoch: 4, batch: taken as u64 });
        drop((epoch, first));
        let saved = serde_json::to_string(&position).unwrap();
        assert_eq!(saved, format!("{{\"epoch\":4,\"batch\":{taken}}}"));
        let mut rest = loader(3, 2).resume(serde_json::from_str(&saved).unwrap()).unwrap();
        assert_eq!(rest.size_hint().1, Some(7 - taken));
        assert_eq!(sums(&mut rest), whole[taken..]);
        assert!(rest.next().is_none());
    }
    let refused = refusal(loader(1, 1).resume(Position { epoch: 4, batch: 8 }));
    assert_eq!(refused, "loader: batch 8 is outside an epoch of 7 batches");
}

#[test]
fn options_that_cannot_be_used_are_refused() {
    let builder = || Loader::builder(numbered(3), identity());
    assert_eq!(refusal(builder().batch_size(0).build()), "loader: the batch size must be at least 1");
    assert_eq!(refusal(builder().threads(0).build()), "loader: the number of threads must be at least 1");
    assert_eq!(refusal(builder().prefetch(0).build()), "loader: the prefetch must be at least 1");
    assert_eq!(refusal(builder().shard(2, 2).build()), "loader: rank 2 is outside 0..2");
    let many = refusal(builder().shard(0, usize::MAX).batch_size(2).build());
    assert_eq!(many, format!("loader: {} ranks x 2 samples per batch are too many", usize::MAX));
    let empty: Vec<std::path::PathBuf> = Vec::new();
    assert!(autoaugment::loader::TarShards::open(empty).is_err());
}

#[test]
fn images_that_would_differ_in_size_are_named() {
    let images = autoaugment::RaggedBatch::packed(vec![9; 4 + 6], &[size(2, 2), size(3, 2)], 1).unwrap();
    let dataset = autoaugment::loader::InMemory::new(images, vec![0, 1]).unwrap();
    let loader = Loader::builder(dataset, identity()).color(ColorMode::GrayOnly).build().unwrap();
    let mut epoch = loader.epoch(3);
    assert_eq!(
        refusal(epoch.next().unwrap()),
        "epoch 3, batch 0: image 1: batch: its result has 3 x 2 pixels, and that of image 0 2 x 2; crop or resize all images to one size"
    );
    assert!(epoch.next().is_none());
    assert_eq!(epoch.position().batch, 0);
}

#[test]
fn the_bound_of_memory_is_a_number() {
    let augmenter = Augmenter::builder(Policy::cifar10()).device(Device::Cpu).build().unwrap();
    let loader = Loader::builder(numbered(100), Arc::new(augmenter)).batch_size(10).prefetch(3).threads(2);
    let loader = loader.shuffle(true).build().unwrap();
    // Order, 4 batches of 10, and 2 threads.
    let expected = 400 + 40 * (1000 + 300 + 48) + 2 * 2 * 300;
    assert_eq!(loader.memory_bound(size(10, 10), size(4, 4), 1000), expected);
}

#[test]
fn a_subset_has_the_samples_that_were_named() {
    use autoaugment::loader::{Dataset, InMemory, Subset};
    let made = || {
        let images = autoaugment::RaggedBatch::packed((0..20).collect::<Vec<u8>>(), &[size(2, 1); 10], 1).unwrap();
        InMemory::new(images, (0..10).collect()).unwrap()
    };
    let subset = Subset::new(made(), vec![7, 2, 7]).unwrap();
    let labels: Vec<u32> = (0..subset.len()).map(|i| subset.read(i).unwrap().label()).collect();
    assert_eq!(labels, [7, 2, 7]);
    assert_eq!(subset.name(1), made().name(2));
    let refused = Subset::new(made(), vec![0, 10]).err().unwrap().to_string();
    assert_eq!(refused, "a subset: sample index 10 is outside 0..10");
}

#[test]
fn progress_is_reported_from_the_beginning_and_after_each_batch() {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let here = reports.clone();
    let report = move |p: autoaugment::loader::Progress| {
        here.lock().unwrap().push((p.epoch, p.batches_done, p.batches));
    };
    let loader = Loader::builder(numbered(10), identity()).batch_size(4).on_progress(report).build().unwrap();
    let taken = || std::mem::take(&mut *reports.lock().unwrap());
    let mut epoch = loader.epoch(7);
    assert_eq!(taken(), [(7, 0, 3)]);
    epoch.next().unwrap().unwrap();
    assert_eq!(taken(), [(7, 1, 3)]);
    assert_eq!(epoch.count(), 2);
    assert_eq!(taken(), [(7, 2, 3), (7, 3, 3)]);
    // A resumed epoch counts the batches before it, and one that is left early has no more reports.
    drop(loader.resume(Position { epoch: 8, batch: 2 }).unwrap());
    assert_eq!(taken(), [(8, 2, 3)]);
}
