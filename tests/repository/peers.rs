//! The comparisons with other libraries: their drivers run, with our worker alone, and write what the tables of the
//! docs need.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::conformance::{Python, repository};

/// Our worker, built as this test was.
fn worker(bench: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    // All packages, as in `scripts/test`: for one of them alone cargo would build its dependencies anew.
    cargo.args(["build", "--workspace", "--bench", bench, "--no-default-features"]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    for (feature, is_on) in [
        ("default", cfg!(feature = "default")),
        ("gpu", cfg!(feature = "gpu")),
        ("loader", cfg!(feature = "loader")),
        ("burn", cfg!(feature = "burn")),
    ] {
        if is_on {
            cargo.args(["--features", feature]);
        }
    }
    let output = cargo.current_dir(repository()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let messages = messages.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut workers =
        messages.filter(|m| m["target"]["name"] == bench).filter_map(|m| Some(m["executable"].as_str()?.into()));
    workers.next().expect("cargo says where the worker is")
}

/// The name and the lines of the only file of results.
fn written(results: &str) -> (String, Vec<String>) {
    let only = |folder: &Path| std::fs::read_dir(folder).unwrap().next().expect("a file or folder").unwrap().path();
    let file = only(&only(Path::new(results)));
    let csv = std::fs::read_to_string(&file).unwrap();
    (file.file_stem().unwrap().to_str().unwrap().to_string(), csv.lines().map(str::to_string).collect())
}

#[test]
fn the_driver_measures_ours() {
    let Some(python) = Python::find_for("the driver of benches/peers") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let driver = repository().join("benches/peers/run.py");
    let worker = worker("peers");
    python.run(
        driver.to_str().unwrap(),
        [
            "--peers",
            "ours",
            "--tests",
            "aa_cifar10,rotate_bilinear",
            "--sizes",
            "32",
            "--rounds",
            "2",
            "--seconds",
            "0.05",
            "--ours",
            worker.to_str().unwrap(),
            "--out",
            &path("results"),
            "--work",
            &path("work"),
        ],
    );

    let (_, lines) = written(&path("results"));
    let lines: Vec<Vec<_>> = lines.iter().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0][..5], ["peer", "test", "size", "io", "cores"]);
    let cells: HashSet<_> = lines[1..].iter().map(|line| line[..5].join(" ")).collect();
    let policy = ["native 1", "array 1", "native 2", "array 2"].map(|rest| format!("ours aa_cifar10 32 {rest}"));
    assert_eq!(cells, policy.into_iter().chain(["ours rotate_bilinear 32 native 1".to_string()]).collect());
    for line in &lines[1..] {
        assert_eq!(line.len(), lines[0].len());
        let [best, median]: [f64; 2] = [line[5], line[6]].map(|field| field.parse().unwrap());
        assert!(best >= median && median > 0.0, "{line:?}");
        assert_eq!(line[9], "2", "two samples: {line:?}");
    }
}

/// Both sources of the loader, and our decoder alone.
#[cfg(feature = "loader")]
#[test]
fn the_driver_of_files_measures_our_loader() {
    let Some(python) = Python::find_for("the driver of benches/files") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let driver = repository().join("benches/files/run.py");
    let (worker, results, work) = (worker("files"), path("results"), path("work"));
    let arguments = ["--peers", "ours,ours_shards,ours_decode", "--count", "20", "--rounds", "1", "--cores", "2"];
    let paths = ["--ours", worker.to_str().unwrap(), "--out", &results, "--work", &work];
    python.run(driver.to_str().unwrap(), arguments.into_iter().chain(paths));

    let (name, lines) = written(&results);
    assert!(name.starts_with("files-"), "{name}");
    let lines: Vec<Vec<_>> = lines.iter().map(|line| line.split(',').collect()).collect();
    let cells: Vec<_> = lines[1..].iter().map(|line| line[..5].join(" ")).collect();
    let expected = [("ours", "folder"), ("ours_shards", "shards"), ("ours_decode", "whole")];
    assert_eq!(cells, expected.map(|(name, source)| format!("{name} imagenet_training 224 {source} 2")));
    for line in &lines[1..] {
        assert_eq!(line.len(), lines[0].len());
        assert!(line[6].parse::<f64>().unwrap() > 0.0, "{line:?}");
    }
}
