//! Any kind of data set is opened by its paths, and a label is known without its image.

use std::fs;
use std::path::Path;

use autoaugment::loader;
use image::ImageFormat;

use super::images::{encoded, picture, size};
use super::tar_shards::tar;

fn put(root: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn png(seed: u64) -> Vec<u8> {
    encoded(picture(size(5, 4), seed), ImageFormat::Png)
}

/// A folder with each kind of data set; each has two samples with the labels 0 and 1.
fn data() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "classes/cat/1.png", png(1));
    put(root, "classes/dog/1.png", png(2));
    put(root, "classes/notes.tar", "no shard, since there are folders");
    let shard = tar(&[("0.png", &png(1)), ("0.cls", b"0"), ("1.png", &png(2)), ("1.cls", b"1")]);
    put(root, "shards/a.tar", shard);
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2][..], &[9; 4]].concat();
    put(root, "idx/train-images-idx3-ubyte", &images);
    put(root, "idx/train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 0, 1]);
    put(root, "idx/t10k-images-idx3-ubyte", "for testing");
    let record = |labels: &[u8]| [labels, &[7; 3072]].concat();
    put(root, "cifar10/data_batch_1.bin", record(&[0]));
    put(root, "cifar10/data_batch_2.bin", record(&[1]));
    put(root, "cifar10/test_batch.bin", record(&[3]));
    put(root, "cifar100/train.bin", [record(&[9, 0]), record(&[9, 1])].concat());
    folder
}

#[test]
fn every_kind_is_opened_by_its_paths() {
    let folder = data();
    let root = folder.path();
    for paths in [
        vec!["classes"],
        vec!["shards"],
        vec!["shards/a.tar"],
        vec!["shards/{a,a}.tar"],
        vec!["idx"],
        vec!["idx/train-images-idx3-ubyte"],
        vec!["idx/train-labels-idx1-ubyte", "idx/train-images-idx3-ubyte"],
        vec!["cifar10"],
        vec!["cifar10/data_batch_1.bin", "cifar10/data_batch_2.bin"],
        vec!["cifar100"],
    ] {
        let dataset = loader::open(paths.iter().map(|path| root.join(path))).unwrap();
        let expected = if paths[0].contains('{') { vec![0, 1, 0, 1] } else { vec![0, 1] };
        let labels: Vec<u32> = (0..dataset.len()).map(|index| dataset.label(index).unwrap()).collect();
        let read: Vec<u32> = (0..dataset.len()).map(|index| dataset.read(index).unwrap().label()).collect();
        assert_eq!((labels, read), (expected.clone(), expected), "{paths:?}");
    }
}

#[test]
fn a_label_is_known_without_its_image() {
    let folder = data();
    let root = folder.path();
    put(root, "classes/dog/1.png", "broken");
    put(root, "shards/a.tar", tar(&[("0.png", &png(1)), ("1.png", b"broken"), ("1.cls", b"1")]));
    let open = |name: &str| loader::open([root.join(name)]).unwrap();
    for name in ["classes", "shards"] {
        assert!(open(name).read(1).is_err() && open(name).label(1) == Ok(1), "{name}");
    }
    // Without a label there is none to know.
    assert!(open("shards").label(0).is_err());
}

#[test]
fn paths_of_no_kind_or_of_several_are_refused() {
    let folder = data();
    let root = folder.path();
    put(root, "splits/train/cat/1.png", png(1));
    put(root, "splits/val/cat/1.png", png(1));
    put(root, "notes.txt", "words");
    for (paths, expected) in [
        (vec!["none"], "none: No such file"),
        (vec!["notes.txt"], "notes.txt: expected a folder of class folders, tar shards"),
        (vec!["splits"], "it has the splits `train` and `val`; open one of them"),
        (vec!["shards/a.tar", "cifar100/train.bin"], "files of several kinds, and a data set has one"),
        (vec!["classes", "idx"], "classes: expected a folder of class folders"),
        (vec!["idx/train-labels-idx1-ubyte"], "expected one IDX file of images, and at most one of their labels"),
        (vec![], "data: expected at least one path"),
    ] {
        let refused = loader::open(paths.iter().map(|path| root.join(path))).err().unwrap().to_string();
        assert!(refused.contains(expected), "{paths:?}: {refused}");
    }
}
