//! Markdown pages, cut into prose, code blocks and links.

use std::path::{Path, PathBuf};

/// The pages that this program checks, as paths from the repository's root.
pub const PAGES: [&str; 26] = [
    "README.md",
    "docs/guide.md",
    "docs/conventions.md",
    "docs/benchmarks.md",
    "docs/architecture.md",
    "docs/gallery/README.md",
    "docs/python/ddp.md",
    "docs/python/hugging-face.md",
    "docs/python/jax.md",
    "docs/python/lightning.md",
    "docs/python/names.md",
    "docs/python/ray.md",
    "docs/python/torch.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "RELEASE.md",
    "SECURITY.md",
    "photos/README.md",
    "examples/README.md",
    "examples/train/README.md",
    "benches/files/README.md",
    "benches/peers/README.md",
    "python/README.md",
    "python/benches/README.md",
    "search/benches/README.md",
    "search/examples/transfer/README.md",
];

/// One page with its text.
pub struct Page {
    pub path: &'static str,
    pub text: String,
}

/// A fenced block of code.
#[derive(Debug, PartialEq)]
pub struct Block {
    /// The line of the opening fence, from 1.
    pub line: usize,
    pub language: String,
    /// The line before the fence.
    pub before: String,
    pub code: String,
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn pages() -> Vec<Page> {
    PAGES.map(|path| Page { path, text: read(path) }).into()
}

/// The Markdown files of a folder.
pub fn markdown_files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    files.sort();
    files
}

impl Page {
    /// The lines outside blocks of code and comments, with their numbers from 1.
    pub fn lines(&self) -> Vec<(usize, &str)> {
        let mut lines = Vec::new();
        let (mut in_code, mut in_comment) = (false, false);
        for (number, line) in (1..).zip(self.text.lines()) {
            let is_fence = line.trim_start().starts_with("```");
            in_comment |= line.starts_with("<!--");
            if !is_fence && !in_code && !in_comment {
                lines.push((number, line));
            }
            in_code ^= is_fence;
            in_comment &= !line.contains("-->");
        }
        lines
    }

    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        let mut before = "";
        for (line, text) in (1..).zip(self.text.lines()) {
            match text.trim_start().strip_prefix("```") {
                Some(language) if !open => {
                    let (language, before) = (language.to_string(), before.to_string());
                    blocks.push(Block { line, language, before, code: String::new() });
                    open = true;
                }
                Some(_) => open = false,
                None if open => {
                    let block = blocks.last_mut().expect("a block is open");
                    block.code += text;
                    block.code.push('\n');
                }
                None => {}
            }
            before = text;
        }
        blocks
    }

    /// Paragraphs and list items, each with the number of its first line. Headings and tables are left out.
    pub fn paragraphs(&self) -> Vec<(usize, String)> {
        let mut paragraphs: Vec<(usize, String)> = Vec::new();
        let mut last = 0;
        for (number, line) in self.lines() {
            let trimmed = line.trim();
            let numbered = trimmed.split_once(". ").is_some_and(|(n, _)| n.parse::<u32>().is_ok());
            let begins = numbered || ["* ", "- ", "> "].iter().any(|mark| trimmed.starts_with(mark));
            if trimmed.is_empty() || trimmed.starts_with(['#', '|']) {
                continue;
            }
            let text = if begins { trimmed.split_once(' ').map_or("", |(_, text)| text) } else { trimmed };
            match paragraphs.last_mut() {
                Some((_, paragraph)) if !begins && last + 1 == number => {
                    paragraph.push(' ');
                    paragraph.push_str(text);
                }
                _ => paragraphs.push((number, text.to_string())),
            }
            last = number;
        }
        paragraphs
    }

    /// The targets of all links and images.
    pub fn targets(&self) -> Vec<(usize, String)> {
        let mut targets = Vec::new();
        for (number, line) in self.lines() {
            let mut rest = line;
            while let Some((_, after)) = rest.split_once("](") {
                let (target, after) = after.split_once(')').unwrap_or((after, ""));
                targets.push((number, target.to_string()));
                rest = after;
            }
        }
        targets
    }

    /// The anchors that a code host makes of the headings.
    pub fn anchors(&self) -> Vec<String> {
        let headings =
            self.lines().into_iter().filter_map(|(_, line)| Some(line.strip_prefix('#')?.trim_start_matches('#')));
        let kept = |c: &char| c.is_alphanumeric() || *c == '-' || *c == ' ';
        headings.map(|h| h.trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
    }
}

#[test]
fn a_page_is_cut_into_its_parts() {
    let text =
        "# A b, c\n\nOne [two](three.md)\nfour.\n* five\n  six\n\n| a |\n\n<!-- no -->\n```sh\nls\n```\n".to_string();
    let page = Page { path: "page.md", text };
    let paragraphs = [(3, "One [two](three.md) four.".to_string()), (5, "five six".to_string())];
    assert_eq!(page.paragraphs(), paragraphs);
    assert_eq!(page.targets(), [(3, "three.md".to_string())]);
    assert_eq!(page.anchors(), ["a-b-c"]);
    let block = Block { line: 11, language: "sh".into(), before: "<!-- no -->".into(), code: "ls\n".into() };
    assert_eq!(page.blocks(), [block]);
}
