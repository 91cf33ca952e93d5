//! The wall between the two wings: `compile` never names wgpu.

use std::path::{Path, PathBuf};

/// The Rust files below a folder of this crate's sources.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Lines of code that name wgpu: comments may.
fn names_wgpu(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.filter(|line| line.contains("wgpu")).collect()
}

#[test]
fn compile_never_names_wgpu() {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gpu/compile"));
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(names_wgpu(&text), [""; 0], "{}", file.display());
    }
}

/// The check above must be able to fail.
#[test]
fn a_line_that_names_wgpu_is_found() {
    let text = "// wgpu may be named here\nuse wgpu::Buffer;\nfn f(_: &::wgpu::Device) {}";
    assert_eq!(names_wgpu(text), ["use wgpu::Buffer;", "fn f(_: &::wgpu::Device) {}"]);
}
