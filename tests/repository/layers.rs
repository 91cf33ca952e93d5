//! Layers: the library's modules in one order, in which each imports only those below it.
//!
//! The imports are read from the source: `use` lines, and paths that begin with `crate::` or leave a module by
//! `super::`. Comments and test code do not count, and neither does a module that names its children.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules from the ground to the roof.
const LAYERS: &[&str] = &[
    "error",
    "zeros",
    "threads",
    "json",
    "text",
    "call_syntax",
    "simd",
    "rgbx",
    "sample_index",
    "interpolation",
    "random",
    "batch",
    "magnitude",
    "output",
    "arithmetic",
    "draw",
    "ops",
    "convention",
    "policy",
    "schemes",
    "transform",
    "plan",
    "sampler",
    "report",
    "mixing",
    "cpu",
    "gpu",
    "cuda",
    "executor",
    "augmenter",
    "targets",
    "loader",
    "burn",
];

/// What each module imports: the names of other modules.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_module_imports_only_what_is_below_it() {
    let imports = library();
    for layer in LAYERS {
        let below = imports.get(*layer).into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
        println!("{layer}: {}", if below.is_empty() { "nothing".to_string() } else { below.join(", ") });
    }
    let refused = violations(&imports, LAYERS);
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// The check can fail: each of these is one import that it has to find.
#[test]
fn an_import_that_goes_up_is_found() {
    let cases: &[(&str, &str)] = &[
        ("ops/solarize.rs", "use crate::sampler::Sampler;"),
        ("ops/solarize.rs", "pub(crate) use crate::sampler::Sampler;"),
        ("ops/solarize.rs", "fn f() { crate::sampler::draw(); }"),
        ("ops/solarize.rs", "use super::super::sampler::Sampler;"),
        ("ops/mod.rs", "use super::sampler::Sampler;"),
        ("ops.rs", "use super::sampler::Sampler;"),
        ("ops/solarize.rs", "use crate::{\n    batch::Size,\n    sampler::{self, Sampler},\n};"),
        // A name at the root is its module's.
        ("ops/solarize.rs", "use crate::{Shape, Sampler};"),
        ("ops/solarize.rs", "mod inner { use super::super::super::sampler::Sampler; }"),
    ];
    for (file, code) in cases {
        let root = ("lib.rs", "pub use batch::Shape;\npub use sampler::Sampler;");
        let imports = gathered(&[root, ("batch.rs", ""), (file, code), ("sampler.rs", "")]);
        let refused = violations(&imports, &["batch", "ops", "sampler"]);
        assert_eq!(refused, ["`ops` imports `sampler`, which is not below it"], "{file}: {code}");
    }
    let unlisted = violations(&gathered(&[("attic/mod.rs", "")]), &["batch"]);
    assert_eq!(unlisted, ["`attic` is not in the list of layers", "`batch` is in the list of layers and not in src"]);
}

#[test]
fn what_is_no_import_is_not_found() {
    for code in [
        "mod sampler;",
        "/// See [`Sampler`](crate::sampler::Sampler).",
        "use crate::batch::Size;",
        "use super::sampler::Sampler; // a module of ops, not the one at the root",
        "#[cfg(test)]\nmod tests {\n    use crate::sampler::Sampler;\n}",
        "#[cfg(test)]\nuse crate::sampler::Sampler;",
    ] {
        let imports = gathered(&[("batch.rs", ""), ("ops/solarize.rs", code), ("sampler.rs", "")]);
        assert_eq!(violations(&imports, &["batch", "ops", "sampler"]), [""; 0], "{code}");
    }
    let tests = [("ops/mod.rs", "#[cfg(test)]\nmod checks;"), ("ops/checks.rs", "use crate::sampler::Sampler;")];
    assert_eq!(violations(&gathered(&tests), &["ops"]), [""; 0]);
}

/// One line for each import that does not go down, and for each module that is only in the source or only in `layers`.
fn violations(imports: &Imports, layers: &[&str]) -> Vec<String> {
    let floor = |module: &str| layers.iter().position(|layer| *layer == module);
    let mut found = Vec::new();
    for (module, imported) in imports {
        let Some(own) = floor(module) else {
            found.push(format!("`{module}` is not in the list of layers"));
            continue;
        };
        let not_below = imported.iter().filter(|other| floor(other).is_none_or(|floor| floor >= own));
        found.extend(not_below.map(|other| format!("`{module}` imports `{other}`, which is not below it")));
    }
    let missing = layers.iter().filter(|layer| !imports.contains_key(**layer));
    found.extend(missing.map(|layer| format!("`{layer}` is in the list of layers and not in src")));
    found
}

