//! Unsafe code: each file that has some stands in the list of docs/architecture.md with its reason, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::markdown::{read, root};

#[test]
fn every_file_with_unsafe_code_is_listed() {
    let mut found = BTreeSet::new();
    for folder in ["src", "cli/src", "python/src"] {
        search(&root().join(folder), &mut found);
    }
    let page = read("docs/architecture.md");
    let (_, section) = page.split_once("\n## Unsafe code\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let listed = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: BTreeSet<String> = listed.map(ToString::to_string).collect();
    assert!(found.len() >= 5, "the search finds nothing");
    assert_eq!(listed, found);
}

/// The files of a folder that use the keyword outside of comments and of functions' types.
fn search(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let is_unsafe =
                |line: &str| ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"].iter().any(|w| line.contains(w));
            if code.into_iter().any(is_unsafe) {
                let path = path.strip_prefix(root()).unwrap();
                found.insert(path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"));
            }
        }
    }
}
