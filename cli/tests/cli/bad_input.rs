//! Calls that are refused: each with the message that says why, and exit code 2.

use npyz::Order;

use crate::arrays::npy;
use crate::folder::{Folder, color};

#[test]
fn wrong_calls_are_refused_with_the_reason() {
    let folder = Folder::new();
    folder.image("cat.png", color(4, 4, 0));
    folder.image("a/cat.png", color(4, 4, 0));
    folder.image("b/cat.png", color(4, 4, 0));
    folder.image("c/cat.bmp", color(4, 4, 0));
    folder.write("empty/notes.txt", "no image");
    folder.write("bad.txt", "Rotate 0.5 9\nRotate 0.5 11");
    folder.write("bad.json", "{\"version\": 1, \"convention\": \"torchvision\", \"sub_policies\": [[]]}");
    folder.write("scheme.txt", "rand-m9");
    folder.write("taken.png", "");
    folder.write("in.npy", npy(&[0; 12], &[1, 2, 2, 3], Order::C));
    let cases = [
        ("apply cat.png", "--out <DIR|FILE>"),
        ("apply --out out", "<INPUT>"),
        ("apply none.png --out out", "none.png: there is no such file or folder"),
        (
            "apply empty --out out",
            "empty: there are no images (png, jpg, jpeg, jpe, jfif, webp, bmp, gif, tif, tiff, ppm, pgm, pbm, pnm) in this folder",
        ),
        ("apply a b --out out", "a/cat.png and b/cat.png would both be written as out/cat.png"),
        ("apply a c --out out", "a/cat.png and c/cat.bmp would both be written as out/cat.png"),
        ("apply cat.png --out out --copies 0", "0 is not in 1.."),
        ("apply cat.png --out out --policy imagnet", "unknown policy `imagnet`; did you mean `imagenet`?"),
        ("apply cat.png --out out --policy none.json", "policy: there is no file `none.json`"),
        (
            "apply cat.png --out out --policy bad.txt",
            "bad.txt: sub-policy 2, step 1: Rotate: magnitude 11 is outside 0..=9\n",
        ),
        ("apply cat.png --out out --policy v0 --convention torchvision", "magnitude 10 is outside 0..=9"),
        ("apply cat.png --out out --convention pillow", "there is no `pillow`; there are torchvision, "),
        ("apply cat.png --out out --interpolation cubic", "[possible values: nearest, bilinear, bicubic]"),
        ("apply in.npy --out out --dtype f64", "there is no `f64`; there are u8, f16, f32"),
        ("apply in.npy --out out --layout hwc", "[possible values: nhwc, nchw]"),
        ("apply in.npy --out out --format png", "--format is for image files, and in.npy is an array"),
        ("apply in.npy --out out --quality 90", "--quality is for image files, and in.npy is an array"),
        ("apply cat.png --out out --quality 90", "--quality is for JPEGs; add --format jpeg or --format same"),
        ("apply cat.png --out out --interpolation cubic", "unknown interpolation `cubic`; did you mean `bicubic`?"),
        ("apply cat.png --out out --fill 1,2", "`1,2` must be three whole numbers of 0..=255, R,G,B, or one"),
        ("apply cat.png --out out --fill 256", "`256` must be three whole numbers"),
        ("apply cat.png --out out --op Rotat(degrees=3)", "did you mean `Rotate`?"),
        ("apply cat.png --out out --op Rotate", "missing field `degrees`"),
        ("apply cat.png --out out --op Rotat(degrees=3)", "[possible values: Identity, ShearX, "),
        (
            "apply cat.png --out out --op Crop(x=1,side=4)",
            "its form is Crop(x, y, width, height, border=constant, fill=[0,0,0])",
        ),
        ("apply cat.png --out out --op Invert --policy svhn", "cannot be used with '--policy"),
        ("apply cat.png --out out --op Invert --seed 3", "cannot be used with '--seed"),
        ("apply cat.png --out out --plan p.json --op Invert", "cannot be used with"),
        ("apply cat.png --out out --plan p.json --copies 2", "cannot be used with '--copies"),
        ("apply cat.png --out out --plan none.json", "plan none.json: No such file"),
        ("apply cat.png --out out --dtype f32", "--dtype is for .npy arrays, and the input is image files"),
        ("apply cat.png --out out --quality 0", "0 is not in 1..=100"),
        ("preview cat.png --out sheet.jpg", "--out sheet.jpg: the sheet is a PNG"),
        ("preview cat.png --out taken.png", "taken.png exists; --force overwrites it"),
        ("preview cat.png --sub-policies 26", "--sub-policies: 26 is outside 1..=25"),
        ("preview cat.png --op Rotate --policy svhn", "cannot be used with"),
        ("preview cat.png --size 5", "5 is not in 32..=1024"),
        ("preview empty", "there are no images"),
        (
            "bench --plot plot.jpg",
            "--plot plot.jpg: the plot is an SVG or a PNG, and its name must end in .svg or .png",
        ),
        ("bench --plot taken.png", "taken.png exists; --force overwrites it"),
        ("bench --size 0", "0 is not in 1..=8192"),
        ("bench --batch 0", "0 is not in 1..=65536"),
        ("bench --seconds soon", "`soon` must be a number of seconds of 0.001..=3600"),
        ("bench --seconds 0", "`0` must be a number of seconds of 0.001..=3600"),
        ("bench --device cuda", "bench measures adapters and the CPU, and not CUDA; take another device"),
        ("apply cat.png --out out --device cuda:one", "device: `one` is no number of a CUDA device; write `cuda:0`"),
        ("bench --dtype f64", "invalid value 'f64'"),
        ("bench --policy imagnet", "unknown policy `imagnet`; did you mean `imagenet`?"),
        ("bench none.png", "none.png: there is no such file or folder"),
        ("bench empty", "there are no images"),
        ("ops --size 224", "expected WIDTHxHEIGHT in pixels, such as 224x192, got `224`"),
        ("ops --size 0x4", "0 x 4"),
        (
            "policy show nope",
            "there is no `nope`; there are imagenet, cifar10, svhn, v0, fast-imagenet, fast-cifar10, fast-svhn, fashion-mnist-found, randaugment(n=2, m=9), ",
        ),
        ("policy show rand-m9-t3b", "`t3b` in `rand-m9-t3b` must be tweights, t3a or t3aw"),
        ("policy check scheme.txt", "scheme.txt: rand-m9 is not a learned policy"),
        ("preview cat.png --policy trivialaugment --sub-policies 1", "--sub-policies is for learned policies"),
        (
            "apply cat.png --out out --policy rand-m9-mstd0.5x",
            "`mstd0.5x` in `rand-m9-mstd0.5x`: `0.5x` is not a number",
        ),
        ("apply cat.png --out out --policy randaugment(n=0)", "randaugment: n 0 is outside 1..=100"),
        (
            "apply cat.png --out out --policy trivialaugment --convention timm",
            "--convention is for learned policies, and trivialaugment has torchvision-trivialaugment",
        ),
        ("policy check none.txt", "policy none.txt: No such file"),
        ("policy check bad.json", "bad.json: sub-policy 1: the sub-policy has no steps\n"),
        ("policy convert bad.txt --to yaml", "invalid value 'yaml'"),
        ("frobnicate", "unrecognized subcommand 'frobnicate'"),
        ("completions tcsh", "invalid value 'tcsh'"),
    ];
    for (command, message) in cases {
        let run = folder.run(command);
        assert_eq!(run.code, 2, "{command}: {}", run.stderr);
        assert!(run.stderr.contains(message), "{command}: `{message}` is not in\n{}", run.stderr);
        assert_eq!(run.stdout, "", "{command}");
    }
    assert!(!folder.exists("out"));
}

/// A pipe of the folder would never end.
#[cfg(unix)]
#[test]
fn pipes_are_named_and_not_read() {
    let folder = Folder::new();
    folder.image("in/cat.png", color(4, 4, 0));
    let made = std::process::Command::new("mkfifo").arg(folder.path("in/pipe.png")).status().unwrap();
    assert!(made.success());
    let reason = "not a regular file, but a pipe, a socket or a device";
    let run = folder.run("apply in --out out --device cpu");
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("pipe.png: ") && run.stderr.contains(reason), "{}", run.stderr);
    assert_eq!(std::fs::read_dir(folder.path("out")).unwrap().count(), 1);
    let run = folder.run("apply in/pipe.png --out named --device cpu");
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains(reason), "{}", run.stderr);
}