/// The imports of the library's modules.
fn library() -> Imports {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&src, &mut paths);
    let texts: Vec<(String, String)> = paths
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(texts.len() > 100, "only {} files in {}", texts.len(), src.display());
    gathered(&texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // Programs use the library from outside.
            if path.file_name().is_none_or(|name| name != "bin") {
                files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The imports between the modules of these files, named by their paths below `src`.
fn gathered(files: &[(&str, &str)]) -> Imports {
    let of_tests: Vec<String> = files.iter().flat_map(|(name, text)| test_modules(name, text)).collect();
    let root = files.iter().find(|(name, _)| *name == "lib.rs").map_or_else(BTreeMap::new, |(_, text)| exports(text));
    let mut imports = Imports::new();
    for (name, text) in files {
        let module = module_path(name);
        let Some(top) = module.first() else { continue };
        let path = module.join("/");
        if of_tests.iter().any(|test| path == *test || path.starts_with(&format!("{test}/"))) {
            continue;
        }
        let imported = imports.entry(top.clone()).or_default();
        for other in imported_by(&module, text) {
            let other = root.get(&other).cloned().unwrap_or(other);
            if other != *top {
                imported.insert(other);
            }
        }
    }
    imports
}

/// `ops`, `solarize` of `ops/solarize.rs`; nothing of `lib.rs`.
fn module_path(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_string).collect() }
}

/// The modules that a file has for tests only: a line `mod name;` behind a line `#[cfg(test)]`.
fn test_modules(file: &str, text: &str) -> Vec<String> {
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            continue;
        }
        let declared = lines.by_ref().find(|line| !line.trim().starts_with("#["));
        let name = declared.and_then(|line| line.split_once("mod ")?.1.strip_suffix(';'));
        found.extend(
            name.map(|name| module_path(file).into_iter().chain([name.to_string()]).collect::<Vec<_>>().join("/")),
        );
    }
    found
}

/// The module of each name that the crate's root re-exports.
fn exports(text: &str) -> BTreeMap<String, String> {
    let code = product_code(text);
    let lines = code.split(';').filter_map(|line| line.rsplit_once("pub use ").map(|(_, path)| path));
    // `pub use {half, wgpu}` re-exports crates.
    let lines = lines.filter(|path| !path.starts_with('{'));
    let of = |path: &str| {
        let names = path.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(str::to_string).collect();
        names[1..].iter().map(|name| (name.clone(), names[0].clone())).collect::<Vec<_>>()
    };
    lines.flat_map(of).collect()
}

/// The text without comments and without items for tests only.
fn product_code(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            skip_item(&mut lines);
            continue;
        }
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// Skips an item: its attributes, and its lines up to a semicolon or until all brackets that it opens are closed.
fn skip_item<'a>(lines: &mut impl Iterator<Item = &'a str>) {
    let mut open = 0i32;
    for line in lines {
        open += line.matches('{').count() as i32 - line.matches('}').count() as i32;
        let is_over = line.trim_end().ends_with([';', '}', ',']);
        if open == 0 && is_over && !line.trim_start().starts_with("#[") {
            return;
        }
    }
}

/// What a file of this module imports from the crate's root: modules, and names that the root re-exports.
fn imported_by(module: &[String], text: &str) -> Vec<String> {
    let code = product_code(text);
    let mut found = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$';
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        // `super::super::` is seen from its first word, `pub(in crate::..)` is no import.
        let before = &code[..at];
        if before.ends_with(is_word) || before.ends_with("in ") {
            continue;
        }
        let mut rest = &code[at..];
        // Blocks `mod name {` in a file are a floor more.
        let mut depth = module.len() + blocks(before);
        if let Some(tail) = rest.strip_prefix("crate::") {
            (rest, depth) = (tail, 0);
        }
        while let Some(tail) = rest.strip_prefix("super::") {
            (rest, depth) = (tail, depth - 1);
        }
        if depth == 0 {
            found.extend(heads(rest));
        }
    }
    found
}

/// How many blocks `mod name {` are open at the end of this code.
fn blocks(code: &str) -> usize {
    let mut open = Vec::new();
    for (at, c) in code.char_indices().filter(|(_, c)| "{}".contains(*c)) {
        if c == '{' {
            let item = code[..at].rsplit([';', '{', '}', ']']).next().unwrap_or_default();
            open.push(item.split_whitespace().any(|word| word == "mod"));
        } else {
            open.pop();
        }
    }
    open.iter().filter(|is_module| **is_module).count()
}

/// The first words of a path: one, or those of a list in braces.
fn heads(path: &str) -> Vec<String> {
    let word = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let Some(list) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut depth = 0;
    let mut found = Vec::new();
    let mut start = true;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            _ if start && (c.is_alphanumeric() || c == '_') => {
                found.push(word(&list[at..]));
                start = false;
            }
            _ => {}
        }
    }
    found
}
