//! Ten thousand small files, fifty of them broken: the same bytes whatever the threads and however far they read ahead.

use std::fs;
use std::path::Path;

use autoaugment::loader::{Dataset, ImageFolder, Loader, OnError};
use image::ImageFormat;
use rayon::prelude::*;

use super::images::{cropper, encoded, picture, refusal, size, sums};

const FILES: usize = 10_000;
const BROKEN: usize = 50;

/// Every two hundredth file is broken, in one of five ways.
fn make(root: &Path) {
    for class in 0..10 {
        fs::create_dir_all(root.join(format!("class {class}"))).unwrap();
    }
    (0..FILES).into_par_iter().for_each(|i| {
        let (format, extension) = if i % 3 == 0 { (ImageFormat::Jpeg, "jpg") } else { (ImageFormat::Png, "png") };
        let mut bytes = encoded(picture(size(8 + i % 5, 8 + i / 5 % 5), i as u64), format);
        let mut extension = extension;
        if i % (FILES / BROKEN) == 7 {
            match i / (FILES / BROKEN) % 5 {
                0 => bytes.truncate(bytes.len() / 2),
                1 => bytes.clear(),
                2 => bytes = b"this is no image".to_vec(),
                3 => {
                    bytes = b"PK\x03\x04 an archive".to_vec();
                    extension = "jpeg";
                }
                _ => bytes.truncate(9),
            }
        }
        fs::write(root.join(format!("class {}/{i:05}.{extension}", i % 10)), bytes).unwrap();
    });
}

#[test]
fn ten_thousand_files_of_which_fifty_are_broken() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let builder = |threads, prefetch| {
        let dataset = ImageFolder::open(folder.path()).unwrap();
        assert_eq!(dataset.len(), FILES);
        let builder = Loader::builder(dataset, cropper()).batch_size(64).shuffle(true).seed(5);
        builder.threads(threads).prefetch(prefetch).on_error(OnError::Skip)
    };
    let mut expected = Vec::new();
    let mut broken = None;
    for threads in [1, 2, 4] {
        for prefetch in [1, 6] {
            let mut epoch = builder(threads, prefetch).build().unwrap().epoch(1);
            let sums = sums(&mut epoch);
            if expected.is_empty() {
                expected = sums;
            } else {
                assert!(sums == expected, "{threads} threads, {prefetch} batches ahead");
            }
            assert_eq!(epoch.failed().samples as usize, BROKEN);
            assert_eq!(epoch.failed(), broken.get_or_insert_with(|| epoch.failed().clone()));
        }
    }
    assert_eq!(expected.len(), FILES.div_ceil(64));
    let broken = broken.unwrap();
    for reason in ["the file is empty", "not a JPEG, PNG, WebP, BMP, GIF, TIFF or PNM file"] {
        assert!(broken.named.iter().filter(|sample| sample.reason == reason).count() >= 10, "{broken:?}");
    }

    // Stopped in the middle, by a process that then ended.
    let mut epoch = builder(2, 6).build().unwrap().epoch(1);
    let before: u64 = epoch.by_ref().take(71).map(|batch| batch.unwrap().indices.len() as u64).sum();
    let position = epoch.position();
    assert_eq!(before + epoch.failed().samples, 71 * 64);
    let first = epoch.failed().samples;
    drop(epoch);
    let mut rest = builder(4, 2).build().unwrap().resume(position).unwrap();
    assert!(sums(&mut rest) == expected[71..]);
    assert_eq!(first + rest.failed().samples, BROKEN as u64);

    // Where they are not skipped, the first one ends the epoch and is named.
    let stopping = builder(2, 3).on_error(OnError::Stop).build().unwrap();
    let mut epoch = stopping.epoch(1);
    let whole = epoch.by_ref().take_while(Result::is_ok).count();
    let position = epoch.position();
    assert_eq!((position.batch as usize, epoch.next().is_none()), (whole, true));
    let named = &broken.named[0];
    let refused = refusal(stopping.resume(position).unwrap().next().unwrap());
    let expected = format!("epoch 1, batch {whole}: sample {} ({}): {}", named.index, named.name, named.reason);
    assert_eq!(refused, expected);
    assert!(named.name.starts_with(folder.path().to_str().unwrap()));
}
