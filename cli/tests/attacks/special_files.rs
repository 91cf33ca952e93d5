//! Pipes, devices, sockets, links and folders where a file is expected.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::row::{Row, put, row};

const REASON: &str = "not a regular file";
const GOOD: [&str; 2] = ["a.png", "c.png"];

fn pipe(folder: &Path, name: &str) {
    assert!(Command::new("mkfifo").arg(folder.join(name)).status().unwrap().success());
}

/// A file of holes.
fn sparse(folder: &Path, name: &str, start: &[u8], bytes: u64) {
    put(folder, name, start);
    fs::OpenOptions::new().write(true).open(folder.join(name)).unwrap().set_len(bytes).unwrap();
}

/// Among good images it is named.
fn among(name: &str, script: &str) -> Row {
    row(name, script).ends(1).says("in/x.png").leaves(&GOOD).peak(200)
}

/// Alone it is refused.
fn alone(name: &str, script: &str) -> Row {
    row(name, script).ends(2).says(REASON).leaves(&[]).peak(200)
}

pub fn rows() -> Vec<Row> {
    let zero = |name: &'static str| move |folder: &Path| symlink("/dev/zero", folder.join(name)).unwrap();
    let fifo = |name: &'static str| move |folder: &Path| pipe(folder, name);
    vec![
        among("a pipe in a folder", "invert in --out out").with(fifo("in/x.png")).says(REASON),
        among("/dev/zero in a folder", "invert in --out out").with(zero("in/x.png")).says(REASON),
        among("a socket in a folder", "invert in --out out")
            .with(|folder| drop(UnixListener::bind(folder.join("in/x.png")).unwrap()))
            .says(REASON),
        among("a link to nothing", "invert in --out out").with(|f| symlink("none", f.join("in/x.png")).unwrap()),
        among("a link to itself", "invert in --out out").with(|f| symlink("x.png", f.join("in/x.png")).unwrap()),
        among("a folder with the name of an image", "invert in --out out").file("in/x.png/b.png", "x").says("a folder"),
        row("a link to the folder above", "invert in --out out")
            .with(|f| symlink("..", f.join("in/loop")).unwrap())
            .ends(1)
            .says("loop")
            .leaves(&["a.png", "c.png", "loop/in/a.png", "loop/in/c.png"]),
        alone("a pipe as an input", "invert x.png --out out").with(fifo("x.png")),
        alone("/dev/zero as an input", "invert /dev/zero --out out"),
        alone("a link to /dev/zero as an input", "invert x.png --out out").with(zero("x.png")),
        alone("a pipe as an array", "invert x.npy --out out").with(fifo("x.npy")),
        alone("/dev/zero as an array", "invert x.npy --out out").with(zero("x.npy")),
        row("a folder as an array", "invert x.npy --out out").file("x.npy/a", "").ends(2).says("x.npy: "),
        alone("a pipe at preview", "preview x.png --out out/s.png").with(fifo("x.png")),
        alone("/dev/zero at bench", "bench x.png").with(zero("x.png")),
        row("a pipe in a folder at preview", "preview in --out out/s.png")
            .with(fifo("in/x.png"))
            .ends(1)
            .says(REASON)
            .leaves(&["s.png"]),
        row("a pipe in a folder at bench", "bench in").with(fifo("in/x.png")).ends(1).says(REASON),
        row("/dev/zero as a plan", "apply in --out out --plan /dev/zero").ends(2).says("plan /dev/zero: it is a device").leaves(&[]),
        row("/dev/zero as a policy", "apply in --out out --policy /dev/zero").ends(2).says("it is a device").peak(150),
        row("/dev/zero to import", "aa policy import --from timm /dev/zero").ends(2).says("it is a device").peak(150),
        row("/dev/zero on standard input", "aa policy check - < /dev/zero").ends(2).says("more than").peak(150),
        row("a folder as a plan", "apply in --out out --plan in").ends(2).says("plan in: "),
        row("a folder as a policy", "apply in --out out --policy ./in").ends(2).says("./in"),
        row("a plan from a pipe", "cat plan.json > p & apply in/a.png --out out --plan p")
            .with(|folder| {
                pipe(folder, "p");
                put(folder, "plan.json", br#"{"version": 1, "images": [{"ops": []}]}"#);
            })
            .leaves(&["a.png"]),
        row("a policy from a pipe", "echo Invert 1 0 > p & apply in --out out --policy ./p")
            .with(fifo("p"))
            .leaves(&GOOD),
        row("a plan on standard input", "echo '{\"version\": 1, \"images\": [{\"ops\": []}]}' | apply in/a.png --out out --plan -")
            .leaves(&["a.png"]),
        row("a policy on standard input", "echo 'Invert 1 0' | apply in --out out --policy -").leaves(&GOOD),
        row("no policy on standard input", "apply in --out out --policy - < /dev/null").ends(2).leaves(&[]),
        row("no plan on standard input", "apply in --out out --plan - < /dev/null").ends(2).leaves(&[]),
        row("a plan to standard output", "apply in --out out --plan-out - | invert in --out again > /dev/null; apply in --out out2 --plan-out - > p; grep -q images p")
            .leaves(&GOOD),
        row("two things to standard output", "apply in --out out --plan-out - --report").ends(2).says("--report"),
        row("3 GB that are no image", "invert in --out out")
            .with(|folder| sparse(folder, "in/x.png", b"no image", 3 << 30))
            .ends(1)
            .says("in/x.png")
            .leaves(&GOOD)
            .peak(150),
        row("900 MB that are no image", "invert in --out out")
            .with(|folder| sparse(folder, "in/x.png", b"no image", 900 << 20))
            .ends(1)
            .says("in/x.png")
            .leaves(&GOOD)
            .peak(150),
        row("900 MB after the start of a PNG", "invert in --out out")
            .with(|folder| sparse(folder, "in/x.png", &crate::row::png(8, 8)[..30], 900 << 20))
            .ends(1)
            .says("in/x.png")
            .leaves(&GOOD),
        row("3 GB of JPEG marks at preview", "preview in --out out/s.png")
            .with(|folder| sparse(folder, "in/x.jpg", b"\xFF\xD8\xFF\xE0", 3 << 30))
            .ends(1)
            .says("in/x.jpg")
            .peak(150),
        row("a file in /proc", "invert /proc/self/mem --out out").ends(1).says("/proc/self/mem").leaves(&[]),
        row("an output in a device", "apply in --out out --plan-out /dev/null --force").ends(2).says("/dev/null"),
        row("a sheet into a device", "mknod x.png c 1 3 2> /dev/null || mkfifo x.png; preview in --out x.png --force; code=$?; [ ! -f x.png ] && exit $code")
            .ends(2)
            .says("x.png"),
    ]
}
