//! The driver for Ray, with real Ray: two workers give the journal of one process, and a lost worker costs nothing.
//!
//! `AUTOAUGMENT_RAY_PYTHON` is a Python that has Ray; `AUTOAUGMENT_PYTHON` or `python3` unless set. Without Ray the
//! tests are skipped, and with `AUTOAUGMENT_REQUIRE_RAY=1` they fail.

#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::searches::{SMALL, data, has, journal};

fn python() -> Command {
    let named = |name| std::env::var(name).ok();
    Command::new(named("AUTOAUGMENT_RAY_PYTHON").or(named("AUTOAUGMENT_PYTHON")).unwrap_or("python3".to_string()))
}

/// Runs a search with each way, all of which have the journal of one process. A way says how many jobs are lost.
fn check(children: u64, seeds: u64, ways: &[(&str, u64)]) {
    let size = format!("--children {children} --seeds {seeds}");
    let folder = data(40);
    folder.run(&format!("search data --out whole.json {size} {SMALL}")).ends_with(0);
    folder.run(&format!("search proxy data --out proxy.json {SMALL}")).ends_with(0);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../search/ray/check.py");
    for (way, lost) in ways {
        folder.run(&format!("search start --proxy proxy.json --journal {way} {size}")).ends_with(0);
        let path = |name: &str| folder.path(name).into_os_string();
        let mut run = python();
        run.arg(&script).arg(way).arg(env!("CARGO_BIN_EXE_autoaugment")).arg(path(way)).arg(path("proxy.json"));
        let output = run.current_dir(folder.path("")).output().unwrap();
        let words = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{way}: {words}");
        let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_string();
        let counts: Value = serde_json::from_str(&last).unwrap();
        assert_eq!(counts, serde_json::json!({"done": children * (1 + seeds), "lost": lost}), "{way}: {words}");
        assert_eq!(journal(&folder, way), journal(&folder, "whole.journal"), "{way}");
    }
}

#[test]
fn two_ray_workers_give_the_same_journal_though_one_is_lost() {
    if has(python().args(["-c", "import ray"]), "AUTOAUGMENT_REQUIRE_RAY") {
        check(10, 1, &[("driver", 0), ("lost", 1)]);
    }
}

#[test]
fn trials_of_ray_tune_give_the_same_journal() {
    if has(python().args(["-c", "import ray.tune"]), "AUTOAUGMENT_REQUIRE_RAY") {
        check(6, 0, &[("tune", 0)]);
    }
}

#[test]
fn the_python_files_are_python() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../search");
    let files = [
        "examples/child.py",
        "examples/child_torch.py",
        "examples/transfer/fine_tune.py",
        "ray/check.py",
        "ray/autoaugment_ray/searcher.py",
    ];
    for file in files {
        let compile = "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')";
        let output = Command::new("python3").args(["-c", compile]).arg(folder.join(file)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
