//! Outputs over files that must stay: inputs, plans, other outputs, and what was there before.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::files::array;
use crate::row::{Row, png, put, row};

/// A call that would harm a file. Everything is afterwards as it was before.
fn harmful(name: &str, files: impl Fn(&Path) + Send + Sync + 'static, call: &str) -> Row {
    let sums = "find . -type f ! -name .stderr ! -name sums | sort | xargs -d '\\n' cksum";
    let script = format!("{sums} > sums; {call}; code=$?; {sums} | cmp - sums || exit 99; exit $code");
    row(name, &script).with(files).ends(2)
}

pub fn rows() -> Vec<Row> {
    let read = "the run reads it";
    let into_itself = "it is an input too, and would have more images the next time";
    let beside = "invert in/a.png in/c.png --out in --force";
    vec![
        harmful("an output over an input", |_| {}, beside).says(read),
        harmful("the same by another name", |_| {}, "invert in/a.png in/c.png --out ./in/../in --force").says(read),
        harmful("outputs into their input folder", |_| {}, "invert in --out in").says(into_itself),
        harmful("the same by force", |_| {}, "invert in --out ./in/../in --force").says(into_itself),
        harmful(
            "the same through a link to the folder",
            |f| symlink("in", f.join("out")).unwrap(),
            "invert in --out out --force",
        )
        .says(into_itself),
        harmful(
            "an output that is a hard link of an input",
            |f| {
                put(f, "o/x", b"");
                fs::hard_link(f.join("in/a.png"), f.join("o/a.png")).unwrap();
            },
            "invert in --out o --force",
        )
        .says(read),
        harmful(
            "an output that is a link to an input",
            |f| {
                put(f, "o/x", b"");
                symlink("../in/c.png", f.join("o/a.png")).unwrap();
            },
            "invert in --out o --force",
        )
        .says(read),
        harmful(
            "an input that is a link to an output",
            |f| {
                put(f, "o/a.png", &png(4, 4));
                symlink("../o/a.png", f.join("in/b.png")).unwrap();
            },
            "invert in --out o --force",
        )
        .says(read),
        row("copies beside their inputs", "invert in/a.png in/c.png --out in --copies 2 && test -f in/a_0.png && test -f in/c_1.png"),
        harmful("a sheet over its image", |_| {}, "preview in --out in/a.png --force").says(read),
        harmful("a sheet over its image through a link", |f| symlink("in/a.png", f.join("s.png")).unwrap(), "preview in --out s.png --force").says(read),
        harmful("a plot over its photograph", |_| {}, "bench in --plot in/a.png --force").says(read),
        harmful("an array over itself", |f| put(f, "x.npy", &array("2,4,4,3", 96)), "invert x.npy --out . --force").says(read),
        harmful("an array over itself by name", |f| put(f, "x.npy", &array("2,4,4,3", 96)), "invert x.npy --out x.npy --force").says(read),
        harmful("an array over itself without force", |f| put(f, "x.npy", &array("2,4,4,3", 96)), "invert x.npy --out .").says("exists"),
        harmful("a plan over its array", |f| put(f, "x.npy", &array("2,4,4,3", 96)), "invert x.npy --out o.npy --plan-out x.npy --force").says(read),
        row("a plan over the array that is written", "invert x.npy --out o.npy --plan-out ./o.npy")
            .file("x.npy", array("2,4,4,3", 96))
            .ends(2)
            .says("--plan-out"),
        harmful("a plan over an output", |_| {}, "invert in --out o --plan-out o/a.png").says("--plan-out o/a.png"),
        harmful("the same by force", |_| {}, "invert in --out o --plan-out o/a.png --force").says("--plan-out"),
        harmful(
            "the same through a link",
            |f| {
                fs::create_dir(f.join("o")).unwrap();
                symlink("o", f.join("l")).unwrap();
            },
            "invert in --out o --plan-out l/c.png",
        )
        .says("--plan-out"),
        harmful("a plan over an input", |_| {}, "invert in --out o --plan-out in/a.png --force").says(read),
        harmful("a plan over a file", |f| put(f, "p", b"mine"), "invert in --out o --plan-out p").says("p exists"),
        harmful("a plan over the plan that is applied", |f| put(f, "p", br#"{"version":1,"images":[{"ops":[]},{"ops":[]}]}"#), "apply in --out o --plan p --plan-out p --force").says(read),
        harmful("a plan over the policy", |f| put(f, "p.txt", b"Invert 1 0"), "apply in --out o --policy p.txt --plan-out p.txt --force").says(read),
        harmful("an output over the plan", |f| put(f, "o/a.png", br#"{"version":1,"images":[{"ops":[]},{"ops":[]}]}"#), "apply in --out o --plan o/a.png --force").says(read),
        harmful("an output over the policy", |f| put(f, "o/a.png", b"Invert 1 0"), "apply in --out o --policy ./o/a.png --force").says(read),
        row("a plan that is a folder", "invert in --out out --plan-out in").ends(2).leaves(&[]),
        row("a plan in a folder that is a file", "invert in --out out --plan-out in/a.png/p").ends(1).says("in/a.png/p").leaves(&[]),
        row("a plan without a name", "invert in --out out --plan-out ..").ends(2).leaves(&[]),
        row("a plan of an empty name", "invert in --out out --plan-out ''").ends(2).leaves(&[]),
        row("an output that is a folder", "mkdir -p out/a.png; invert in --out out --force")
            .ends(1)
            .says("out/a.png")
            .leaves(&["c.png"]),
        harmful("an output that is there", |f| put(f, "o/c.png", b"mine"), "invert in --out o").says("o/c.png exists"),
        harmful("an output that is a link to nothing", |f| {
            put(f, "o/x", b"");
            symlink("nowhere", f.join("o/c.png")).unwrap();
        }, "invert in --out o").says("o/c.png exists"),
        row("outputs that are there, by force", "mkdir out; echo mine > out/a.png; invert in --out out --force")
            .leaves(&["a.png", "c.png"]),
        row("other files in the output folder stay", "mkdir out; echo mine > out/a_1.png.txt; invert in --out out; grep -q mine out/a_1.png.txt")
            .leaves(&["a.png", "a_1.png.txt", "c.png"]),
        harmful("two inputs of one output", |f| put(f, "in2/a.png", &png(5, 5)), "invert in in2 --out o").says("would both be written"),
        harmful("one input twice", |_| {}, "invert in in --out o").says("are the same file; name it once"),
        harmful("one input by two names", |_| {}, "invert in/a.png ./in/a.png --out o").says("are the same file; name it once"),
        harmful("an output folder that is a file", |f| put(f, "o", b"mine"), "invert in --out o").says("--out o: it is a file without the extension of an image"),
        harmful("an output folder that is a pipe", |_| {}, "mkfifo o; invert in --out o").says("name a folder"),
        row("images in the output folder are named", "invert in --out in/sub").file("in/sub/x.png", png(4, 4)).says("notice: 1 image in in/sub left out"),
        harmful("an entry of a plan for two inputs", |f| {
            put(f, "in2/a.png", &png(5, 5));
            put(f, "p.json", br#"{"version":1,"images":[{"file":"a.png","ops":[{"op":"Invert"}]}]}"#);
        }, "apply in in2 --out o --plan p.json").says("entry 0 is for `a.png`, and in/a.png and in2/a.png have this name"),
        row("three runs into one folder", "for i in 1 2 3; do invert in --out out --copies 30 --quiet 2> /dev/null & done; wait; ls out | wc -l | grep -qx 60"),
        row("runs with other results into one folder: each file is of one", "invert in --out one; apply in --out two --op Identity
            for i in 1 2 3 4; do
                invert in --out out 2> /dev/null & apply in --out out --op Identity 2> /dev/null &
            done; wait
            for f in a c; do cmp -s out/${f}.png one/${f}.png || cmp -s out/${f}.png two/${f}.png || exit 9; done"),
        row("a run that is resumed", "invert in --out out --resume && invert in --out out --resume")
            .says("wrote 0 files to out; 2 were there before")
            .leaves(&[".autoaugment-resume", "a.png", "c.png"]),
        row("a missing output is made", "invert in --out out --resume && rm out/c.png && invert in --out out --resume")
            .says("wrote 1 file to out; 1 was there before")
            .leaves(&[".autoaugment-resume", "a.png", "c.png"]),
        row("a resumed draw gives the same", "
            apply in --out whole --copies 20 --policy 'SamplePairing 1 9'
            apply in --out out --copies 20 --policy 'SamplePairing 1 9' --resume
            rm out/a_1*.png out/c_7.png
            apply in --out out --copies 20 --policy 'SamplePairing 1 9' --resume
            rm out/.autoaugment-resume; diff -r out whole >&2"),
        harmful("another call resumes", |_| {}, "invert in --out o --resume --quiet; rm o/a.png; find . -type f ! -name .stderr ! -name sums | sort | xargs -d '\\n' cksum > sums; apply in --out o --op Identity --resume").says("another call"),
        row("another seed resumes", "apply in --out out --resume; apply in --out out --resume --seed 1").ends(2).says("another call"),
        row("other inputs resume", "apply in --out out --resume; apply in/a.png --out out --resume").ends(2).says("another call"),
        row("another format resumes", "apply in --out out --resume; apply in --out out --resume --format bmp").ends(2).says("another call"),
        harmful("a run that no record began", |f| put(f, "o/a.png", b"mine"), "invert in --out o --resume").says("o/a.png exists"),
        harmful("a record of another kind", |f| put(f, "o/.autoaugment-resume", b"mine"), "invert in --out o --resume").says("another call"),
        row("resume and force", "invert in --out out --resume --force").ends(2).leaves(&[]),
        row("resume of an array", "invert x.npy --out out --resume").file("x.npy", array("2,4,4,3", 96)).ends(2).says("--resume"),
        row("a resumed run tries broken files again", "invert in --out out --resume; cp in/a.png in/b.png; invert in --out out --resume")
            .file("in/b.png", "broken")
            .says("wrote 1 file to out; 2 were there before")
            .leaves(&[".autoaugment-resume", "a.png", "b.png", "c.png"]),
        row("outputs that are no files are not taken for made", "
            invert in --out out --resume; rm out/*.png; ln -s nothing out/a.png; mkdir out/c.png; invert in --out out --resume")
            .ends(1).says("out/a.png could not be written").says("out/c.png could not be written"),
        row("a record that is a pipe", "mkdir out; mkfifo out/.autoaugment-resume; invert in --out out --resume").ends(2).says("not a regular file"),
        row("a record that is a device", "mkdir out; ln -s /dev/zero out/.autoaugment-resume; invert in --out out --resume").ends(2).says("not a regular file"),
        row("a resumed run writes its plan anew", "
            invert in --out out --resume --plan-out p; cp in/a.png in/b.png; invert in --out out --resume --plan-out p; grep -c Invert p | grep -qx 3")
            .file("in/b.png", "broken").leaves(&[".autoaugment-resume", "a.png", "b.png", "c.png"]),
        harmful("a resumed run and a plan of another's", |f| put(f, "p", b"mine"), "invert in --out o --resume --plan-out p").says("--plan-out p: the file exists; choose another name"),
        harmful("a resumed run into its inputs", |_| {}, "invert in --out in --resume").says(into_itself),
        row("two equal resumed runs at once", "
            for i in 1 2; do { invert in --out out --copies 40 --resume || echo failed >> failures; } & done; wait
            ls out/*.png | wc -l | grep -qx 80 && [ ! -e failures ]"),
        row("a resumed run records the whole plan", "invert in --out out --resume; invert in --out out --resume --plan-out p; grep -c Invert p | grep -qx 2"),
    ]
}
