//! IDX pairs: plain, compressed, and each way to be malformed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use autoaugment::loader::{ColorMode, Dataset, Idx};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::images::{refusal, size};

/// An IDX file of these dimensions.
fn idx(dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    dimensions.iter().for_each(|d| bytes.extend(d.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    fs::write(folder.join(name), bytes).unwrap();
    folder.join(name)
}

#[test]
fn plain_and_compressed_pairs_have_the_same_samples() {
    let folder = tempfile::tempdir().unwrap();
    let (images, labels) = (idx(&[3, 2, 4], &(0..24).collect::<Vec<_>>()), idx(&[3], &[7, 0, 9]));
    let plain = [write(folder.path(), "i", &images), write(folder.path(), "l", &labels)];
    let small = [write(folder.path(), "i.gz", &gzip(&images)), write(folder.path(), "l.gz", &gzip(&labels))];
    for [images, labels] in [plain, small] {
        let dataset = Idx::open(images, labels).unwrap();
        assert_eq!((dataset.len(), dataset.size()), (3, size(4, 2)));
        let sample = dataset.read(2).unwrap();
        assert_eq!((sample.label(), sample.size(), sample.channels()), (9, size(4, 2), 1));
        let mut gray = [0; 8];
        sample.decode_into(ColorMode::GrayOnly, &mut gray).unwrap();
        assert_eq!(gray, [16, 17, 18, 19, 20, 21, 22, 23]);
        let mut rgb = [0; 24];
        sample.decode_into(ColorMode::Rgb, &mut rgb).unwrap();
        assert_eq!(rgb[..6], [16, 16, 16, 17, 17, 17]);
    }
}

#[test]
fn malformed_pairs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<u8> = (0..24).collect();
    let images = idx(&[3, 2, 4], &values);
    let labels = idx(&[3], &[7, 0, 9]);
    let short = &images[..30];
    let long = [&images[..], &[1]].concat();
    let mut magic = images.clone();
    magic[1] = 1;
    let mut floats = images.clone();
    floats[2] = 0x0D;
    let cut_gzip = &gzip(&images)[..20];
    let cases: [(&[u8], &[u8], &str); 12] = [
        (b"", &labels, "i: expected an IDX header of 16 bytes, got 0 bytes"),
        (&images[..10], &labels, "i: expected an IDX header of 16 bytes, got 10 bytes"),
        (&magic, &labels, "i: not an IDX file: expected 00 00 at its start, got 00 01"),
        (&floats, &labels, "i: expected IDX values of type 0x08 (u8), got 0x0d"),
        (&labels, &labels, "i: expected an IDX header of 16 bytes, got 11 bytes"),
        (&idx(&[24], &values), &labels, "i: expected 3 IDX dimensions for images, got 1"),
        (&images, &images, "l: expected 1 IDX dimension for labels, got 3"),
        (short, &labels, "i: expected 40 bytes for the header's 3 x 2 x 4 values, got 30"),
        (&long, &labels, "i: expected 40 bytes for the header's 3 x 2 x 4 values, got 41"),
        (&images, &idx(&[2], &[1, 2]), "l: expected 3 labels, one per image of i, got 2"),
        (&idx(&[3, 0, 4], &[]), &labels, "i: batch: images of 4 x 0 pixels: both sides must be at least 1"),
        (
            &idx(&[u32::MAX; 3], &[]),
            &labels,
            "i: the header's 4294967295 x 4294967295 x 4294967295 values do not fit into memory",
        ),
    ];
    let open = |images: &[u8], labels: &[u8]| {
        let opened = Idx::open(write(folder.path(), "i", images), write(folder.path(), "l", labels));
        refusal(opened).replace(&format!("{}/", folder.path().display()), "")
    };
    for (images, labels, expected) in cases {
        assert_eq!(open(images, labels), expected);
    }
    // Compressed files are read to the end that their header promises and no further.
    let expected = "i: expected 40 bytes for the header's 3 x 2 x 4 values, got";
    assert_eq!(open(&gzip(short), &labels), format!("{expected} 30"));
    assert_eq!(open(&gzip(&[&images[..], &[0; 9000]].concat()), &labels), format!("{expected} 41 or more"));
    assert!(open(cut_gzip, &labels).starts_with("i: unreadable gzip data: "), "{}", open(cut_gzip, &labels));
    let missing = refusal(Idx::open(folder.path().join("none"), folder.path().join("l")));
    assert!(missing.contains("none: No such file"), "{missing}");
}
