//! Folders of classes: their order, what is left out, and what is refused.

use std::fs;
use std::path::Path;

use autoaugment::loader::{Dataset, ImageFolder, Loader, OnError};
use image::ImageFormat;

use super::images::{encoded, identity, picture, refusal, rgb, size};

fn write(root: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
    fs::write(root.join(name), bytes).unwrap();
}

#[test]
fn classes_and_files_are_in_torchvisions_order() {
    let folder = tempfile::tempdir().unwrap();
    let png = encoded(picture(size(5, 3), 1), ImageFormat::Png);
    // In the order of `sorted(os.walk(class))` and, within a folder, of names; capitals first.
    let expected = [
        ("Dog/b.JPG", 0),
        ("Dog/z.png", 0),
        ("cat/10.png", 1),
        ("cat/9.png", 1),
        ("cat/a/1.jpeg", 1),
        ("cat/a-b/1.webp", 1),
        ("cat/a/x/1.bmp", 1),
        ("eel/deep/er/1.gif", 2),
    ];
    for (name, _) in expected {
        write(folder.path(), name, &png);
    }
    for left_out in ["cat/notes.txt", "cat/.hidden.png", "cat/.thumbs/1.png", ".git/1.png", "loose.png"] {
        write(folder.path(), left_out, &png);
    }
    let dataset = ImageFolder::open(folder.path()).unwrap();
    assert_eq!(dataset.classes(), ["Dog", "cat", "eel"]);
    let found: Vec<_> = (0..dataset.len())
        .map(|i| {
            let name = dataset.path(i).strip_prefix(folder.path()).unwrap().to_str().unwrap().replace('\\', "/");
            (name, dataset.read(i).unwrap().label())
        })
        .collect();
    // `a-b` and `a/x`: as text `-` comes before `/`, and `a` before both.
    assert_eq!(found, expected.map(|(name, label)| (name.to_string(), label)));
    // The format is the file's, whatever its extension.
    assert_eq!(rgb(&dataset.read(0).unwrap()), picture(size(5, 3), 1).into_raw());
    assert_eq!(dataset.name(1), folder.path().join("Dog/z.png").display().to_string());
}

#[test]
fn folders_without_images_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let opened = || refusal(ImageFolder::open(folder.path())).replace(&folder.path().display().to_string(), "root");
    assert_eq!(opened(), "root: expected one folder per class, got none");
    write(folder.path(), "cat/notes.txt", b"");
    assert!(opened().starts_with("root/cat: the class `cat` has no images (png, jpg, "), "{}", opened());
    let missing = refusal(ImageFolder::open(folder.path().join("none")));
    assert!(missing.contains("none: No such file"), "{missing}");
}

/// A file of a kind that cannot be decoded is a sample or is counted, and nothing else.
#[test]
fn files_of_other_kinds_are_counted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases/folder-with-ppm-and-tif");
    let dataset = ImageFolder::open(root).unwrap();
    assert_eq!((dataset.len(), dataset.left_out().len()), (4, 0));

    let folder = tempfile::tempdir().unwrap();
    let png = encoded(picture(size(5, 3), 1), ImageFormat::Png);
    write(folder.path(), "a/1.png", &png);
    write(folder.path(), "a/2.HEIC", b"a photograph");
    write(folder.path(), "a/.3.heic", b"hidden");
    write(folder.path(), "a/about.txt", b"words");
    let dataset = ImageFolder::open(folder.path()).unwrap();
    assert_eq!((dataset.len(), dataset.left_out().len()), (1, 1));
    assert_eq!(dataset.left_out()[0].path, folder.path().join("a/2.HEIC"));
    assert!(dataset.left_out()[0].reason.starts_with("HEIC files cannot be decoded"), "{:?}", dataset.left_out());
    write(folder.path(), "b/1.jxl", b"alone");
    let refused = refusal(ImageFolder::open(folder.path()));
    assert!(
        refused.contains("b: the class `b` has no images (") && refused.contains("1.jxl: JPEG XL files"),
        "{refused}"
    );
}

