//! Makes one HTML file of the page: program, scripts, styles and samples are inside, so that it opens from a disk.
//!
//! `autoaugment-web-build PROGRAM.wasm LICENSES.txt PAGE/index.html OUT.html`. A line `<!-- inline NAME -->` of the
//! page stands for the file NAME beside it; scripts and styles get their tags. `program.js` and `program.wasm` are what
//! wasm-bindgen makes of the program, and `licenses.txt` is the list of licenses. Other binary files become base64.
//! What compresses well is compressed first: browsers can undo that.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

/// The most bytes of the finished page.
const MOST_BYTES: usize = 3_000_000;

/// The program as WebAssembly, the JavaScript that calls it, and the licenses of the crates in it.
struct Program {
    script: String,
    wasm: Vec<u8>,
    licenses: String,
}

fn main() -> anyhow::Result<()> {
    let paths: Vec<_> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [program, licenses, page, out] = &paths[..] else {
        bail!("expected four paths: the program, its licenses, the page, and the file to write");
    };
    let licenses = fs::read_to_string(licenses).with_context(|| licenses.display().to_string())?;
    ensure!(!licenses.trim().is_empty(), "there are no licenses");
    let program = bind(program, licenses).with_context(|| program.display().to_string())?;
    let html = inlined(page, &program)?;
    ensure!(html.len() <= MOST_BYTES, "the page has {} bytes and may have {MOST_BYTES}", html.len());
    fs::write(out, &html).with_context(|| out.display().to_string())?;
    let (all, inside) = (html.len(), program.wasm.len());
    println!("{}: {all} bytes; the program alone, not compressed: {inside}", out.display());
    Ok(())
}

/// A script for a page without modules, which a browser does not load from a disk.
fn bind(program: &Path, licenses: String) -> anyhow::Result<Program> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(program).out_name("program").typescript(false).omit_default_module_path(true);
    bindgen.remove_name_section(true).remove_producers_section(true).no_modules(true)?;
    let mut output = bindgen.generate_output()?;
    Ok(Program { script: output.js().to_string(), wasm: output.wasm_mut().emit_wasm(), licenses })
}

/// The page with all files in it.
fn inlined(page: &Path, program: &Program) -> anyhow::Result<String> {
    let folder = page.parent().unwrap_or(Path::new(""));
    let text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let mut html = String::new();
    for line in text.lines() {
        match line.trim().strip_prefix("<!-- inline ").and_then(|rest| rest.strip_suffix(" -->")) {
            Some(name) => html.push_str(&element(folder, name, program)?),
            None => html.push_str(line),
        }
        html.push('\n');
    }
    Ok(html)
}

/// The element that holds a file.
fn element(folder: &Path, name: &str, program: &Program) -> anyhow::Result<String> {
    let read = || fs::read(folder.join(name)).with_context(|| format!("{name} of the page"));
    let text = || String::from_utf8(read()?).with_context(|| name.to_string());
    Ok(match (name, name.rsplit_once('.').map(|(_, extension)| extension)) {
        ("program.js", _) => script(name, &program.script)?,
        ("program.wasm", _) => data("program", "application/wasm", &compressed(&program.wasm)?),
        ("licenses.txt", _) => format!("<pre tabindex=\"0\">\n{}</pre>", escaped(&program.licenses)),
        (_, Some("js")) => script(name, &text()?)?,
        (_, Some("css")) => format!("<style>\n{}</style>", text()?),
        (_, Some("jpg")) => data(name, "image/jpeg", &read()?),
        _ => bail!("{name}: a page has no such files"),
    })
}

fn script(name: &str, text: &str) -> anyhow::Result<String> {
    ensure!(!text.contains("</script"), "{name}: its text would end the element");
    Ok(format!("<script>\n{text}</script>"))
}

/// A text as HTML shows it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Bytes that a script finds by the element's name.
fn data(name: &str, kind: &str, bytes: &[u8]) -> String {
    format!("<script type=\"text/plain\" id=\"{name}\" data-kind=\"{kind}\">{}</script>", STANDARD.encode(bytes))
}

fn compressed(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_would_end_its_element_is_refused() {
        assert!(script("a.js", "x = '</script>'").is_err());
        assert_eq!(script("a.js", "x = 1\n").unwrap(), "<script>\nx = 1\n</script>");
    }

    #[test]
    fn files_are_inside_and_unknown_ones_are_refused() {
        let folder = env::temp_dir().join(format!("autoaugment-web-build-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("style.css"), "p { margin: 0 }\n").unwrap();
        let program =
            Program { script: "let program;\n".to_string(), wasm: vec![0; 4], licenses: "<a@b.c> & co\n".to_string() };
        let page = folder.join("index.html");
        fs::write(
            &page,
            "<p>\n  <!-- inline style.css -->\n<!-- inline licenses.txt -->\n<!-- inline program.js -->\n",
        )
        .unwrap();
        let expected = "<p>\n<style>\np { margin: 0 }\n</style>\n\
                        <pre tabindex=\"0\">\n&lt;a@b.c> &amp; co\n</pre>\n<script>\nlet program;\n</script>\n";
        assert_eq!(inlined(&page, &program).unwrap(), expected);
        for (name, message) in [("missing.js", "missing.js of the page"), ("a.exe", "a.exe: a page has no such files")]
        {
            fs::write(&page, format!("<!-- inline {name} -->\n")).unwrap();
            assert_eq!(inlined(&page, &program).unwrap_err().to_string(), message);
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
