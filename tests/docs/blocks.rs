//! Blocks of code: each has a language that says how it is tested.
//!
//! * `rust` runs as a doctest; `rust,no_run` is compiled by one.
//! * `python` runs in `python/tests`.
//! * `sh` runs in `scripts/check-docs`, as typed, if the page is the README or in `docs`.
//! * `console` does not run, and the comment before it says why.
//! * `text` is a drawing or an output.

use crate::markdown;

/// Blocks of commands on the README and in `docs` that no test runs. Each installs something on the machine.
const MOST_NOT_RUN: usize = 4;

#[test]
fn every_block_is_tested_or_says_why_not() {
    let mut not_run = 0;
    for page in markdown::pages() {
        for block in page.blocks() {
            let place = format!("{}:{}", page.path, block.line);
            match block.language.as_str() {
                "rust" | "rust,no_run" | "python" | "sh" | "text" => {}
                "console" => {
                    assert!(
                        block.before.starts_with("<!-- not run: "),
                        "{place}: the line before does not say why it is not run"
                    );
                    not_run += usize::from(page.path == "README.md" || page.path.starts_with("docs/"));
                }
                other => panic!("{place}: no test knows the language `{other}`"),
            }
        }
    }
    assert!(not_run <= MOST_NOT_RUN, "{not_run} blocks of commands on the README and in docs are not run");
}
