//! The picture of the spine: it shows the modules in the order of the layers, from the roof to the ground.

use std::path::{Path, PathBuf};

use crate::markdown::{self, root};

/// The quoted names of the list `LAYERS` in the test of the layers.
fn layers() -> Vec<String> {
    let file = find(&root().join("tests"), "layers.rs").expect("a test of the layers");
    let source = std::fs::read_to_string(file).unwrap();
    let (_, list) = source.split_once("const LAYERS").expect("a list of the layers");
    let (list, _) = list.split_once("];").expect("the end of the list");
    list.split('"').skip(1).step_by(2).map(str::to_string).collect()
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let here = entries.iter().find(|path| path.file_name().is_some_and(|n| n == name)).cloned();
    here.or_else(|| entries.iter().filter(|path| path.is_dir()).find_map(|folder| find(folder, name)))
}

#[test]
fn the_picture_has_the_layers_in_order() {
    let picture = markdown::read("docs/spine.svg");
    let boxes = picture.split("<text class=\"m\"").skip(1);
    let drawn: Vec<_> = boxes.map(|text| text.split(['>', '<']).nth(1).unwrap_or("").to_string()).collect();
    let mut from_the_roof = layers();
    from_the_roof.reverse();
    assert!(from_the_roof.len() > 10, "the list of layers was not read: {from_the_roof:?}");
    assert_eq!(drawn, from_the_roof, "docs/spine.svg, left, shows other layers than the list");
}
