//! The example `train`: a network learns from tensors that came out of this crate, on flex and through wgpu.
#![cfg(all(feature = "burn", feature = "cli"))]

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

/// Grey images of ten classes, told apart by which of ten rows is bright.
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

#[test]
fn a_step_through_wgpu() {
    if let Err(reason) = autoaugment::Gpu::new() {
        assert!(!std::env::var("AUTOAUGMENT_REQUIRE_GPU").is_ok_and(|v| v == "1"), "{reason}");
        eprintln!("SKIPPED, no GPU: {reason}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    data_set(folder.path());
    let arguments = ["--device", "wgpu", "--policy", "cifar10", "--width", "2", "--batch", "4", "--steps", "1"];
    let text = said(train(folder.path(), &arguments));
    assert!(text.starts_with("1 steps, mean loss of the first 1: "), "{text}");
}

/// A run that is stopped and resumed ends as one that was not.
#[test]
fn resuming() {
    let folder = tempfile::tempdir().unwrap();
    data_set(folder.path());
    let saved = folder.path().join("saved");
    let run = |epochs: &str, more: &[&str]| {
        let same = ["--one", "cifar10", "--width", "2", "--batch", "50", "--measurements", "100"];
        said(train(folder.path(), &[&same[..], &["--epochs", epochs], more].concat()))
    };
    let whole = run("4", &[]);
    let checkpoint = ["--checkpoint", saved.to_str().unwrap()];
    run("4", &[&checkpoint[..], &["--stop-after", "2"]].concat());
    assert!(saved.join("cifar10-1").join("network.bpk").is_file());
    let resumed = run("4", &[&checkpoint[..], &["--resume"]].concat());
    assert_eq!(resumed, whole);
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
