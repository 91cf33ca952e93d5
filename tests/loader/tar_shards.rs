//! Tar shards: samples by key, in any order, and each way to be malformed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use autoaugment::loader::decode::{DecodeOptions, Orientation};
use autoaugment::loader::{Dataset, Labels, Loader, OnError, TarShards};
use autoaugment::targets::Masks;
use autoaugment::{Augmenter, Device, Executor, Policy, Transform};
use flate2::Compression;
use flate2::write::GzEncoder;
use image::ImageFormat;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tar::{EntryType, Header};

use super::images::{cropper, encoded, identity, picture, refusal, rgb, size};

pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        add(&mut builder, name, bytes, EntryType::Regular);
    }
    builder.into_inner().unwrap()
}

fn add(builder: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8], kind: EntryType) {
    let mut header = Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    builder.append_data(&mut header, name, bytes).unwrap();
}

fn png(seed: u64) -> Vec<u8> {
    encoded(picture(size(6, 5), seed), ImageFormat::Png)
}

pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    fs::write(folder.join(name), bytes).unwrap();
    folder.join(name)
}

/// The key of each sample, with its label or the reason why it is broken.
fn samples(dataset: &TarShards) -> Vec<(String, Result<u32, String>)> {
    let label = |i| dataset.read(i).map(|sample| sample.label()).map_err(|e| e.to_string());
    (0..dataset.len()).map(|i| (dataset.key(i).to_string(), label(i))).collect()
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases").join(name)
}

fn good(key: &str, label: u32) -> (String, Result<u32, String>) {
    (key.to_string(), Ok(label))
}

#[test]
fn samples_are_found_by_key_and_read_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let images: Vec<_> = (0..5).map(png).collect();
    let long = format!("{}/0003", "long".repeat(60));
    let one = tar(&[
        ("__meta__.json", b"not JSON"),
        ("a/0000.png", &images[0]),
        ("a/0000.cls", b"7\n"),
        ("a/0000.seg.png", b"a mask, which is no image of the sample"),
        // The parts need not be neighbors, and the label may come first.
        ("a/0001.json", br#"{"label": 12, "caption": "a cat", "score": NaN}"#),
        ("b/0000.JPG", &images[1]),
        ("a/0001.png", &images[2]),
        ("b/0000.json", br#"{"cls": 3}"#),
        ("about.txt", b"words"),
        ("LICENSE", b"words"),
        ("__of__/0.png", b"of WebDataset itself"),
        ("__0.png", &images[4]),
        ("__0.cls", b"\xEF\xBB\xBF5\r\n"),
    ]);
    let two = tar(&[(&format!("{long}.png"), &images[3]), (&format!("{long}.cls"), b"0")]);
    let shards = [write(folder.path(), "1.tar", &one), write(folder.path(), "2.tar", &two)];
    let dataset = TarShards::open(&shards).unwrap();
    let expected = [("a/0000", 7, 0), ("a/0001", 12, 2), ("b/0000", 3, 1), ("__0", 5, 4), (&long, 0, 3)];
    assert_eq!(dataset.len(), expected.len());
    for index in [3, 4, 0, 2, 1] {
        let (key, label, image) = expected[index];
        let sample = dataset.read(index).unwrap();
        assert_eq!((dataset.key(index), sample.label()), (key, label));
        assert_eq!(rgb(&sample), picture(size(6, 5), image).into_raw());
    }
    assert_eq!(dataset.name(1), format!("a/0001 in {}", shards[0].display()));
    assert_eq!(dataset.locality(), None);
}

#[test]
fn long_names_are_read_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}/{}", "d".repeat(120), "n".repeat(200));
    let mut builder = tar::Builder::new(Vec::new());
    // GNU's long names, PAX, and PAX with the size.
    add(&mut builder, &format!("{long}.png"), &png(1), EntryType::Regular);
    builder.append_pax_extensions([("path", format!("{long}.cls").as_bytes()), ("size", b"1")]).unwrap();
    add(&mut builder, "short", b"4", EntryType::Regular);
    builder.append_pax_extensions([("comment", &b"nothing"[..])]).unwrap();
    add(&mut builder, "b.png", &png(2), EntryType::Regular);
    add(&mut builder, "b.cls", b"2", EntryType::Regular);
    let shard = write(folder.path(), "s.tar", &builder.into_inner().unwrap());
    assert_eq!(samples(&TarShards::open([shard]).unwrap()), [good(&long, 4), good("b", 2)]);
}