#[cfg(unix)]
#[test]
fn links_to_nothing_are_broken_samples() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let png = encoded(picture(size(5, 3), 1), ImageFormat::Png);
    write(folder.path(), "cat/1.png", &png);
    symlink("1.png", folder.path().join("cat/2.png")).unwrap();
    symlink("/nowhere/3.png", folder.path().join("cat/3.png")).unwrap();
    symlink("/nowhere/4.png", folder.path().join("cat/.4.png")).unwrap();
    symlink("/nowhere/more", folder.path().join("cat/more")).unwrap();
    let pipe = folder.path().join("cat/5.png");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let dataset = ImageFolder::open(folder.path()).unwrap();
    assert_eq!(dataset.len(), 3);
    let left_out: Vec<_> = dataset.left_out().iter().map(|file| file.reason.as_str()).collect();
    assert_eq!(left_out, ["it is no plain file", "it is a link to /nowhere/more, which does not exist"]);
    let reason = "it is a link to /nowhere/3.png, which does not exist";
    assert_eq!(refusal(dataset.read(2)), reason);
    let loader = Loader::builder(dataset, identity()).on_error(OnError::Skip).build().unwrap();
    let mut epoch = loader.epoch(0);
    assert_eq!(epoch.next().unwrap().unwrap().labels, [0, 0]);
    assert_eq!(epoch.failed().named[0].reason, reason);
    // A whole class may not vanish.
    symlink("/nowhere/dog", folder.path().join("dog")).unwrap();
    let refused = refusal(ImageFolder::open(folder.path()));
    assert!(refused.ends_with("dog: it is a link to /nowhere/dog, which does not exist"), "{refused}");
}

#[test]
fn classes_are_given_or_found() {
    let folder = tempfile::tempdir().unwrap();
    let png = encoded(picture(size(5, 3), 1), ImageFormat::Png);
    for name in ["train/cat/1.png", "train/dog/1.png", "train/dog/2.png", "val/dog/1.png", "val/eel/1.png"] {
        write(folder.path(), name, &png);
    }
    let labels =
        |dataset: &ImageFolder| (0..dataset.len()).map(|i| dataset.read(i).unwrap().label()).collect::<Vec<_>>();
    let train = folder.path().join("train");
    let given = ImageFolder::builder().classes(["dog", "cat"]).open(&train).unwrap();
    assert_eq!((given.classes(), labels(&given)), (&["dog".to_string(), "cat".to_string()][..], vec![0, 0, 1]));
    let missing = ImageFolder::builder().classes(["dog", "fox"]);
    assert!(refusal(missing.open(&train)).contains("fox"), "{}", refusal(missing.open(&train)));
    let lacking = missing.allow_empty_classes(true).open(&train).unwrap();
    assert_eq!((lacking.classes().len(), labels(&lacking)), (2, vec![0, 0]));
    let twice = refusal(ImageFolder::builder().classes(["cat", "cat"]).open(&train));
    assert!(twice.ends_with("the class list has `cat` twice"), "{twice}");

    let [train, val] = ImageFolder::builder().open_splits(folder.path(), ["train", "val"]).unwrap();
    assert_eq!((train.classes(), labels(&train)), (val.classes(), vec![0, 1, 1]));
    assert_eq!(labels(&val), [1, 2]);

    let first = ImageFolder::builder().filter(|path| path.ends_with("1.png"));
    assert_eq!(first.open(folder.path().join("train")).unwrap().len(), 2);
}

#[test]
fn a_split_keeps_the_same_part_of_each_class_apart() {
    let folder = tempfile::tempdir().unwrap();
    let png = encoded(picture(size(5, 3), 1), ImageFormat::Png);
    for (class, images) in [("a", 40), ("b", 10), ("c", 4)] {
        (0..images).for_each(|i| write(folder.path(), &format!("{class}/{i}.png"), &png));
    }
    let split = |seed| ImageFolder::open(folder.path()).unwrap().split(0.2, seed).unwrap();
    let names = |part: &dyn Dataset| (0..part.len()).map(|i| part.name(i)).collect::<Vec<_>>();
    let [train, val] = split(7);
    let labels = (0..val.len()).map(|i| val.read(i).unwrap().label()).collect::<Vec<_>>();
    assert_eq!(labels, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2]);
    assert_eq!((train.len() + val.len(), val.classes().len()), (54, 3));
    assert!(names(&val).iter().all(|name| !names(&train).contains(name)));
    assert_eq!(names(&split(7)[1]), names(&val));
    assert_ne!(names(&split(8)[1]), names(&val));
    let refused = refusal(ImageFolder::open(folder.path()).unwrap().split(1.5, 0));
    assert_eq!(refused, "a split: the fraction 1.5 is outside 0..=1");
}
