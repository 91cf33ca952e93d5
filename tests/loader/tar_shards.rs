//! Tar shards: samples by key, in any order, and each way to be malformed.

use std::fs;
use std::path::{Path, PathBuf};

use autoaugment::loader::{Dataset, TarShards};
use image::ImageFormat;

use super::images::{encoded, picture, refusal, rgb, size};

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn png(seed: u64) -> Vec<u8> {
    encoded(picture(size(6, 5), seed), ImageFormat::Png)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    fs::write(folder.join(name), bytes).unwrap();
    folder.join(name)
}

#[test]
fn samples_are_found_by_key_and_read_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let images: Vec<_> = (0..4).map(png).collect();
    let long = format!("{}/0003", "long".repeat(60));
    let one = tar(&[
        ("__meta__.json", b"not JSON"),
        ("a/0000.png", &images[0]),
        ("a/0000.cls", b"7\n"),
        ("a/0000.seg.png", b"a mask, which is no image of the sample"),
        // The parts need not be neighbors, and the label may come first.
        ("a/0001.json", br#"{"label": 12, "caption": "a cat"}"#),
        ("b/0000.JPG", &images[1]),
        ("a/0001.png", &images[2]),
        ("b/0000.json", br#"{"cls": 3}"#),
        ("about.txt", b"words"),
        ("LICENSE", b"words"),
    ]);
    let two = tar(&[(&format!("{long}.png"), &images[3]), (&format!("{long}.cls"), b"0")]);
    let shards = [write(folder.path(), "1.tar", &one), write(folder.path(), "2.tar", &two)];
    let dataset = TarShards::open(&shards).unwrap();
    let expected = [("a/0000", 7, 0), ("a/0001", 12, 2), ("b/0000", 3, 1), (&long, 0, 3)];
    assert_eq!(dataset.len(), expected.len());
    for index in [3, 0, 2, 1] {
        let (key, label, image) = expected[index];
        let sample = dataset.read(index).unwrap();
        assert_eq!((dataset.key(index), sample.label()), (key, label));
        assert_eq!(rgb(&sample), picture(size(6, 5), image).into_raw());
    }
    assert_eq!(dataset.name(1), format!("a/0001 in {}", shards[0].display()));
}

#[test]
fn malformed_shards_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let png = png(1);
    let good = tar(&[("1.png", &png), ("1.cls", b"0"), ("2.png", &png), ("2.cls", b"1")]);
    let open = |bytes: &[u8]| {
        let shard = write(folder.path(), "s.tar", bytes);
        refusal(TarShards::open([shard])).replace(&format!("{}/", folder.path().display()), "")
    };
    let no_samples = "s.tar: the shard has no samples (png, jpg, jpeg, webp, bmp, gif)";
    assert_eq!(open(b""), no_samples);
    assert_eq!(open(&tar(&[("a.txt", b"words")])), no_samples);
    let compressed = |name| {
        format!(
            "s.tar: the shard is compressed with {name}; decompress it to a plain .tar, which can be read in any order"
        )
    };
    assert_eq!(open(&[0x1F, 0x8B, 8, 0]), compressed("gzip"));
    assert_eq!(open(b"BZh91AY"), compressed("bzip2"));
    assert_eq!(open(&[0x28, 0xB5, 0x2F, 0xFD, 0]), compressed("zstd"));
    assert_eq!(open(&[0xFD, b'7', b'z', b'X', b'Z', 0]), compressed("xz"));
    let text = open("this is no tar file. ".repeat(100).as_bytes());
    assert!(text.starts_with("s.tar: not a readable tar file: "), "{text}");
    // Within a header, and within the image of the second sample.
    let header = open(&good[..700 + 512]);
    assert!(header.starts_with("s.tar: not a readable tar file: "), "{header}");
    let image = 512 * (1 + png.len().div_ceil(512) + 2 + 1);
    assert_eq!(
        open(&good[..image + 40]),
        format!(
            "s.tar: truncated: 2.png has {} bytes from byte {}, and the shard ends at byte {}",
            png.len(),
            image,
            image + 40
        )
    );
    let sample = |files: &[(&str, &[u8])]| open(&tar(files));
    assert_eq!(
        sample(&[("1.png", &png)]),
        "s.tar: sample `1` has no label: no .cls, and no .json with `label` or `cls`"
    );
    assert_eq!(
        sample(&[("1.png", &png), ("1.json", b"{}")]),
        "s.tar: sample `1` has no label: no .cls, and no .json with `label` or `cls`"
    );
    assert_eq!(
        sample(&[("1.cls", b"0"), ("2.png", &png), ("2.cls", b"0")]),
        "s.tar: sample `1` has a label and no image (png, jpg, jpeg, webp, bmp, gif)"
    );
    assert_eq!(sample(&[("1.png", &png), ("1.jpg", &png)]), "s.tar: sample `1` has two images, the second in 1.jpg");
    assert_eq!(
        sample(&[("1.png", &png), ("1.cls", b"cat")]),
        "s.tar: 1.cls: expected a class number as label, got `cat`"
    );
    assert_eq!(sample(&[("1.json", br#"{"label": -1}"#)]), "s.tar: 1.json: expected a class number as label, got `-1`");
    let json = sample(&[("1.json", b"{")]);
    assert!(json.starts_with("s.tar: 1.json: unreadable JSON: "), "{json}");
    assert_eq!(refusal(TarShards::open::<&str>([])), "tar shards: expected at least one file");
}