#[test]
fn the_cases_are_read() {
    let open = |name: &str| samples(&TarShards::open([case(name)]).unwrap());
    assert_eq!(open("tar-names-with-dots.tar"), [good("a", 1), good("b", 2), good("22", 3)]);
    assert_eq!(open("tar-cls-and-json-with-name.tar"), [good("000", 3)]);
    let without = "it has no label: no .cls, and no .json with `label` or `cls`".to_string();
    let expected = [good("000", 0), ("001".to_string(), Err(without)), good("002", 1)];
    assert_eq!(open("tar-one-without-label.tar"), expected);

    let loader = |on_error| {
        let dataset = TarShards::open([case("tar-one-without-label.tar")]).unwrap();
        assert_eq!(dataset.broken(), 1);
        Loader::builder(dataset, cropper()).on_error(on_error).build().unwrap()
    };
    let loader_that_skips = loader(OnError::Skip);
    let mut epoch = loader_that_skips.epoch(0);
    assert_eq!(epoch.next().unwrap().unwrap().labels, [0, 1]);
    assert_eq!(epoch.failed().named.len(), 1);
    assert!(epoch.failed().named[0].name.starts_with("001 in "), "{:?}", epoch.failed());
    let stopped = refusal(loader(OnError::Stop).epoch(0).next().unwrap());
    assert!(stopped.contains("sample 1 (001 in "), "{stopped}");
}

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

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A file of zstd with its bytes as they are: the frame's head, blocks of at most 128 KiB, no sum.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0xA0];
    frame.extend((bytes.len() as u32).to_le_bytes());
    let blocks: Vec<_> = bytes.chunks(1 << 17).collect();
    for (i, block) in blocks.iter().enumerate() {
        let head = (block.len() as u32) << 3 | u32::from(i + 1 == blocks.len());
        frame.extend(&head.to_le_bytes()[..3]);
        frame.extend(*block);
    }
    frame
}

#[test]
fn compressed_shards_are_unpacked_and_shuffled_by_groups() {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = tempfile::tempdir().unwrap();
    let images: Vec<_> = (0..28).map(png).collect();
    let mut shards = Vec::new();
    for shard in 0..7 {
        let names: Vec<_> = (0..4).flat_map(|i| [format!("{shard}{i}.png"), format!("{shard}{i}.cls")]).collect();
        let labels: Vec<_> = (0..4).map(|i| (4 * shard + i).to_string()).collect();
        let files: Vec<(&str, &[u8])> = (0..8)
            .map(|i| match i % 2 {
                0 => (names[i].as_str(), &images[4 * shard + i / 2][..]),
                _ => (names[i].as_str(), labels[i / 2].as_bytes()),
            })
            .collect();
        let bytes = tar(&files);
        shards.push(match shard % 3 {
            // Two frames, with a frame of other data between them.
            0 => {
                let skipped = [&[0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0][..], b"any"].concat();
                let both = [zstd(&bytes[..700]), skipped, zstd(&bytes[700..])].concat();
                write(folder.path(), &format!("{shard}.tar.zst"), &both)
            }
            1 => write(folder.path(), &format!("{shard}.tar.gz"), &gzip(&bytes)),
            _ => write(folder.path(), &format!("{shard}.tar"), &bytes),
        });
    }
    let open = || TarShards::builder().unpack_to(unpacked.path()).open(&shards).unwrap();
    let dataset = open();
    assert_eq!(dataset.len(), 28);
    for i in (0..28).rev() {
        let sample = dataset.read(i).unwrap();
        assert_eq!((sample.label(), rgb(&sample)), (i as u32, picture(size(6, 5), i as u64).into_raw()));
    }
    let loader = Loader::builder(open(), identity()).batch_size(4).shuffle(true).build().unwrap();
    let labels: Vec<u32> = loader.epoch(0).flat_map(|batch| batch.unwrap().labels).collect();
    // The first four shards of the epoch come first, all their samples shuffled.
    let mut first: Vec<_> = labels[..16].iter().map(|label| label / 4).collect();
    assert!(first.windows(2).filter(|pair| pair[0] != pair[1]).count() > 4, "{labels:?}");
    first.sort_unstable();
    first.dedup();
    assert_eq!(first.len(), 4, "{labels:?}");
    let mut all = labels.clone();
    all.sort_unstable();
    assert_eq!(all, (0..28).collect::<Vec<_>>());
    // What was unpacked has no name, and leaves nothing behind.
    assert_eq!(fs::read_dir(unpacked.path()).unwrap().count(), 0);

    let name = |error: String| error.replace(&format!("{}/", folder.path().display()), "");
    let large = name(refusal(TarShards::builder().largest_unpacked(2000).open([&shards[1]])));
    assert!(large.contains("1.tar.gz: ") && large.contains("more than 2000 bytes when unpacked"), "{large}");
    let whole = fs::read(&shards[1]).unwrap();
    let cut = name(refusal(TarShards::open([write(folder.path(), "cut.tar.gz", &whole[..whole.len() - 20])])));
    assert!(cut.starts_with("cut.tar.gz: "), "{cut}");
    let frame = fs::read(&shards[0]).unwrap();
    let cut = name(refusal(TarShards::open([write(folder.path(), "cut.tar.zst", &frame[..frame.len() - 2000])])));
    assert!(cut.starts_with("cut.tar.zst: ") && cut.contains("unreadable zstd data"), "{cut}");
}

