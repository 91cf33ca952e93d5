//! Names that are long, strange or taken.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::row::{Row, png, put, row};

/// An image whose name has these bytes.
fn named(folder: &Path, name: &[u8]) {
    fs::write(folder.join("in").join(OsStr::from_bytes(name)), png(8, 8)).unwrap();
}

pub fn rows() -> Vec<Row> {
    let long = |length: usize| format!("{}.png", "x".repeat(length - 4));
    let mut rows = Vec::new();
    for length in [200, 240, 246, 253] {
        let (input, written) = (long(length), long(length));
        rows.push(
            row(&format!("a name of {length} bytes"), "invert in --out out")
                .with(move |folder| named(folder, input.as_bytes()))
                .leaves(&["a.png", "c.png", &written]),
        );
    }
    let too_long = long(254);
    rows.extend([
        row("a name whose output would be too long", "invert in --out out --copies 2")
            .with(move |folder| named(folder, too_long.as_bytes()))
            .ends(1)
            .says("File name too long")
            .leaves(&["a_0.png", "a_1.png", "c_0.png", "c_1.png"]),
        row("two names that are not UTF-8", "invert in --out out && ls out | wc -l | grep -qx 4")
            .with(|folder| {
                named(folder, b"x\xFE.png");
                named(folder, b"x\xFF.png");
            }),
        row("their bytes are kept", "invert in --out out && test -f \"$(printf 'out/x\\377.png')\"")
            .with(|folder| named(folder, b"x\xFF.png")),
        row("one in an error", "invert in --out out")
            .with(|folder| fs::write(folder.join("in").join(OsStr::from_bytes(b"x\xFF.png")), "broken").unwrap())
            .ends(1)
            .says("in/x\\xFF.png: "),
        row("one in a plan", "invert in --out out --plan-out p")
            .with(|folder| named(folder, b"x\xFF.png"))
            .ends(2)
            .says("in/x\\xFF.png is no UTF-8")
            .leaves(&[]),
        row("one as a folder", "invert \"$(printf 'f\\377')\" --out out")
            .with(|folder| {
                let inside = folder.join(OsStr::from_bytes(b"f\xFF"));
                fs::create_dir(&inside).unwrap();
                fs::write(inside.join("x.png"), png(4, 4)).unwrap();
            })
            .leaves(&["x.png"]),
        row("one as the output folder", "invert in --out \"$(printf 'o\\377')\" && ls | wc -l | grep -qx 2"),
        row("one at preview", "preview in --out out/s.png").with(|folder| named(folder, b"x\xFF.png")).leaves(&["s.png"]),
        row("one as a policy", "apply in --out out --policy \"$(printf 'p\\377')\"").ends(2).leaves(&[]),
        row("one as an operation", "apply in --out out --op \"$(printf 'p\\377')\"").ends(2).leaves(&[]),
        row("one as the plan", "apply in --out out --plan \"$(printf 'p\\377')\"").ends(2).says("p\\xFF"),
        row("commands in a name", "invert in --out out")
            .with(|folder| fs::write(folder.join("in/\x1b]0;owned\x07.png"), "broken").unwrap())
            .ends(1)
            .says("in/\\u{1b}]0;owned\\u{7}.png"),
        row("commands in an input that is not there", "invert \"$(printf '\\033[31m.png')\" --out out").ends(2).says("\\u{1b}[31m.png"),
        row("commands in an operation", "invert in --out out --op \"$(printf '\\033[31mRotat')\"").ends(2),
        row("commands in an option", "apply in --out out --seed \"$(printf '\\033[31m')\"").ends(2),
        row("commands in a policy", "apply in --out out --policy ./p").file("p", "\x1b[31mRotat 1 1").ends(2).says("\\u{1b}"),
        row("commands in a plan", "apply in --out out --plan p")
            .file("p", "{\"version\": 1, \"images\": [{\"file\": \"\\u001b[31m.png\", \"ops\": []}]}")
            .ends(2)
            .says("\\u{1b}"),
        row("commands in the output folder", "invert in --out \"$(printf 'o\\033[31m')\"").says("o\\u{1b}[31m"),
        row("a line in a name", "invert in --out out")
            .with(|folder| fs::write(folder.join("in/x\nerror: all is lost.png"), "broken").unwrap())
            .ends(1)
            .says("in/x\\nerror: all is lost.png: "),
        row("a name that turns the direction of writing", "invert in --out out")
            .with(|folder| fs::write(folder.join("in/x\u{202e}gnp.png"), "broken").unwrap())
            .ends(1)
            .says("in/x\\u{202e}gnp.png"),
        row("a name that begins like an option", "invert ./-x.png --out out")
            .with(|folder| put(folder, "-x.png", &png(4, 4)))
            .leaves(&["-x.png"]),
        row("spaces, quotes and signs in a name", "invert in --out out")
            .with(|folder| named(folder, b"a b'\"$x%n{}*?.png"))
            .leaves(&["a b'\"$x%n{}*?.png", "a.png", "c.png"]),
        row("names that differ in case", "invert in --out out")
            .with(|folder| named(folder, b"A.png"))
            .leaves(&["A.png", "a.png", "c.png"]),
        row("names that look like other outputs", "invert in --out out --copies 2")
            .with(|folder| named(folder, b"a_0.png"))
            .leaves(&["a_0.png", "a_0_0.png", "a_0_1.png", "a_1.png", "c_0.png", "c_1.png"]),
        row("a name of many points", "invert in --out out")
            .with(|folder| named(folder, b"x.tar.gz.png"))
            .leaves(&["a.png", "c.png", "x.tar.gz.png"]),
        row("a file called like the default policy", "apply in --out out --plan-out p; ! grep -q Invert p && cmp out/a.png want/a.png || apply in --out want")
            .file("imagenet", "Invert 1 0"),
        row("a file called like a preset is named with its folder", "apply in --out out --policy ./svhn --plan-out p; grep -c Invert p | grep -qx 2")
            .file("svhn", "Invert 1 0"),
        row("a preset stays one beside such a file", "aa policy show svhn | grep -q Shear").file("svhn", "Invert 1 0"),
        row("a scheme stays one beside such a file", "aa policy show rand-m9 > s; ! grep -q 'Invert 1 0' s").file("rand-m9", "Invert 1 0"),
        row("a convention stays one beside such a file", "aa policy compare torchvision timm | grep -q 'A: imagenet in convention torchvision'")
            .file("torchvision", "Invert 1 0"),
        row("a file called -", "invert - --out out").file("-", "x").ends(2).leaves(&[]),
        row("no name", "invert '' --out out").ends(2).leaves(&[]),
        row("no output name", "invert in --out ''").ends(2),
        row("no name of a plan", "apply in --out out --plan ''").ends(2).leaves(&[]),
        row("no name of a policy", "apply in --out out --policy ''").ends(2).leaves(&[]),
        row("no name of an operation", "apply in --out out --op ''").ends(2).leaves(&[]),
        row("a path of 5,000 bytes", "invert $(printf 'x/%.0s' $(seq 2500)) --out out").ends(2).leaves(&[]),
        row("an output path of 5,000 bytes", "invert in --out $(printf 'x/%.0s' $(seq 2500))").ends(1),
        row("a folder 200 deep", "mkdir -p in/$(printf 'x/%.0s' $(seq 200)); cp in/a.png in/$(printf 'x/%.0s' $(seq 200)); invert in --out out --quiet; find out -name a.png | wc -l | grep -qx 2"),
        row("braces that stand for 10^9 names", "invert '{1..1000000000}.png' --out out").ends(2).leaves(&[]),
        row("braces in braces", "invert \"$(printf '{a,b}%.0s' $(seq 40)).png\" --out out").ends(2).leaves(&[]),
        row("deep braces", "invert \"$(printf '{a,%.0s' $(seq 20000))\" --out out").ends(2).leaves(&[]),
    ]);
    rows
}
