//! The walls inside this module: `compile` knows neither `device` nor wgpu, `device` knows `compile`, and only the
//! files beside them know both.

use std::path::{Path, PathBuf};

/// The Rust files below a folder.
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

/// The files of a folder of `src`: where each is below it, and its text.
fn wing(name: &str) -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&src.join(name));
    assert!(files.len() > 9, "{files:?}");
    let relative = |path: &Path| path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
    files.iter().map(|path| (relative(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// Lines of code that name wgpu; comments may.
fn names_wgpu(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.filter(|line| line.contains("wgpu")).collect()
}

/// The modules of `gpu` that a file of it imports from: `device`, say, and nothing for `gpu` itself.
fn imports(file: &str, text: &str) -> Vec<String> {
    let mut module: Vec<&str> = file.trim_end_matches(".rs").trim_end_matches("/mod").split('/').collect();
    let mut found = Vec::new();
    for line in text.lines().map(|line| line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub "))
    {
        if line.starts_with("mod tests {") {
            module.push("tests");
        }
        let Some(path) = line.strip_prefix("use ") else { continue };
        // Up to the braces, or the name itself.
        let mut steps: Vec<&str> = path.split("::").map(|step| step.trim_end_matches(';')).collect();
        steps.pop();
        let supers = steps.iter().filter(|step| **step == "super").count();
        let absolute = match steps.first() {
            Some(&"crate") => steps[1..].to_vec(),
            Some(&("super" | "self")) => {
                let up = &module[..module.len() - supers];
                [up, &steps[supers.max(1)..]].concat()
            }
            _ => continue,
        };
        if absolute.first() == Some(&"gpu") {
            found.push(absolute.get(1).unwrap_or(&"").to_string());
        }
    }
    found
}

#[test]
fn compile_never_names_wgpu() {
    for (file, text) in wing("gpu/compile") {
        assert_eq!(names_wgpu(&text), [""; 0], "{file}");
    }
}

#[test]
fn imports_go_from_the_middle_to_the_device_to_the_compiler() {
    for (name, allowed) in [("compile", &["compile"][..]), ("device", &["compile", "device"])] {
        for (file, text) in wing(&format!("gpu/{name}")) {
            let others = imports(&file, &text).into_iter().filter(|other| !allowed.contains(&&**other));
            assert_eq!(others.collect::<Vec<_>>(), [""; 0], "{file}");
        }
    }
}

/// The other device has the compiler in common with wgpu's, and nothing else.
#[test]
fn cuda_imports_only_the_compiler() {
    for (file, text) in wing("cuda").iter().filter(|(file, _)| !file.contains("tests")) {
        let others = imports(file, text).into_iter().filter(|module| module != "compile");
        assert_eq!((names_wgpu(text), others.collect::<Vec<_>>()), (vec![], vec![]), "{file}");
    }
}

/// The checks above must be able to fail.
#[test]
fn what_breaks_the_walls_is_found() {
    let text = "// wgpu may be named here\nuse wgpu::Buffer;\nfn f(_: &::wgpu::Device) {}";
    assert_eq!(names_wgpu(text), ["use wgpu::Buffer;", "fn f(_: &::wgpu::Device) {}"]);
    let text = [
        "use super::tables::Tables;",
        "use super::super::device::Context;",
        "pub use crate::gpu::device::{",
        "  Pool,",
        "};",
        "use crate::gpu::Gpu;",
        "use crate::ops::Op;",
        "use super::super::Gpu;",
        "use std::fmt;",
        "mod tests {",
        "  use super::*;",
    ];
    assert_eq!(imports("gpu/compile/chunks.rs", &text.join("\n")), ["compile", "device", "device", "", "", "compile"]);
    assert_eq!(imports("gpu/compile/program/mod.rs", "use super::view::Frame;\nuse self::chain::f;"), ["compile"; 2]);
}
