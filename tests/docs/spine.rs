//! The picture of the spine: the modules in the order of the layers, drawn from the list in the test of the layers.

use std::path::{Path, PathBuf};

use crate::markdown::{self, root};

const PICTURE: &str = "docs/spine.svg";

/// A row of the picture: its title, one line of explanation, its color, and its modules from the roof on.
type Band = (&'static str, &'static str, &'static str, &'static [&'static str]);

const BANDS: [Band; 7] = [
    ("Training", "files become batches for a framework", "#f3e8ff", &["burn", "loader", "targets"]),
    ("Front", "images and a policy become results", "#e0ecff", &["augmenter", "executor"]),
    ("Execution", "a plan becomes dispatches, or loops over bands of rows", "#d7f0ee", &["cuda", "gpu", "cpu"]),
    ("Plans", "seed, epoch and sample index become a plan", "#e3f4d9", &["mixing", "report", "sampler", "plan"]),
    ("Descriptions", "the operations that can be drawn", "#fdf3cf", &["transform", "schemes", "policy", "convention"]),
    ("Operations", "the pixels of one operation, with its reference", "#fde6d2", &["ops", "draw", "arithmetic"]),
    (
        "Ground",
        "bytes, sizes, forms, random streams, errors",
        "#ececec",
        &[
            "output",
            "magnitude",
            "batch",
            "random",
            "interpolation",
            "sample_index",
            "rgbx",
            "simd",
            "call_syntax",
            "text",
            "json",
            "threads",
            "zeros",
            "error",
        ],
    ),
];

const WIDTH: usize = 760;
const MARGIN: usize = 20;
/// Modules in one line of a band.
const IN_LINE: usize = 5;

fn picture() -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    for (title, explanation, color, modules) in BANDS {
        let has_wings = modules.contains(&"gpu");
        let height = 36 + 40 * modules.len().div_ceil(IN_LINE) + if has_wings { 24 } else { 0 };
        let (x, wide, line) = (MARGIN + 14, WIDTH - 2 * MARGIN, y + 23);
        body += &format!(
            "<rect x=\"{MARGIN}\" y=\"{y}\" width=\"{wide}\" height=\"{height}\" rx=\"8\" fill=\"{color}\"/>\n"
        );
        body += &format!("<text class=\"title\" x=\"{x}\" y=\"{line}\">{title}</text>\n");
        body += &format!("<text class=\"note\" x=\"{}\" y=\"{line}\">{explanation}</text>\n", x + 116);
        for (row, modules) in modules.chunks(IN_LINE).enumerate() {
            let (mut x, y) = (x, y + 34 + 40 * row);
            for module in modules {
                let (width, height) =
                    if *module == "gpu" { (330, 54) } else { (70.max(24 + 17 * module.len() / 2), 30) };
                body += &format!(
                    "<rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\"/>\n"
                );
                body += &format!("<text class=\"module\" x=\"{}\" y=\"{}\">{module}</text>\n", x + 11, y + 20);
                if *module == "gpu" {
                    for (x, wing) in [(x + 11, "compile: never names wgpu"), (x + 175, "device: buffers, pipelines")] {
                        body += &format!("<text class=\"note\" x=\"{x}\" y=\"{}\">{wing}</text>\n", y + 43);
                    }
                }
                x += width + 10;
            }
        }
        y += height + 12;
    }
    let height = y + 30;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\">\n\
         <title>The layers of the library, from the roof to the ground</title>\n\
         <style>\n\
         text {{ font-family: Helvetica, Arial, sans-serif; font-size: 14px; fill: #222 }}\n\
         .title {{ font-weight: bold }}\n\
         .note {{ font-size: 12.5px; fill: #555 }}\n\
         .module {{ font-family: Menlo, Consolas, monospace }}\n\
         .box {{ fill: #fff; stroke: #888 }}\n\
         </style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         {body}\
         <text class=\"note\" x=\"{MARGIN}\" y=\"{}\">A module imports only modules to its right and below it.</text>\n\
         </svg>\n",
        y + 14
    )
}

/// The names of the list `LAYERS`, from the ground to the roof.
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
    let drawn: Vec<_> = BANDS.iter().flat_map(|(.., modules)| *modules).copied().collect();
    let mut from_the_roof = layers();
    from_the_roof.reverse();
    assert_eq!(drawn, from_the_roof, "BANDS, left, has other modules than LAYERS");
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::write(root().join(PICTURE), picture()).unwrap();
    }
    assert!(markdown::read(PICTURE) == picture(), "{PICTURE} is out of date; run UPDATE_DOCS=1 cargo test --test docs");
}
