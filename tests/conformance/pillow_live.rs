//! Pillow, live: the CPU executor against an installed Pillow 13 on fresh random cases, to the byte.
//!
//! The seed is the clock's unless `AUTOAUGMENT_SEED` gives one. Without Pillow the tests are skipped, loudly; with
//! `AUTOAUGMENT_REQUIRE_PILLOW=1` they fail.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use autoaugment::{Batch, Device, Executor, Layout, Op, Output, Plan, Policy, Sampler, Scheme, Shape, Transform};

use crate::pillow::operations;
use crate::support::conformance::{
    Case, CaseFile, Comparison, Expectation, Expected, Got, Picture, Python, noise, run, say,
};

/// The run's seed, the same for all tests, printed once.
fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let seed = match std::env::var("AUTOAUGMENT_SEED") {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("AUTOAUGMENT_SEED={text} is not a number")),
            Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 % 1_000_000_000,
        };
        say(&format!("random cases have seed {seed}; run them again with AUTOAUGMENT_SEED={seed}"));
        seed
    })
}

/// Has `live.py` write cases, runs them and compares. Returns what was compared.
fn compare_with_pillow(what: &str, arguments: &[&str]) -> Option<Vec<Case>> {
    let python = Python::find_for(what)?;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("cases");
    let seed = seed().to_string();
    let out_argument = out.to_string_lossy();
    python.run("live.py", arguments.iter().copied().chain(["--seed", &seed, "--out", &out_argument]));
    let file = CaseFile::read(&out);
    let executor = Executor::new(Device::Cpu).unwrap();
    let mut comparison = Comparison::new(&format!("{what}, seed {seed}, Pillow {}", file.made_by.pillow));
    run(&executor, file.cases.iter().map(|c| &c.case), |i, got| match &file.cases[i].expected {
        Expectation::Bytes(bytes) => comparison.check(&file.cases[i].case, Expected(bytes), Got(got)),
        Expectation::Digest(_) => panic!("live cases have all their bytes"),
    });
    assert_eq!(comparison.cases(), file.cases.len());
    comparison.finish();
    Some(file.cases.into_iter().map(|c| c.case).collect())
}

#[test]
fn random_operations() {
    if let Some(cases) = compare_with_pillow("random operations", &["pairs", "--count", "20000"]) {
        assert_eq!(cases.len(), 20_000);
        let kinds: HashSet<_> = cases.iter().map(|case| case.ops[0].kind()).collect();
        assert_eq!(kinds.len(), operations().len());
    }
}

#[test]
fn chains_of_every_two_operations_and_longer_ones() {
    if let Some(cases) = compare_with_pillow("chains", &["chains", "--count", "2000"]) {
        let two = cases.iter().filter(|case| case.ops.len() == 2);
        let pairs: HashSet<_> = two.map(|case| (case.ops[0].kind(), case.ops[1].kind())).collect();
        assert_eq!(pairs.len(), operations().len().pow(2));
        assert!(cases.iter().any(|case| case.ops.len() == 4));
    }
}

#[test]
fn auto_contrast_between_every_two_values() {
    if let Some(cases) = compare_with_pillow("AutoContrast between every two values", &["ends"]) {
        // 256 * 257 / 2 pairs, three to an image.
        assert_eq!(cases.len(), 32_896usize.div_ceil(3));
    }
}

#[test]
fn the_committed_fixture_is_what_this_pillow_makes() {
    if let Some(python) = Python::find_for("working out the fixture again") {
        python.run("fixtures.py", ["--check"]);
    }
}

/// 64 images of noise, gradients and flat areas.
fn training_images(shape: Shape) -> Vec<u8> {
    let mut bytes = noise(seed(), shape.values());
    for (i, image) in bytes.chunks_exact_mut(shape.values_per_image()).enumerate() {
        for (k, value) in image.iter_mut().enumerate() {
            let column = k / shape.channels % shape.width;
            match i % 4 {
                0 => {}
                1 => *value = (column * 255 / shape.width) as u8 / 2 + *value / 8,
                2 => *value = 60 + *value / 4,
                _ => *value = if *value < 128 { 30 } else { 200 },
            }
        }
    }
    bytes
}

