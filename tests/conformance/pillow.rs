//! Pillow: the CPU executor against what Pillow 13 makes of every operation at every magnitude, to the byte.
//!
//! The expected bytes are in `tests/fixtures/pillow-13.bin`, which `tests/pillow/fixtures.py` writes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use autoaugment::ops::Category;
#[cfg(feature = "gpu")]
use autoaugment::{Batch, Layout, Output, Plan, Shape};
use autoaugment::{Convention, Device, Executor, Interpolation, Op, OpKind, Sampler, Size};
use serde_json::Value;

use crate::support::conformance::{
    Case, CaseFile, Comparison, Expectation, Expected, FixtureCase, Got, Picture, Python, architecture_says, compare,
    compare_magnitudes, digest, repository, run, say, with_comma,
};

/// Read once for all tests.
fn fixture() -> &'static CaseFile {
    static FILE: OnceLock<CaseFile> = OnceLock::new();
    FILE.get_or_init(|| CaseFile::read(&repository().join("tests/fixtures/pillow-13.bin")))
}

/// Compares with the expected bytes, or with their digest.
fn check(comparison: &mut Comparison, fixture: &FixtureCase, got: &[u8]) {
    let FixtureCase { number, case, expected } = fixture;
    match expected {
        Expectation::Bytes(bytes) => comparison.check(case, Expected(bytes), Got(got)),
        Expectation::Digest(digits) if *digits == digest(got) => comparison.passed(case),
        Expectation::Digest(_) => match comparison.shows_more().then(|| bytes_from_pillow(*number)) {
            Some(Ok(bytes)) if bytes != got => comparison.check(case, Expected(&bytes), Got(got)),
            Some(Ok(_)) => comparison.failed(case, format!("{case}: equals Pillow here, but not the fixture")),
            Some(Err(reason)) => comparison.failed(case, format!("{case}: {reason}; {}", command(*number))),
            None => comparison.failed(case, format!("{case}: see {}", command(*number))),
        },
    }
}

/// What shows the expected bytes of a case of which the fixture has the digest only.
fn command(number: usize) -> String {
    format!("`python3 tests/pillow/fixtures.py --show {number}` draws what is expected")
}

fn bytes_from_pillow(number: usize) -> Result<Vec<u8>, String> {
    let python = Python::find()?;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("expected");
    python.run("fixtures.py", ["--show", &number.to_string(), "--out", &out.to_string_lossy()]);
    Ok(std::fs::read(out).unwrap())
}

#[test]
fn every_operation_gives_the_bytes_of_pillow() {
    let file = fixture();
    assert!(file.made_by.pillow.starts_with("13."), "{:?}", file.made_by);
    assert_eq!(file.made_by.machine, "x86_64", "only there is Pillow's arithmetic plain");
    let executor = Executor::new(Device::Cpu).unwrap();
    let mut comparison = Comparison::new(&format!("CPU against the fixture of Pillow {}", file.made_by.pillow));
    run(&executor, file.cases.iter().map(|c| &c.case), |i, got| check(&mut comparison, &file.cases[i], got));
    assert_eq!(comparison.cases(), file.cases.len());
    comparison.finish();
    architecture_says(&format!("{} cases made by Pillow 13.0", with_comma(file.cases.len())));
}

/// A part of the cases, since software adapters are slow and compile for long: pictures of 256 pixels, in workgroup
/// memory. That all other kernels agree with the CPU executor is for the GPU's own tests.
#[cfg(feature = "gpu")]
#[test]
fn the_gpu_gives_the_bytes_of_pillow() {
    let file = fixture();
    let Some(gpu) = crate::support::gpu::gpu() else { return };
    // One image an operation first, so that kernels are made once, for all operations.
    let one = |&op| Sampler::resolve(Convention::Torchvision, op, 0.0, false, Size { width: 16, height: 16 }).unwrap();
    let ops: Vec<Op> = OpKind::ALL.iter().map(one).collect();
    let shape = Shape { images: 1, height: 16, width: 16, channels: 3 };
    gpu.apply(&Batch::new(vec![0; 768], shape, Layout::Nhwc).unwrap(), &Plan::uniform(1, ops), &Output::u8()).unwrap();
    let executor = Executor::with_gpu(gpu);
    let is_square =
        |c: &&FixtureCase| (c.case.picture.width, c.case.picture.height, c.case.picture.channels) == (16, 16, 3);
    let part: Vec<_> = file.cases.iter().filter(is_square).step_by(5).collect();
    let mut comparison = Comparison::new("GPU against the fixture of Pillow");
    run(&executor, part.iter().map(|c| &c.case), |i, got| check(&mut comparison, part[i], got));
    assert_eq!(comparison.cases(), part.len());
    comparison.finish();
}

