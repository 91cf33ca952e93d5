//! Links: each leads to a file and a heading that are there, and every page of docs is tested and linked.

use std::path::Path;

use crate::markdown::{self, PAGES, Page, root};

/// What is wrong with the links of a page. Links inside the repository are relative: they work in a clone and on a code
/// host, and a registry resolves them and pictures against the `repository` of Cargo.toml.
fn dangling(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    let folder = root().join(page.path).parent().expect("a page is in a folder").to_path_buf();
    for (line, target) in page.targets() {
        if target.contains("://") {
            continue;
        }
        let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
        let file = if path.is_empty() { root().join(page.path) } else { folder.join(path) };
        let has_anchor = || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            Page { path: "", text }.anchors().iter().any(|there| there == anchor)
        };
        if !file.exists() || !(anchor.is_empty() || has_anchor()) {
            found.push(format!("{}:{line}: {target} is not there", page.path));
        }
    }
    found
}

/// Paths of files that a page names as code, and dates of measurements.
fn dangling_names(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    for (line, text) in page.lines() {
        let mut pieces = text.split('`');
        while let (Some(_), Some(code)) = (pieces.next(), pieces.next()) {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
            let top = code.split('/').next().unwrap_or("");
            let is_path =
                code.contains('/') && code.chars().all(is_name) && !top.is_empty() && root().join(top).is_dir();
            if is_path && top != "target" && !root().join(code).exists() {
                found.push(format!("{}:{line}: `{code}` is not there", page.path));
            }
        }
        for date in text.split(|c: char| !c.is_ascii_digit() && c != '-').filter(|word| is_date(word)) {
            if !measured(date) {
                found.push(format!("{}:{line}: no results of {date} are there", page.path));
            }
        }
    }
    found
}

fn is_date(word: &str) -> bool {
    let parts: Vec<_> = word.split('-').map(str::len).collect();
    parts == [4, 2, 2]
}

/// Whether `benches/results` has a file of that day.
fn measured(date: &str) -> bool {
    let devices = std::fs::read_dir(root().join("benches/results")).unwrap().map(|entry| entry.unwrap().path());
    let names = ["", "files-", "gpu-", "operations-", "python-"].map(|kind| format!("{kind}{date}.csv"));
    devices.into_iter().any(|device| names.iter().any(|name| device.join(name).exists()))
}

#[test]
fn links_lead_somewhere() {
    let found: Vec<_> =
        markdown::pages().iter().flat_map(|page| [dangling(page), dangling_names(page)].concat()).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn dangling_links_are_found() {
    let text =
        "[a](b.md) [c](../README.md#d) [e](../README.md#install) `src/f.rs` `src/lib.rs` 1999-01-01\n".to_string();
    let page = Page { path: "docs/page.md", text };
    let missing = ["b.md", "../README.md#d"].map(|target| format!("docs/page.md:1: {target} is not there"));
    assert_eq!(dangling(&page), missing);
    let missing = ["`src/f.rs` is not there", "no results of 1999-01-01 are there"];
    assert_eq!(dangling_names(&page), missing.map(|what| format!("docs/page.md:1: {what}")));
}

/// The registry resolves the README's links against this address.
#[test]
fn the_repository_has_an_address() {
    let manifest = markdown::read("Cargo.toml");
    assert!(manifest.lines().any(|line| line.starts_with("repository = \"https://")), "Cargo.toml has no `repository`");
}

/// A page that no list has would have untested code and unchecked prose.
#[test]
fn every_page_is_known() {
    let library = markdown::read("src/lib.rs");
    let readme = markdown::read("README.md");
    for path in markdown::markdown_files("docs") {
        let name = path.strip_prefix(root()).map(Path::to_str).unwrap().expect("names are ASCII").replace('\\', "/");
        assert!(PAGES.contains(&name.as_str()), "tests/docs/markdown.rs does not list {name}");
        assert!(
            library.contains(&format!("include_str!(\"../{name}\")")),
            "src/lib.rs does not test the code of {name}"
        );
        assert!(readme.contains(&format!("]({name})")), "the README does not link {name}");
    }
    assert!(library.contains("include_str!(\"../README.md\")"), "src/lib.rs does not test the code of README.md");
    // Their code is Python, which `python/tests` runs.
    let package = markdown::read("python/README.md");
    for path in markdown::markdown_files("docs/python") {
        let name = path.strip_prefix(root()).map(Path::to_str).unwrap().expect("names are ASCII").replace('\\', "/");
        assert!(PAGES.contains(&name.as_str()), "tests/docs/markdown.rs does not list {name}");
        assert!(package.contains(&format!("](../{name})")), "python/README.md does not link {name}");
    }
}
