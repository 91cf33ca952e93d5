//! Keys: which files make a sample, in any number of shards, read in any order.

use std::fs;
use std::path::PathBuf;

use autoaugment::loader::{Dataset, Loader, OnError, TarShards};
use tar::EntryType;

use super::super::images::{cropper, picture, refusal, rgb, size};
use super::{add, case, good, png, samples, tar, write};

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