/// Draws plans of a policy or scheme, runs them here and by Pillow, and compares.
fn compare_policy(python: &Python, folder: &Path, name: &str, policy: impl Into<Transform>, shape: Shape) {
    let data = training_images(shape);
    let indices: Vec<u64> = (0..shape.images as u64).collect();
    let plan = Sampler::new(policy, seed()).unwrap().plan(shape, 3, &indices).unwrap();
    let [plan_file, images_file, out_file] = ["plan.json", "images", "out"].map(|f| folder.join(f));
    std::fs::write(&plan_file, plan.to_json()).unwrap();
    std::fs::write(&images_file, &data).unwrap();
    let Shape { images, height, width, channels } = shape;
    let shape_argument = format!("{images},{height},{width},{channels}");
    let files = [&plan_file, &images_file, &out_file].map(|f| f.to_string_lossy().into_owned());
    python.run("replay.py", [&*files[0], &*files[1], "--shape", &shape_argument, "--out", &*files[2]]);
    let expected = std::fs::read(&out_file).unwrap();
    assert_eq!(expected.len(), data.len());

    // The plan that Pillow ran went through JSON; so does the one that runs here.
    let plan = Plan::from_json(&plan.to_json()).unwrap();
    let batch = Batch::new(data.clone(), shape, Layout::Nhwc).unwrap();
    let (tensor, _) = Executor::new(Device::Cpu).unwrap().apply(&batch, &plan, &Output::u8()).unwrap();
    let got = tensor.data.as_u8().unwrap();
    let mut comparison = Comparison::new(&format!("policy {name} on {width} x {height} x {channels}, seed {}", seed()));
    let n = shape.values_per_image();
    for (i, planned) in plan.images().iter().enumerate() {
        let part = i * n..(i + 1) * n;
        let picture =
            Picture { name: format!("image {i}"), width, height, channels, bytes: data[part.clone()].to_vec() };
        let why = format!("{name}, sub-policy {:?}", planned.sub_policy);
        let case = Case { why, picture: Arc::new(picture), partner: None, ops: planned.ops.clone() };
        comparison.check(&case, Expected(&expected[part.clone()]), Got(&got[part]));
    }
    assert_eq!(comparison.cases(), images);
    comparison.finish();
}

#[test]
fn whole_policies() {
    let Some(python) = Python::find_for("whole policies") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let policies = [
        ("imagenet", Policy::imagenet()),
        ("cifar10", Policy::cifar10()),
        ("svhn", Policy::svhn()),
        ("v0", Policy::v0()),
    ];
    for (name, policy) in policies {
        for (height, width, channels) in [(32, 32, 3), (75, 100, 3), (28, 28, 1)] {
            let shape = Shape { images: 64, height, width, channels };
            compare_policy(&python, folder.path(), name, policy.clone(), shape);
        }
    }
}

/// 2,000 images of each, and a few of other shapes.
#[test]
fn whole_schemes() {
    let Some(python) = Python::find_for("whole schemes") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let others = [
        "augmix(severity=10, width=4, depth=3)",
        "augmix-m10-b1",
        "randaugment(n=3, m=30)",
        "rand-m9-n3-mstd0.5",
        "rand-mstd1-tweights",
        "rand-m15-mstd101-mmax20-inc1-p0.9",
        "rand-m9-mstd0.5-t3a",
        "rand-m9-n3-mstd0.5-t3aw",
    ];
    let schemes = Scheme::forms().map(|(form, _)| form).filter(|form| form.parse::<Policy>().is_err());
    let mut count = 0;
    for text in schemes.chain(others) {
        for (images, height, width, channels) in [(2000, 32, 32, 3), (48, 75, 100, 3), (48, 28, 28, 1)] {
            let shape = Shape { images, height, width, channels };
            compare_policy(&python, folder.path(), text, text.parse::<Scheme>().unwrap(), shape);
        }
        count += 1;
    }
    assert_eq!(count, 19);
}

#[test]
fn replaying_obeys_partners_anywhere_in_the_batch() {
    let Some(python) = Python::find_for("replaying partners") else {
        return;
    };
    // No learned policy has SamplePairing, so it gets one of its own.
    let policy: Policy = "SamplePairing 1 7 + Rotate 0.5 4\nCutout 1 6 + SamplePairing 0.7 9".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let shape = Shape { images: 64, height: 20, width: 31, channels: 3 };
    let plan = Sampler::new(policy.clone(), seed()).unwrap().plan(shape, 3, &(0..64).collect::<Vec<_>>()).unwrap();
    let pairings = plan.images().iter().flat_map(|i| &i.ops).filter(|op| matches!(op, Op::SamplePairing(_)));
    assert!(pairings.count() > 20);
    compare_policy(&python, folder.path(), "pairings", policy, shape);
}
