//! Labels: the class of a sample, and the mask beside its image.

use std::sync::Arc;

use autoaugment::loader::decode::{DecodeOptions, Orientation};
use autoaugment::loader::{Dataset, Labels, Loader, OnError, TarShards};
use autoaugment::targets::Masks;
use autoaugment::{Augmenter, Device, Executor, Policy, Transform};
use image::ImageFormat;

use super::super::images::{encoded, identity, picture, refusal, size};
use super::{good, png, samples, tar, write};

#[test]
fn one_bad_label_is_one_broken_sample() {
    let folder = tempfile::tempdir().unwrap();
    let png = png(1);
    let shard = |files: &[(&str, &[u8])]| write(folder.path(), "s.tar", &tar(files));
    let one = |files: &[(&str, &[u8])]| {
        let all = samples(&TarShards::open([shard(files)]).unwrap());
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].1.clone().unwrap_err()
    };
    let no_label = "it has no label: no .cls, and no .json with `label` or `cls`";
    assert_eq!(one(&[("1.png", &png)]), no_label);
    assert_eq!(one(&[("1.png", &png), ("1.json", b"{}")]), no_label);
    let no_image = "it has a label and no image (";
    assert!(one(&[("1.cls", b"0")]).starts_with(no_image));
    assert!(one(&[("1.json", br#"{"label": 1}"#)]).starts_with(no_image));
    let two = "it has two images, 1.png and 1.jpg; choose by `image_extensions`";
    assert_eq!(one(&[("1.png", &png), ("1.jpg", &png), ("1.cls", b"0")]), two);
    assert_eq!(one(&[("1.png", &png), ("1.png", &png), ("1.cls", b"0")]), "1.png is there twice");
    assert_eq!(one(&[("1.png", &png), ("1.cls", b"0"), ("1.cls", b"1")]), "it has two labels, 1.cls and 1.cls");
    let name = "1.cls: expected a class number as label, got `cat`; a class list gives names their numbers";
    assert_eq!(one(&[("1.png", &png), ("1.cls", b"cat")]), name);
    assert!(one(&[("1.png", &png), ("1.json", b"{")]).starts_with("1.json: unreadable JSON: "));
    let large = one(&[("1.png", &png), ("1.json", &vec![b' '; (1 << 20) + 1])]);
    assert_eq!(large, "1.json: expected a label file of at most 1048576 bytes, got 1048577");

    // A class list gives names their numbers, and bounds numbers.
    let files: &[(&str, &[u8])] = &[
        ("1.png", &png),
        ("1.cls", b"dog"),
        ("2.png", &png),
        ("2.json", br#"{"label": "cat", "x": Infinity}"#),
        ("3.png", &png),
        ("3.cls", b"2"),
        ("4.png", &png),
        ("4.cls", b"bird"),
    ];
    let dataset = TarShards::builder().classes(["cat", "dog"]).open([shard(files)]).unwrap();
    assert_eq!(dataset.classes(), ["cat", "dog"]);
    let all = samples(&dataset);
    assert_eq!((&all[0].1, &all[1].1), (&Ok(1), &Ok(0)));
    let reason = |i: usize| all[i].1.clone().unwrap_err();
    assert_eq!(reason(2), "3.cls: expected a label below 2, the number of classes, got 2");
    assert_eq!(reason(3), "4.cls: expected a class number or a name of the class list as label, got `bird`");
    let twice = refusal(TarShards::builder().classes(["cat", "cat"]).open([shard(files)]));
    assert_eq!(twice, "tar shards: the class list has `cat` twice");

    // Without labels, nothing is asked of them.
    let dataset = TarShards::builder().labels(Labels::None).open([shard(files)]).unwrap();
    assert_eq!(samples(&dataset), ["1", "2", "3", "4"].map(|key| good(key, 0)));
}

#[test]
fn masks_come_with_the_batch() {
    let folder = tempfile::tempdir().unwrap();
    let gray = |seed: u64| image::DynamicImage::from(picture(size(12, 10), seed)).into_luma8();
    let [a, b] = [1, 2].map(|seed| encoded(picture(size(12, 10), seed), ImageFormat::Png));
    let [mask_a, mask_b] = [3, 4].map(|seed| encoded(gray(seed), ImageFormat::Png));
    let files: &[(&str, &[u8])] = &[
        ("1.jpg", &a),
        ("1.seg.png", &mask_a),
        ("1.png", b"another picture, which nobody asked for"),
        ("2.jpg", &b),
        ("2.SEG.png", &mask_b),
        ("3.jpg", &b),
        ("4.jpg", &b),
        ("4.seg.png", &encoded(picture(size(6, 5), 1), ImageFormat::Png)),
    ];
    let shard = write(folder.path(), "s.tar", &tar(files));
    let options = || TarShards::builder().image_extensions([".jpg"]).mask_extensions(["seg.png"]).labels(Labels::None);
    let dataset = options().open([&shard]).unwrap();
    assert_eq!(dataset.read(0).unwrap().decode_mask().unwrap().unwrap(), gray(3).into_raw());
    assert!(!dataset.read(2).unwrap().has_mask());

    let masks = Masks { fill: 9, cutout: false };
    let transform = Transform::new().policy("Rotate 1 9 + Invert 1 0".parse::<Policy>().unwrap());
    let crops = autoaugment::transform::RandomResizedCrop::to(8, 8);
    let augmenter = Augmenter::builder(transform.random_resized_crop(crops)).device(Device::Cpu).seed(3);
    let augmenter = Arc::new(augmenter.build().unwrap());
    let build = |dataset| Loader::builder(dataset, augmenter.clone()).masks(masks);
    let loader = build(dataset).on_error(OnError::Skip).build().unwrap();
    let mut epoch = loader.epoch(0);
    let batch = epoch.next().unwrap().unwrap();
    let reasons: Vec<_> = epoch.failed().named.iter().map(|failed| failed.reason.as_str()).collect();
    let sizes = "mask: expected the image's 12 x 10 pixels, got 6 x 5";
    assert_eq!(reasons, ["it has no mask, and the loader asks for masks", sizes]);

    let executor = Executor::new(Device::Cpu).unwrap();
    let labels = [gray(3).into_raw(), gray(4).into_raw()].concat();
    let (moved, _) = masks.apply(&executor, &batch.plan, &labels, &[size(12, 10); 2][..]).unwrap();
    let found = batch.masks.unwrap();
    assert_eq!((found.shape.images, found.shape.size(), found.shape.channels), (2, size(8, 8), 1));
    assert_eq!(found.data.as_u8().unwrap(), moved);
    assert!(moved.contains(&9), "the rotation shows no fill");

    // Without the option, masks are left alone and nobody misses one.
    let loader = Loader::builder(options().open([&shard]).unwrap(), identity()).build().unwrap();
    assert_eq!(loader.epoch(0).next().unwrap().unwrap().masks, None);
    let scaled = build(options().open([&shard]).unwrap()).scaled_decoding(size(1, 1));
    let reason = "loader: masks cannot follow `scaled_decoding`; leave out `masks` or `scaled_decoding`";
    assert_eq!(refusal(scaled.build()), reason);
    let upright = DecodeOptions::new().orientation(Orientation::Apply);
    let turned = build(options().open([&shard]).unwrap()).decoding(upright);
    let reason = "loader: masks cannot follow `Orientation::Apply`; leave out `masks` or `Orientation::Apply`";
    assert_eq!(refusal(turned.build()), reason);
}
