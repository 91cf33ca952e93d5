//! The kit from end to end, in its short form, on whatever adapter there is.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn run(out: &Path) -> Output {
    let program = env!("CARGO_BIN_EXE_gpu-proof");
    let arguments = ["--short", "--seconds", "0.01", "--out"];
    Command::new(program).args(arguments).arg(out).output().unwrap()
}

/// Whether a run was possible. Without an adapter it must say so, and may be demanded.
fn succeeded(output: &Output) -> bool {
    let error = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() && error.contains("no GPU") {
        assert!(std::env::var("AUTOAUGMENT_REQUIRE_GPU").is_err(), "{error}");
        eprintln!("SKIPPED, no GPU: {error}");
        return false;
    }
    assert!(output.status.success(), "{error}\n{}", String::from_utf8_lossy(&output.stdout));
    true
}

#[test]
fn bytes_first_batch_and_speed() {
    let out = tempfile::tempdir().unwrap();
    let output = run(out.path());
    if !succeeded(&output) {
        return;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("All bytes are the CPU's."), "{said}");
    let folder = std::fs::read_dir(out.path()).unwrap().next().unwrap().unwrap().path();
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    // Nothing else is left there.
    assert_eq!(names.len(), 2, "{names:?}");
    let json: Value = serde_json::from_slice(&std::fs::read(folder.join(&names[1])).unwrap()).unwrap();
    let groups = json["conformance"].as_array().unwrap();
    assert_eq!(groups.len(), 10);
    for group in groups {
        assert!(group["images"].as_u64().unwrap() > 0 && group["values"].as_u64().unwrap() > 0, "{group}");
        assert_eq!(group["differing_values"], 0, "{group}");
    }
    assert_eq!(json["first_batch"].as_array().unwrap().len(), 2);
    assert!(json["first_batch"][1]["pipelines"].as_u64().unwrap() > 0, "{json}");
    let rows = json["speed"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["row"] == "gpu_resident" && row["of_limit"].as_f64() > Some(0.0)), "{rows:?}");
}

#[test]
fn what_is_missing_is_named() {
    let refused = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_gpu-proof")).args(arguments).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let error = refused(&["--autoaugment", "nowhere"]);
    assert!(error.contains("nowhere: there is no such program; --autoaugment names it"), "{error}");
    let error = refused(&["--device", "no such adapter", "--autoaugment", env!("CARGO_BIN_EXE_gpu-proof")]);
    assert!(error.contains("no such adapter"), "{error}");
    let error = refused(&["--device", "cpu", "--autoaugment", env!("CARGO_BIN_EXE_gpu-proof")]);
    assert!(error.contains("cpu is no GPU"), "{error}");
}
