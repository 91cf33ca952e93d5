//! Surroundings: closed and full streams, limits, variables, rights.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::files::array;
use crate::row::{Row, put, row};

const GOOD: [&str; 2] = ["a.png", "c.png"];

/// A run into a folder of 64 kB, which must not keep anything unfinished.
fn full_disk(call: &str, words: &str) -> Row {
    let inside = format!(
        "mkdir out && mount -t tmpfs -o size=64k t out || exit 98
        {call} 2>&1; code=$?; ls -A out | grep -q part && exit 97; exit $code"
    );
    let script = format!("cat > inside <<'END'\n{}\n{inside}\nEND\nunshare -rm sh inside >&2", crate::row::PRELUDE);
    row(&format!("a full disk: {call}"), &script)
        .with(|folder| {
            put(folder, "in/b.png", &crate::row::png(400, 300));
            put(folder, "x.npy", &array("1,40,40,3", 4800));
        })
        .ends(1)
        .says(words)
        .says("No space left")
}

pub fn rows() -> Vec<Row> {
    let mut rows = vec![
        row("standard error is closed", "invert in --out out 2>&-").leaves(&GOOD),
        row("standard error is full", "invert in --out out 2> /dev/full").leaves(&GOOD),
        row("a warning to a closed standard error", "RUST_LOG=trace aa apply in --out out --op Invert 2>&-")
            .leaves(&GOOD)
            .memory(8000),
        row(
            "a warning to a full standard error",
            "RUST_LOG=trace VK_DRIVER_FILES=/none aa apply in --out out --op Invert 2> /dev/full",
        )
        .leaves(&GOOD)
        .memory(8000),
        row("an error to a full standard error", "invert none --out out 2> /dev/full").ends(2),
        row("help to a full standard output", "aa --help > /dev/full; [ $? -le 1 ]"),
        row(
            "a reader of standard error that ends",
            "(invert in --out out; echo $? > rc.new; mv rc.new rc) 2>&1 | true; await_file rc $$; grep -qx 0 rc",
        )
        .leaves(&GOOD),
        row("standard output is closed", "invert in --out out --report >&-; [ $? -le 1 ]").leaves(&GOOD),
        row("standard output is full", "invert in --out out --report > /dev/full")
            .ends(1)
            .says("No space left")
            .leaves(&GOOD),
        row("a plan to a full standard output", "invert in --out out --plan-out - > /dev/full")
            .ends(1)
            .says("No space left"),
        row("a list to a full standard output", "aa policy list > /dev/full").ends(1).says("No space left"),
        row(
            "a reader of standard output that ends",
            "aa ops | true; aa ops | head -1 > /dev/null; invert in --out out --report | true",
        )
        .leaves(&GOOD),
        row("standard input is closed", "invert in --out out <&-").leaves(&GOOD),
        row("a policy from a closed standard input", "apply in --out out --policy - <&-").ends(2).leaves(&[]),
        row("all streams are closed", "invert in --out out <&- >&- 2>&-").leaves(&GOOD),
        row("files of at most 1 kB", "ulimit -f 1; invert in --out out")
            .file("in/b.png", crate::row::png(400, 300))
            .ends(1)
            .says("in/b.png")
            .leaves(&GOOD),
        row("files of no bytes", "ulimit -f 0; invert in --out out 2>&1 | grep -c 'File too large' | grep -qx 2")
            .leaves(&[]),
        row("an array beyond the limit of files", "ulimit -f 10; invert x.npy --out out")
            .file("x.npy", array("100,16,16,3", 76_800))
            .ends(1)
            .says("File too large")
            .leaves(&[]),
        row(
            "a plan beyond the limit of files",
            "ulimit -f 1; invert in --out out --copies 20 --plan-out p; code=$?; test ! -e p && exit $code",
        )
        .ends(1)
        .says("p could not be written"),
        row("a sheet beyond the limit of files", "ulimit -f 4; preview in --out out/s.png")
            .ends(1)
            .says("out/s.png")
            .leaves(&[]),
        row("8 open files", "ulimit -n 8; invert in --out out; [ $? -le 1 ]"),
        row("12 open files", "ulimit -n 12; invert in --out out; [ $? -le 1 ]"),
        row("little stack", "ulimit -s 256; invert in --out out").leaves(&GOOD),
        row("60 MB of memory", "invert in --out out; [ $? -le 1 ]").memory(60),
        row("100 MB of memory", "invert in --out out; [ $? -le 1 ]").memory(100),
        row(
            "200 MB of memory and many files",
            "invert in --out out --op 'Resize(width=2000,height=2000)'; [ $? -le 1 ]",
        )
        .memory(200),
        row("no memory for threads", "RAYON_NUM_THREADS=2000 invert in --out out")
            .ends(1)
            .says("no threads can be started")
            .leaves(&[]),
        row("no memory for threads at bench", "RAYON_NUM_THREADS=2000 bench --batch 1 --size 8")
            .ends(1)
            .says("no threads can be started"),
        row("threads that are no number", "RAYON_NUM_THREADS=abc invert in --out out")
            .ends(2)
            .says("RAYON_NUM_THREADS=abc")
            .leaves(&[]),
        row("-1 threads", "RAYON_NUM_THREADS=-1 invert in --out out").ends(2).says("RAYON_NUM_THREADS=-1"),
        row("1.5 threads", "RAYON_NUM_THREADS=1.5 invert in --out out").ends(2),
        row("10^20 threads", "RAYON_NUM_THREADS=100000000000000000000 invert in --out out").ends(2),
        row("5,000 threads", "RAYON_NUM_THREADS=5000 invert in --out out").ends(2).says("0..=4096"),
        row("0 threads", "RAYON_NUM_THREADS=0 invert in --out out").leaves(&GOOD),
        row("threads of an empty text", "RAYON_NUM_THREADS= invert in --out out").leaves(&GOOD),
        row("1 thread", "RAYON_NUM_THREADS=1 invert in --out out").leaves(&GOOD),
        row("7 threads", "RAYON_NUM_THREADS=7 invert in --out out --copies 9 --quiet"),
        row("a filter of events that is none", "RUST_LOG='[[[,=,=' invert in --out out").leaves(&GOOD),
        row("all events", "RUST_LOG=trace invert in --out out").leaves(&GOOD),
        row("no variables", "env -i \"$AA\" apply in --out out --op Invert --device cpu").leaves(&GOOD),
        row("a folder for temporary files that is none", "TMPDIR=/none invert in --out out").leaves(&GOOD),
        row("a language that is none", "LC_ALL=xx_YY.zz LANG=xx invert in --out out").leaves(&GOOD),
        row("a folder that was removed", "mkdir gone; cd gone; rmdir ../gone; invert a.png --out out").ends(2),
        row(
            "a folder that was removed, at preview",
            "mkdir gone; cd gone; rmdir ../gone; preview ../in --out s.png; [ $? -le 2 ]",
        ),
        row("no command", "aa").ends(2),
        row("an unknown command", "aa frobnicate").ends(2),
        row("a command twice", "aa apply apply --out out").ends(2).says("apply"),
        row("10,000 inputs that are one", "invert $(yes in/a.png | head -10000) --out out")
            .ends(2)
            .says("name it once")
            .leaves(&[]),
        row("1,000 options that are one", "invert in --out out $(yes -- --quiet | head -1000); [ $? -le 2 ]"),
        row("quiet and verbose", "invert in --out out --quiet --verbose").ends(2),
        row("a child of a run that ends", "invert in --out out & wait $!").leaves(&GOOD),
    ];
    let locked = |name: &'static str, mode: u32| {
        move |folder: &std::path::Path| {
            fs::create_dir_all(folder.join("in/locked")).unwrap();
            fs::create_dir_all(folder.join("locked")).unwrap();
            fs::copy(folder.join("in/a.png"), folder.join("in/locked/x.png")).unwrap();
            fs::copy(folder.join("in/a.png"), folder.join("in/x.png")).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let rights = [
        row("a file that may not be read", "invert in/a.png in/x.png --out out")
            .with(locked("in/x.png", 0))
            .ends(1)
            .says("in/x.png: Permission denied")
            .leaves(&["a.png"]),
        row("a folder in a folder that may not be read", "invert in --out out")
            .with(locked("in/locked", 0))
            .ends(1)
            .says("in/locked: Permission denied"),
        row("a folder on the way", "invert in/locked/x.png --out out")
            .with(locked("in/locked", 0))
            .ends(2)
            .says("Permission denied"),
        row("a folder that may not be written to", "invert in --out locked/out")
            .with(locked("locked", 0o555))
            .ends(1)
            .says("locked/out could not be written: Permission denied"),
        row("an output folder that may not be written to", "invert in/a.png --out locked")
            .with(locked("locked", 0o555))
            .ends(1)
            .says("Permission denied"),
        row("a plan that may not be written", "invert in/a.png --out out --plan-out locked/p")
            .with(locked("locked", 0o555))
            .ends(1)
            .says("locked/p could not be written: Permission denied")
            .leaves(&[]),
        row("a plan that may not be read", "apply in/a.png --out out --plan in/x.png")
            .with(locked("in/x.png", 0))
            .ends(2)
            .says("Permission denied")
            .leaves(&[]),
    ];
    rows.extend(rights.into_iter().map(Row::without_rights));
    // A small disk needs a mount, and that a namespace of its own.
    if Command::new("unshare").args(["-rm", "true"]).status().is_ok_and(|status| status.success()) {
        rows.push(full_disk("invert in --out out", "the run stopped: in/"));
        rows.push(full_disk("invert x.npy --out out --copies 100", "the run stopped: x.npy, image "));
        rows.push(full_disk("preview in --out out/s.png", "out/s.png could not be written: "));
    } else {
        println!("no mounts are allowed here: rows about a full disk are left out");
    }
    rows
}
