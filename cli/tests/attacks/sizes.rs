//! Numbers that stand for more memory or time than there is.

use std::path::Path;

use crate::files::{array, npy};
use crate::row::{Row, png, put, row};

/// A call that is refused at once.
fn refused(name: &str, script: &str) -> Row {
    row(name, script).ends(2).leaves(&[]).peak(300)
}

/// A header that is refused.
fn header(name: &str, bytes: Vec<u8>) -> Row {
    refused(name, "invert x.npy --out out").file("x.npy", bytes).says("x.npy: ").peak(150)
}

/// A plan of as many entries without operations.
fn million_entries(folder: &Path) {
    let entries = r#"{"ops":[]},"#.repeat(999_999);
    put(folder, "plan.json", format!(r#"{{"version":1,"images":[{entries}{{"ops":[]}}]}}"#).as_bytes());
}

pub fn rows() -> Vec<Row> {
    let tiny = |folder: &std::path::Path| (0..32).for_each(|i| put(folder, &format!("in/{i}.png"), &png(8, 8)));
    let shape = |text: &str| format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {text}}}");
    vec![
        row("32 tiny images that become large", "invert in --out out --op 'Resize(width=3000,height=3000)' --format bmp --quiet")
            .with(tiny)
            .peak(600),
        row("the same from a plan", "apply in --out out --plan plan.json --format bmp")
            .with(move |folder| {
                tiny(folder);
                let entry = |i| {
                    format!(
                        r#"{{"file": "{i}.png", "ops": [{{"op": "Resize", "width": 3000, "height": 3000, "interpolation": "nearest"}},
                        {{"op": "Crop", "x": 0, "y": 0, "width": 9, "height": 9}}]}}"#
                    )
                };
                let entries: Vec<_> = (0..32).map(entry).collect();
                put(folder, "plan.json", format!(r#"{{"version": 1, "images": [{}]}}"#, entries.join(",")).as_bytes());
            })
            .peak(600),
        row("one tiny image that becomes 3 GB", "invert in/a.png --out out --op 'Resize(width=32767,height=32767)'")
            .ends(1)
            .says("in/a.png: ")
            .leaves(&[]),
        row("an image beyond all sizes", "invert in --out out --op 'Resize(width=4000000000,height=4000000000)'")
            .leaves(&[])
            .ends(2),
        row("images that become larger and smaller", "invert in --out out --op 'Resize(width=5000,height=5000)' --op 'Resize(width=5,height=5)'")
            .leaves(&["a.png", "c.png"])
            .peak(800),
        refused("1,000,000,000 copies where one is there", "mkdir out2; cp in/a.png out2/a_7.png; invert in --out out2 --copies 1000000000")
            .says("out2/a_7.png exists"),
        refused("4,294,967,295 copies where one is there", "mkdir out2; cp in/a.png out2/a_7.png; apply in --out out2 --copies 4294967295")
            .says("exists"),
        row("1,000,000,000 copies begin at once", "\"$AA\" apply in/a.png --out o --copies 1000000000 --quiet --device cpu & p=$!; await_file o/a_5.png $p; sleep 1; kill $p; wait $p; test -f o/a_5.png")
            .peak(200)
            .says("SIGTERM"),
        row("1,000,000,000 copies of a chain too", "\"$AA\" apply in/a.png --out o --op Invert --copies 1000000000 --quiet --device cpu & p=$!; await_file o/a_5.png $p; sleep 1; kill $p; wait $p; test -f o/a_5.png")
            .peak(200)
            .says("SIGTERM"),
        refused("4,294,967,296 copies", "apply in --out out --copies 4294967296").says("4294967296"),
        refused("-1 copies", "apply in --out out --copies=-1").says("-1"),
        refused("a plan for copies beyond memory", "apply in --out out --copies 1000000000 --plan-out p.json")
            .says("--plan-out"),
        row("a plan of a million entries", "\"$AA\" apply in/a.png --out out --plan plan.json --quiet --device cpu & p=$!; await_file out/a_5.png $p; sleep 1; kill $p; wait $p; test -f out/a_5.png")
            .with(million_entries)
            .says("SIGTERM")
            .peak(700),
        refused("a million entries for three inputs", "apply in in/a.png --out out --plan plan.json")
            .with(million_entries)
            .says("1000000 entries for 3 inputs")
            .peak(700),
        refused("an entry with 200 partners", "apply in --out out --plan plan.json")
            .with(|folder| {
                let pairing = r#"{"op":"SamplePairing","weight":0.5,"partner":1},"#.repeat(200);
                let plan = format!(r#"{{"version":1,"images":[{{"ops":[{pairing}{{"op":"Invert"}}]}},{{"ops":[]}}]}}"#);
                put(folder, "plan.json", plan.as_bytes());
            })
            .says("partners"),
        row("a chain of 2,000 operations", "apply in --out out $(yes -- '--op Invert' | head -2000)")
            .leaves(&["a.png", "c.png"]),
        refused("a sheet of 60 images of 1024 in 100 columns", "preview in --out out/s.png --size 1024 --columns 100")
            .with(tiny)
            .says("megapixels")
            .peak(150),
        refused("a sheet of 5,000 images", "preview in --out out/s.png --images 5000")
            .with(|folder| (0..5000).for_each(|i| put(folder, &format!("in/{i}.png"), &png(1, 1))))
            .says("megapixels")
            .peak(150),
        row("a sheet of some of 5,000 images", "preview in --out out/s.png")
            .with(|folder| (0..5000).for_each(|i| put(folder, &format!("in/{i}.png"), &png(1, 1))))
            .says("8 of 5002 images are shown")
            .leaves(&["s.png"])
            .peak(150),
        row("a sheet of large images", "preview in --out out/s.png")
            .with(|folder| {
                let large = crate::files::black_png(5000, 5000);
                (0..2).for_each(|i| put(folder, &format!("in/{i}.png"), &large));
            })
            .leaves(&["s.png"])
            .peak(600),
        row("a sheet of a policy of 20,000 steps", "preview in/a.png --out out/s.png --policy ./p")
            .with(|folder| put(folder, "p", ["Invert 1 0"; 20_000].join("+").as_bytes()))
            .ends(2)
            .says("too long")
            .leaves(&[]),
        refused("bench of a batch of 13 TB", "bench --batch 65536 --size 8192").says("--batch 65536 --size 8192"),
        row("bench of a batch of 4 GB", "bench --batch 1365 --size 1024").ends(1).says("memory"),
        row("bench of photographs of more than 512 MiB", "bench in")
            .with(|folder| {
                let large = crate::files::black_png(8000, 8000);
                (0..3).for_each(|i| put(folder, &format!("in/{i}.png"), &large));
            })
            .ends(2)
            .says("name fewer"),
        row("an image wider than WebP can hold", "apply in/a.png --out out --format webp --op 'Resize(width=16384,height=1)'")
            .ends(1)
            .says("WebP holds at most 16383 pixels a side")
            .leaves(&[]),
        row("an image as wide as WebP can hold", "apply in/a.png --out out --format webp --op 'Resize(width=16383,height=1)'")
            .leaves(&["a.webp"]),
        row("zeros without end as an array", "apply - --out - < /dev/zero; [ $? = 2 ]"),
        row("an array whose writer stops", "(head -c 150 a.npy; sleep 0.1) | apply - --out - ; [ $? = 2 ]")
            .with(|folder| put(folder, "a.npy", &array("9,9,9,3", 2187))),
        row("an array to a reader that stops early", "aa apply a.npy --out - --op Invert | head -c 100 | wc -c | grep -qx 100")
            .with(|folder| put(folder, "a.npy", &array("9,99,99,3", 9 * 99 * 99 * 3))),
        row("a size of operations beyond all sizes", "aa ops --size 4294967295x4294967295; [ $? = 2 ]"),
        row("a size of comparison beyond all sizes", "aa policy compare imagenet svhn --size 99999999999x1; [ $? = 2 ]"),
        header("24 nested brackets", npy(&shape(&format!("{}1{}", "[".repeat(24), "]".repeat(24))), 0)).says("brackets"),
        header("30,000 nested brackets", npy(&shape(&"[".repeat(30_000)), 0)).says("brackets"),
        header("3 nested brackets", npy(&shape("((1,),)"), 0)).says("brackets"),
        header("unclosed brackets side by side", npy(&shape(&"()".repeat(20_000)), 0)),
        header("a header that says 4 GB", b"\x93NUMPY\x02\0\xFF\xFF\xFF\xFFx".to_vec()).says("at most 65536"),
        header("a header of 60 kB of spaces", npy(&" ".repeat(60_000), 0)),
        header("a header of 60 kB of text", npy(&"'".repeat(60_000), 0)),
        header("a header of minus signs", npy(&shape(&"-".repeat(60_000)), 0)),
        header("a header of a shape of 20,000 sides", array(&"1,".repeat(20_000), 1)).says("20000 sides"),
        header("a cut header", array("1,8,8,3", 0)[..40].to_vec()).says("truncated"),
        header("version 9", b"\x93NUMPY\x09\0\x10\0xxxxxxxxxxxxxxxx".to_vec()).says("version"),
        header("no magic", b"NUMPY".to_vec()).says("not a .npy file"),
        header("an empty file", Vec::new()).says("not a .npy file"),
        header("sides beyond all sizes", array("9223372036854775807,9223372036854775807,3,3", 10)),
        header("a product that overflows", array("4294967296,4294967296,4294967296,3", 10)),
        header("a side of 2^64", array("18446744073709551616,1,1,3", 10)),
        header("a negative side", array("-1,8,8,3", 192)),
        header("no sides", array("", 1)),
        header("images of no pixels", array("5,0,8,3", 0)),
        header("more images than bytes", array("1000000,32,32,3", 3072)).says("truncated"),
        row("an array of one image beyond memory", "invert x.npy --out out")
            .with(|folder| {
                put(folder, "x.npy", &array("1,32000,32000,3", 0));
                let file = std::fs::OpenOptions::new().write(true).open(folder.join("x.npy")).unwrap();
                file.set_len(4_000_000_000).unwrap();
            })
            .ends(1)
            .leaves(&[])
            .says("memory"),
        row("an array that becomes too large", "ulimit -f 2000; invert x.npy --out out --op 'Resize(width=900,height=900)'")
            .file("x.npy", array("40,8,8,3", 7680))
            .ends(1)
            .says("File too large")
            .leaves(&[]),
        row("columns beyond", "preview in --out out/s.png --columns 101").ends(2).says("101"),
        row("a thousand sub-policies", "preview in --out out/s.png --sub-policies $(seq -s, 1 1000)").ends(2).says("26"),
        row("a size of a sheet beyond", "preview in --out out/s.png --size 99999999999999999999").ends(2),
        row("a seed beyond", "apply in --out out --seed 18446744073709551616").ends(2),
        row("an epoch at the end", "apply in --out out --epoch 18446744073709551615").leaves(&["a.png", "c.png"]),
    ]
}