/// As many shards as ImageNet has in its usual form, named by braces. The process may have 256 files open, and has 64.
#[test]
fn shards_are_open_only_while_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let image = png(1);
    for i in 0..1024 {
        let shard = tar(&[("0.png", &image), ("0.cls", i.to_string().as_bytes())]);
        write(folder.path(), &format!("train-{i:04}.tar"), &shard);
    }
    let dataset = TarShards::open([folder.path().join("train-{0000..1023}.tar")]).unwrap();
    assert_eq!(dataset.len(), 1024);
    for i in (0..1024).step_by(3).chain((0..1024).rev().step_by(5)) {
        assert_eq!(dataset.read(i).unwrap().label(), i as u32);
    }
    #[cfg(target_os = "linux")]
    {
        let in_folder = |link: PathBuf| fs::read_link(link).is_ok_and(|target| target.starts_with(folder.path()));
        let open = fs::read_dir("/proc/self/fd").unwrap().filter(|fd| in_folder(fd.as_ref().unwrap().path())).count();
        assert!((1..=64).contains(&open), "{open} shards are open");
    }
    // A shard that is not the one that was opened is noticed where it is read.
    let shard = fs::read(folder.path().join("train-0700.tar")).unwrap();
    write(folder.path(), "train-0700.tar", &shard[..2000]);
    let changed = refusal(dataset.read(700));
    let length = shard.len();
    assert!(changed.ends_with(&format!("it changed: it had {length} bytes when it was opened, and has 2000")));
}

#[test]
fn what_is_no_plain_file_in_a_shard_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, target) in [
        ("1.png", EntryType::Symlink, "../../etc/passwd"),
        ("2.png", EntryType::Link, "0.png"),
        ("3.png", EntryType::Fifo, ""),
        ("4.png", EntryType::Char, ""),
        ("folder.png/", EntryType::Directory, ""),
    ] {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        // A link has no contents, whatever its header says.
        header.set_size(if kind == EntryType::Symlink { 100_000 } else { 0 });
        header.set_path(name).unwrap();
        if !target.is_empty() {
            header.set_link_name_literal(target).unwrap();
        }
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    }
    add(&mut builder, "5.png", b"", EntryType::GNUSparse);
    let shard = write(folder.path(), "s.tar", &builder.into_inner().unwrap());
    let dataset = TarShards::builder().labels(Labels::None).open([shard]).unwrap();
    let only = |name: &str, what: &str| {
        let reason = format!("{name}.png is {what}, and only plain files are read");
        (name.to_string(), Err(reason))
    };
    let expected = [
        only("1", "a link to ../../etc/passwd"),
        only("2", "a link to 0.png"),
        only("3", "a named pipe"),
        only("4", "a device"),
        only("5", "a sparse file"),
    ];
    assert_eq!(samples(&dataset), expected);
}

