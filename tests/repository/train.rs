//! The example `train`: a network learns from tensors that came out of this crate, on flex and through wgpu.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::{Compression, write::GzEncoder};

/// The example's program, which `cargo test --features burn` has made beside the tests.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.parent().unwrap().parent().unwrap().join("examples").join("train");
    assert!(program.is_file(), "first: cargo build --features burn --example train");
    program
}

fn idx(path: &Path, dims: &[u32], values: &[u8]) {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|length| length.to_be_bytes()));
    bytes.extend(values);
    let mut file = GzEncoder::new(std::fs::File::create(path).unwrap(), Compression::fast());
    file.write_all(&bytes).unwrap();
    file.finish().unwrap();
}

/// Gray images of ten classes, told apart by which of ten rows is bright.
fn data_set(folder: &Path) {
    const SIDE: usize = 12;
    for (half, images) in [("train", 200), ("t10k", 50)] {
        let labels: Vec<u8> = (0..images).map(|i| (i * 7 % 10) as u8).collect();
        let pixel = |label: u8, p: usize| if p / SIDE == usize::from(label) + 1 { 220 } else { (p * 37 % 60) as u8 };
        let values: Vec<u8> = labels.iter().flat_map(|&label| (0..SIDE * SIDE).map(move |p| pixel(label, p))).collect();
        let side = SIDE as u32;
        idx(&folder.join(format!("{half}-images-idx3-ubyte.gz")), &[images, side, side], &values);
        idx(&folder.join(format!("{half}-labels-idx1-ubyte.gz")), &[images], &labels);
    }
}

/// Pictures of two classes, bright above or bright below, no two of one size.
fn pictures(folder: &Path) {
    for (half, images) in [("train", 24), ("test", 6)] {
        for i in 0..images {
            let class = folder.join(half).join(["above", "below"][i % 2]);
            std::fs::create_dir_all(&class).unwrap();
            let (width, height) = (14 + 3 * i, 50 - i);
            let bright = |row: usize| (row < height / 2) == (i % 2 == 0);
            let pixel = |p: usize| if bright(p / width) { [210, 180, 150] } else { [(p * 37 % 60) as u8, 20, 40] };
            let values: Vec<u8> = (0..width * height).flat_map(pixel).collect();
            let file = std::fs::File::create(class.join(format!("{i}.png"))).unwrap();
            let mut encoder = png::Encoder::new(file, width as u32, height as u32);
            encoder.set_color(png::ColorType::Rgb);
            encoder.write_header().unwrap().write_image_data(&values).unwrap();
        }
    }
}

fn train(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program()).arg("--data").arg(folder).args(arguments).output().unwrap()
}

/// What was printed, if it went well.
fn said(output: Output) -> String {
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{out}\n{err}");
    out
}

#[test]
fn the_loss_falls_on_flex() {
    let folder = tempfile::tempdir().unwrap();
    data_set(folder.path());
    // The example itself fails if it does not fall.
    let text = said(train(folder.path(), &["--policy", "cifar10", "--width", "4", "--steps", "60", "--batch", "20"]));
    assert!(text.starts_with("60 steps, mean loss of the first 15: "), "{text}");
}

/// Toward soft labels, which it cannot reach, but the loss falls all the same.
#[test]
fn the_loss_falls_on_mixed_batches() {
    let folder = tempfile::tempdir().unwrap();
    data_set(folder.path());
    let mixed =
        ["--policy", "none", "--mixup", "0.2", "--cutmix", "1", "--width", "4", "--steps", "60", "--batch", "20"];
    let text = said(train(folder.path(), &mixed));
    assert!(text.starts_with("60 steps, mean loss of the first 15: "), "{text}");
    let refused = train(folder.path(), &["--policy", "none", "--mixup", "0", "--steps", "1"]);
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("mixup: alpha 0 is not a finite number above 0"), "{words}");
}

#[test]
fn a_step_through_wgpu() {
    if let Err(reason) = autoaugment::Gpu::new() {
        assert!(!std::env::var("AUTOAUGMENT_REQUIRE_GPU").is_ok_and(|v| v == "1"), "{reason}");
        eprintln!("SKIPPED, no GPU: {reason}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    data_set(folder.path());
    let step = ["--device", "wgpu", "--policy", "cifar10", "--width", "2", "--batch", "4", "--steps", "1"];
    let text = said(train(folder.path(), &step));
    assert!(text.starts_with("1 steps, mean loss of the first 1: "), "{text}");
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path());
    let text =
        said(train(folder.path(), &[&step[..], &["--base", "imagenet", "--size", "16", "--cutmix", "1"]].concat()));
    assert!(text.starts_with("1 steps, mean loss of the first 1: "), "{text}");
}

/// Images of different sizes, which the base transform makes one size of; and without it a word on what is wrong.
#[test]
fn folders_of_images_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path());
    let same = ["--policy", "cifar10", "--width", "4", "--batch", "6", "--learning-rate", "0.01"];
    let base = ["--base", "imagenet", "--size", "16"];
    let text = said(train(folder.path(), &[&same[..], &base, &["--steps", "40"]].concat()));
    assert!(text.starts_with("40 steps, mean loss of the first 10: "), "{text}");
    let text = said(train(folder.path(), &[&same[..], &base, &["--epochs", "1", "--seeds", "1"]].concat()));
    assert!(text.contains("| cifar10 | "), "{text}");
    let refused = train(folder.path(), &[&same[..], &["--steps", "1"]].concat());
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && words.contains("size"), "{words}");
    // Without `train` and `test` every fifth picture is for testing.
    let text =
        said(train(&folder.path().join("train"), &[&same[..], &base, &["--epochs", "1", "--seeds", "1"]].concat()));
    assert!(text.contains("| cifar10 | "), "{text}");
}

/// A run that is stopped within an epoch and resumed ends as one that was not.
#[test]
fn resuming() {
    let folder = tempfile::tempdir().unwrap();
    data_set(folder.path());
    let saved = folder.path().join("saved");
    let run = |more: &[&str]| {
        let same = ["--base", "crop", "--width", "4", "--batch", "20", "--epochs", "4", "--measurements", "100"];
        said(train(folder.path(), &[&same[..], more].concat()))
    };
    let whole = run(&["--one", "cifar10"]);
    let checkpoint = ["--checkpoint", saved.to_str().unwrap()];
    run(&[&checkpoint[..], &["--policy", "cifar10", "--steps", "25"]].concat());
    let progress = std::fs::read_to_string(saved.join("cifar10-1").join("progress.json")).unwrap();
    assert!(progress.starts_with(r#"{"position":{"epoch":2,"batch":5}"#), "{progress}");
    let resumed = run(&[&checkpoint[..], &["--one", "cifar10", "--resume"]].concat());
    let measurements = |text: &str| text.lines().last().unwrap().to_string();
    assert_eq!(measurements(&resumed), measurements(&whole));
    assert_eq!((whole.lines().count(), resumed.lines().count()), (5, 3), "{resumed}");
}

#[test]
fn a_comparison() {
    let folder = tempfile::tempdir().unwrap();
    data_set(folder.path());
    let plot = folder.path().join("plot.svg");
    let arguments =
        ["--policy", "none,cifar10", "--seeds", "2", "--epochs", "2", "--width", "2", "--measurements", "2", "--plot"];
    let text = said(train(folder.path(), &[&arguments[..], &[plot.to_str().unwrap()]].concat()));
    let rows: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| none") || line.starts_with("| cifar10")).collect();
    assert_eq!(rows.len(), 2, "{text}");
    assert!(std::fs::read_to_string(&plot).unwrap().matches("<polyline").count() == 2);
}
