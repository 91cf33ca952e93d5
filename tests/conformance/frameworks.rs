//! Frameworks: torchvision and timm as they are. What their own draws make of images is what the CPU executor makes of
//! the same operations, to the byte, and their magnitudes stand for the same values here.
//!
//! The fixture is `tests/fixtures/frameworks.bin`, which `tests/pillow/frameworks.py` writes. With
//! `AUTOAUGMENT_PEERS_PYTHON` naming a Python that has them, 2,000 fresh images a scheme are compared besides.

use std::collections::{BTreeMap, HashSet};

use autoaugment::{Convention, Device, Executor, Op, OpKind, Scheme};

use crate::support::conformance::{
    CaseFile, Comparison, Expectation, Expected, Got, Python, architecture_says, compare_magnitudes, digest,
    repository, run, with_comma,
};

fn fixture() -> CaseFile {
    CaseFile::read(&repository().join("tests/fixtures/frameworks.bin"))
}

/// Compares all cases, and returns how many each scheme has.
fn compare_draws(what: &str, file: &CaseFile) -> BTreeMap<String, usize> {
    let executor = Executor::new(Device::Cpu).unwrap();
    let mut comparison = Comparison::new(what);
    run(&executor, file.cases.iter().map(|c| &c.case), |i, got| {
        let case = &file.cases[i].case;
        match &file.cases[i].expected {
            Expectation::Bytes(bytes) => comparison.check(case, Expected(bytes), Got(got)),
            Expectation::Digest(digits) if *digits == digest(got) => comparison.passed(case),
            Expectation::Digest(_) => comparison.failed(case, format!("{case}: other bytes than the framework's")),
        }
    });
    assert_eq!(comparison.cases(), file.cases.len());
    comparison.finish();
    let mut counts = BTreeMap::new();
    for name in &file.why {
        *counts.entry(name.clone()).or_insert(0) += 1;
    }
    counts
}

/// The operation's kind, and those of its branches' operations.
fn kinds(op: &Op) -> Vec<OpKind> {
    let mut kinds = vec![op.kind()];
    if let Op::AugMix(mix) = op {
        kinds.extend(mix.branches.iter().flat_map(|branch| &branch.ops).map(Op::kind));
    }
    kinds
}

#[test]
fn what_frameworks_draw_gives_their_bytes() {
    let file = fixture();
    let counts = compare_draws("torchvision's and timm's draws", &file);
    assert_eq!(counts.len(), 23);
    let fresh = 2000 * counts.len();
    architecture_says(&format!("{} images under {} schemes", with_comma(file.cases.len()), counts.len()));
    architecture_says(&format!("With both installed, {} fresh images a run", with_comma(fresh)));
    for (name, count) in counts {
        assert_eq!(count, 300, "{name}");
        // Each is a scheme here too, and draws no operation that it does not draw here.
        let operations: HashSet<_> = name.parse::<Scheme>().unwrap().operations().into_iter().collect();
        let cases = file.cases.iter().zip(&file.why).filter(|(_, why)| **why == name);
        let mut drawn: HashSet<_> = cases.flat_map(|(c, _)| &c.case.ops).flat_map(kinds).collect();
        // What leaves an image alone is recorded as Identity, or as a shift by nothing.
        drawn.remove(&OpKind::Identity);
        drawn.remove(&OpKind::TranslateX);
        assert!(drawn.is_subset(&operations), "{name}: {drawn:?} and {operations:?}");
    }
}

#[test]
fn magnitudes_stand_for_what_the_frameworks_make_of_them() {
    let table = fixture().magnitudes;
    compare_magnitudes(&table);
    let all = HashSet::from(Convention::ALL);
    let found: HashSet<_> = table.iter().map(|m| m.0).collect();
    let others = HashSet::from([Convention::DeepVoltaire, Convention::TensorFlow]);
    assert_eq!(
        all.difference(&found).copied().collect::<HashSet<_>>(),
        others,
        "which tests/conformance/pillow.rs has"
    );
    for convention in found {
        let has = |m: f64| table.iter().any(|row| row.0 == convention && row.2 == m);
        assert!(convention.magnitudes().all(has), "{convention} lacks magnitudes");
    }
}

#[test]
fn fresh_draws_of_installed_frameworks_give_their_bytes() {
    let Some(python) = Python::with_frameworks("fresh draws of torchvision and timm") else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("cases");
    let seed = std::process::id().to_string();
    python.run("frameworks.py", ["--seed", &seed, "--count", "2000", "--out", &out.to_string_lossy()]);
    let counts = compare_draws(&format!("fresh draws of torchvision and timm, seed {seed}"), &CaseFile::read(&out));
    assert!(counts.len() == 23 && counts.values().all(|count| *count == 2000), "{counts:?}");
    python.run("frameworks.py", ["--check"]);
}