#[test]
fn malformed_shards_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let png = png(1);
    let good = tar(&[("1.png", &png), ("1.cls", b"0"), ("2.png", &png), ("2.cls", b"1")]);
    let refused = |error: String| error.replace(&format!("{}/", folder.path().display()), "");
    let open = |bytes: &[u8]| refused(refusal(TarShards::open([write(folder.path(), "s.tar", bytes)])));
    let no_samples = "s.tar: the shard has no samples (";
    assert!(open(b"").starts_with(no_samples));
    assert!(open(&tar(&[("a.txt", b"words")])).starts_with(no_samples));
    let chosen = TarShards::builder().image_extensions(["tif"]).open([write(folder.path(), "s.tar", &good)]);
    // Labels without images are broken samples, and not none.
    assert_eq!(chosen.unwrap().broken(), 2);
    let compressed = |name| format!("s.tar: the shard is compressed with {name}; plain, gzip and zstd shards are read");
    assert_eq!(open(b"BZh91AY"), compressed("bzip2"));
    assert_eq!(open(&[0xFD, b'7', b'z', b'X', b'Z', 0]), compressed("xz"));
    let text = open("this is no tar file. ".repeat(100).as_bytes());
    assert!(text.starts_with("s.tar: not a readable tar file: byte 0: "), "{text}");
    let mut sum = good.clone();
    sum[3] = b'x';
    assert_eq!(open(&sum), "s.tar: not a readable tar file: byte 0: the sum of a header is wrong");
    // Within a header, and within the image of the second sample.
    let second = 512 * (1 + png.len().div_ceil(512) + 2);
    let header = open(&good[..second + 100]);
    assert_eq!(header, format!("s.tar: not a readable tar file: byte {second}: it ends within a header"));
    let image = second + 512;
    assert_eq!(
        open(&good[..image + 40]),
        format!(
            "s.tar: truncated: 2.png has {} bytes from byte {}, and the shard ends at byte {}",
            png.len(),
            image,
            image + 40
        )
    );
    // A size that no file has, in the header and in PAX, and a name of half a gigabyte.
    let mut lie = Header::new_gnu();
    lie.set_path("1.png").unwrap();
    lie.set_size(u64::MAX);
    lie.set_cksum();
    assert!(open(lie.as_bytes()).starts_with("s.tar: truncated: 1.png has 18446744073709551615 bytes from byte 512"));
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("size", &b"99999999999999999999"[..])]).unwrap();
    add(&mut builder, "1.png", &png, EntryType::Regular);
    let pax = open(&builder.into_inner().unwrap());
    assert_eq!(pax, "s.tar: not a readable tar file: the PAX size `99999999999999999999`");
    let mut name = Header::new_gnu();
    name.set_path("././@LongLink").unwrap();
    name.set_entry_type(EntryType::GNULongName);
    name.set_size(1 << 29);
    name.set_cksum();
    let long = open(name.as_bytes());
    assert!(long.contains("a name or its fields have 536870912 bytes, and at most 1048576 are read"), "{long}");
    // A file with a hole claims more than there is memory.
    let shard = write(folder.path(), "hole.tar", &good);
    let mut huge = Header::new_gnu();
    huge.set_path("1.png").unwrap();
    huge.set_size(1 << 40);
    huge.set_cksum();
    fs::write(&shard, huge.as_bytes()).unwrap();
    fs::OpenOptions::new().write(true).open(&shard).unwrap().set_len((1 << 40) + 1024).unwrap();
    let hole = TarShards::builder().labels(Labels::None).open([shard]).unwrap();
    assert_eq!(refusal(hole.read(0)), "1.png has 1099511627776 bytes, and at most 536870912 are read");

    assert_eq!(refusal(TarShards::open::<&str>([])), "tar shards: expected at least one file");
    let missing = refused(refusal(TarShards::open([folder.path().join("{a,b}.tar")])));
    assert!(missing.starts_with("a.tar: "), "{missing}");
    assert_eq!(
        refused(refusal(TarShards::open([folder.path()]))),
        format!("{}: expected a regular file, got a folder", folder.path().display())
    );
}

/// Opening a named pipe would wait for ever.
#[cfg(unix)]
#[test]
fn a_named_pipe_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("p.tar");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let refused = refusal(TarShards::open([&pipe]));
    assert_eq!(refused, format!("{}: expected a regular file, got a pipe, a socket or a device", pipe.display()));
}

/// Bytes changed, cut off and repeated: a shard is taken or refused, and a panic of a decompressor is an error too.
#[test]
fn mutated_shards_are_taken_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let plain = fs::read(case("tar-one-without-label.tar")).unwrap();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("path", &b"a.png"[..]), ("size", &png(1).len().to_string().into_bytes())]).unwrap();
    add(&mut builder, "short", &png(1), EntryType::Regular);
    add(&mut builder, &format!("{}.cls", "n".repeat(150)), b"4", EntryType::Regular);
    let named = builder.into_inner().unwrap();
    // As the command line of zstd writes it, with a sum.
    let packed = fs::read(case("shard.tar.zst")).unwrap();
    assert_eq!(samples(&TarShards::open([case("shard.tar.zst")]).unwrap()).len(), 3);
    let seeds = [&plain, &named, &packed, &gzip(&plain)];
    let (mut taken, mut refused) = (0, 0);
    for i in 0..1200 {
        let mut bytes = seeds[i % seeds.len()].clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..bytes.len());
            match rng.random_range(0..4) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.extend_from_within(at..),
                _ => bytes[at] = rng.random(),
            }
        }
        let shard = write(folder.path(), "s", &bytes);
        match TarShards::builder().mask_extensions(["cls"]).largest_unpacked(1 << 20).open([shard]) {
            Ok(dataset) => {
                taken += 1;
                samples(&dataset);
            }
            Err(_) => refused += 1,
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}