/// The operation as JSON text without the sign of zeros, which no operation can see.
fn key(op: &Value) -> String {
    op.to_string().replace("-0.0", "0.0")
}

fn json(op: &Op) -> serde_json::Map<String, Value> {
    match serde_json::to_value(op).unwrap() {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

/// The conventions whose magnitudes the fixture has for every picture; those of the others are in `frameworks.rs`.
const CONVENTIONS: [Convention; 3] = [Convention::Torchvision, Convention::DeepVoltaire, Convention::TensorFlow];

/// The operations that the fixture has. One that was added later needs its line in `tests/pillow/reference.py`; until
/// the fixture is written anew, this says that it is skipped, or panics if `AUTOAUGMENT_REQUIRE_PILLOW=1`.
pub fn operations() -> &'static [OpKind] {
    static OPERATIONS: OnceLock<Vec<OpKind>> = OnceLock::new();
    OPERATIONS.get_or_init(|| {
        let found: HashSet<_> = fixture().cases.iter().flat_map(|c| &c.case.ops).map(Op::kind).collect();
        let (found, missing): (Vec<_>, Vec<_>) = OpKind::ALL.iter().partition(|kind| found.contains(kind));
        let required = std::env::var("AUTOAUGMENT_REQUIRE_PILLOW").is_ok_and(|v| v == "1");
        assert!(missing.is_empty() || !required, "the fixture lacks {missing:?}");
        missing.iter().for_each(|kind| say(&format!("SKIPPED {kind}: the fixture of Pillow lacks it")));
        found
    })
}

/// Every operation of the fixture, magnitude and sign of these.
fn magnitudes() -> impl Iterator<Item = (Convention, OpKind, f64, bool)> {
    CONVENTIONS.into_iter().flat_map(|convention| {
        (0..=convention.last_magnitude()).flat_map(move |m| {
            let both = move |&op| [false, true].map(|negative| (convention, op, f64::from(m), negative));
            operations().iter().flat_map(both)
        })
    })
}

#[test]
fn the_fixture_has_every_magnitude_sign_and_interpolation_for_every_picture() {
    let mut by_picture: HashMap<*const Picture, (&Arc<Picture>, HashSet<String>)> = HashMap::new();
    for FixtureCase { case, .. } in &fixture().cases {
        let (_, ops) = by_picture.entry(Arc::as_ptr(&case.picture)).or_insert((&case.picture, HashSet::new()));
        for op in &case.ops {
            let mut op = json(op);
            if op["op"] == "Cutout" {
                // Where it is, is not a matter of magnitudes.
                op.retain(|name, _| name != "x" && name != "y");
            }
            ops.insert(key(&Value::Object(op)));
        }
    }
    let mut missing = Vec::new();
    let mut looked_up = 0;
    for (picture, ops) in by_picture.values() {
        let size = Size { width: picture.width, height: picture.height };
        let large = size.width * size.height > 96 * 64;
        if picture.name.starts_with("ramp") {
            continue;
        }
        for (convention, op, magnitude, negative) in magnitudes() {
            let mut resolved = json(&Sampler::resolve(convention, op, magnitude, negative, size).unwrap());
            let warp = op.category() == Category::Warp;
            // Large pictures are for arithmetic with colors; the photograph has no partner.
            if large && (warp || op == OpKind::Cutout || op == OpKind::SamplePairing) {
                continue;
            }
            resolved.retain(|name, _| op != OpKind::Cutout || (name != "x" && name != "y"));
            if op == OpKind::SamplePairing {
                resolved["partner"] = 1.into();
            }
            for interpolation in Interpolation::ALL.into_iter().take(if warp { 3 } else { 1 }) {
                if warp {
                    resolved["interpolation"] = interpolation.to_string().into();
                }
                looked_up += 1;
                let wanted = key(&Value::Object(resolved.clone()));
                if !ops.contains(&wanted) {
                    missing.push(format!("{wanted} [{convention} {magnitude}] on {}", picture.name));
                }
            }
        }
    }
    assert!(by_picture.len() > 30 && looked_up > 50_000, "{} pictures, {looked_up} operations", by_picture.len());
    assert!(
        missing.is_empty(),
        "{} of {looked_up} are missing:\n{}",
        missing.len(),
        missing[..20.min(missing.len())].join("\n")
    );
}

#[test]
fn the_fixture_has_every_pair_of_operations() {
    let pairs: HashSet<_> = fixture()
        .cases
        .iter()
        .filter(|c| c.case.ops.len() == 2)
        .map(|c| (c.case.ops[0].kind(), c.case.ops[1].kind()))
        .collect();
    assert!(operations().len() >= 20, "{:?}", operations());
    assert_eq!(pairs.len(), operations().len().pow(2));
}

#[test]
fn magnitudes_stand_for_the_frameworks_values() {
    let table = &fixture().magnitudes;
    compare_magnitudes(table);
    let found: HashSet<_> = table.iter().map(|m| (m.0, m.1, m.2.to_bits(), m.3)).collect();
    let all: HashSet<_> = magnitudes().map(|m| (m.0, m.1, m.2.to_bits(), m.3)).collect();
    assert!(found.is_superset(&all), "the fixture lacks magnitudes");
}

/// A case of 3 x 2 pixels on which the comparing itself is tested.
fn small_case() -> Case {
    let bytes = (0..18).collect();
    let picture = Picture { name: "counting".to_string(), width: 3, height: 2, channels: 3, bytes };
    Case { why: "a test".to_string(), picture: Arc::new(picture), partner: None, ops: vec!["Invert".parse().unwrap()] }
}

#[test]
fn one_differing_byte_is_found() {
    let case = small_case();
    let expected: Vec<u8> = case.picture.bytes.iter().map(|v| 255 - v).collect();
    assert_eq!(compare(&case, Expected(&expected), Got(&expected)), None);
    let mut got = expected.clone();
    got[16] += 2;
    let difference = compare(&case, Expected(&expected), Got(&got)).unwrap();
    assert_eq!(
        difference.to_string(),
        "Invert [a test] on counting, 3 x 2 x 3: 1 of 18 bytes differ, by 2 at most; first at column 2, row 1: \
         source [15, 16, 17], expected [240, 239, 238], got [240, 241, 238]"
    );
}

#[test]
#[should_panic(expected = "one byte: 1 of 2 cases differ")]
fn one_differing_case_fails_the_test() {
    let case = small_case();
    let mut got = case.picture.bytes.clone();
    let mut comparison = Comparison::new("one byte");
    comparison.check(&case, Expected(&case.picture.bytes), Got(&got));
    got[0] ^= 1;
    comparison.check(&case, Expected(&case.picture.bytes), Got(&got));
    comparison.finish();
}

#[test]
#[should_panic(expected = "nothing was compared")]
fn comparing_nothing_fails_the_test() {
    Comparison::new("nothing").finish();
}

#[test]
#[should_panic(expected = "1 of 1 cases differ")]
fn one_byte_that_is_known_by_its_digest_only_fails_the_test() {
    let known_by_digest = |c: &&FixtureCase| matches!(c.expected, Expectation::Digest(_));
    let fixture = fixture().cases.iter().find(known_by_digest).unwrap();
    let executor = Executor::new(Device::Cpu).unwrap();
    let mut comparison = Comparison::new("a digest");
    run(&executor, [&fixture.case], |_, got| {
        let mut got = got.to_vec();
        got[1234] ^= 1;
        check(&mut comparison, fixture, &got);
    });
    comparison.finish();
}
