//! Folders of classes: their order, what is left out, and what is refused.

use std::fs;
use std::path::Path;

use autoaugment::loader::{Dataset, ImageFolder};
use image::ImageFormat;

use super::images::{encoded, picture, refusal, rgb, size};

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
    assert_eq!(opened(), "root/cat: the class `cat` has no images (png, jpg, jpeg, webp, bmp, gif)");
    let missing = refusal(ImageFolder::open(folder.path().join("none")));
    assert!(missing.contains("none: No such file"), "{missing}");
}
