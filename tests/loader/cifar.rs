//! CIFAR-10 and CIFAR-100: planes become pixels, records of all files are found, malformed files are refused.

use std::fs;

use autoaugment::loader::{Cifar, Cifar100Label, Dataset};

use super::images::{refusal, rgb, size};

/// Red, green and blue of a record count up from its number.
fn planes(number: u8) -> Vec<u8> {
    (0..3).flat_map(|c| (0..1024).map(move |i| number.wrapping_add(c * 80).wrapping_add((i % 50) as u8))).collect()
}

#[test]
fn records_of_all_files_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let record = |number: u8| [vec![number], planes(number)].concat();
    let files = [folder.path().join("1.bin"), folder.path().join("2.bin")];
    fs::write(&files[0], [record(0), record(1), record(2)].concat()).unwrap();
    fs::write(&files[1], [record(9), record(8)].concat()).unwrap();
    let dataset = Cifar::cifar10(&files).unwrap();
    assert_eq!(dataset.len(), 5);
    for (index, number) in [0, 1, 2, 9, 8].into_iter().enumerate() {
        let sample = dataset.read(index).unwrap();
        assert_eq!((sample.label(), sample.size()), (u32::from(number), size(32, 32)));
        let planes = planes(number);
        let pixels: Vec<u8> = (0..1024).flat_map(|i| [planes[i], planes[1024 + i], planes[2048 + i]]).collect();
        assert_eq!(rgb(&sample), pixels);
    }
    assert_eq!(dataset.name(4), format!("record 1 of {}", files[1].display()));
}

#[test]
fn cifar100_has_two_labels() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("train.bin");
    fs::write(&file, [vec![19, 99], planes(1)].concat()).unwrap();
    let label = |label| Cifar::cifar100([&file], label).unwrap().read(0).unwrap().label();
    assert_eq!((label(Cifar100Label::Coarse), label(Cifar100Label::Fine)), (19, 99));
}

#[test]
fn malformed_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f.bin");
    let open = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        refusal(Cifar::cifar10([&file])).replace(&format!("{}/", folder.path().display()), "")
    };
    assert_eq!(open(&[0; 3072]), "f.bin: expected whole records of 3073 bytes, got 3072 bytes");
    assert_eq!(open(&[]), "f.bin: expected whole records of 3073 bytes, got 0 bytes");
    assert_eq!(open(&[vec![0; 3073], vec![10; 3073]].concat()), "f.bin: record 1: expected a label below 10, got 10");
    fs::write(&file, [20; 3074]).unwrap();
    let coarse = refusal(Cifar::cifar100([&file], Cifar100Label::Coarse));
    assert!(coarse.ends_with("record 0: expected a label below 20, got 20"), "{coarse}");
    assert_eq!(refusal(Cifar::cifar10::<&str>([])), "CIFAR: expected at least one file");
}
