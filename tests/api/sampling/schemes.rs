//! Schemes: what each draws has the distribution that its definition says, for each image alone.

use std::collections::BTreeMap;

use autoaugment::schemes::{TimmAutoAugment, TimmList, TimmRandAugment};
use autoaugment::{Convention, Interpolation, Op, OpKind, Plan, Policy, Sampler, Scheme, Size, Transform};

use super::uniformity::{DRAWS, counts, plan, shape, signed};
use crate::support::statistics::{check, report};

pub const SEEDS: [u64; 4] = [0, 1, 42, u64::MAX];

/// One of each kind, and what timm's can be told.
pub const ALL: [&str; 20] = [
    "randaugment(n=2, m=9)",
    "randaugment(n=3, m=30)",
    "trivialaugment",
    "uniformaugment(n=2)",
    "uniformaugment(n=4)",
    "rand-m9-n3-mstd0.5",
    "rand-m9-mstd0.5-inc1",
    "rand-mstd1-tweights",
    "rand-m15-mstd101-mmax20-p0.9",
    "rand-m15-mmax20-inc1-p0.9",
    "original-mstd0.5",
    "originalr",
    "v0-mstd0.5",
    "v0r-mstd0.5",
    "augmix(width=4, depth=3)",
    "augmix-m5-w4-d2",
    "augmix-b1",
    "3a-mstd0.5",
    "rand-m9-mstd0.5-t3a",
    "rand-m9-n3-t3aw",
];

pub fn scheme(text: &str) -> Scheme {
    text.parse().unwrap()
}

pub fn drawn(text: &str, seed: u64) -> Plan {
    plan(&scheme(text), seed, 0, DRAWS)
}

pub fn uniform(n: usize) -> Vec<f64> {
    vec![1.0 / n as f64; n]
}

/// How often each kind of `kinds` stands at place `k` of an image's operations.
pub fn kinds_at(plan: &Plan, k: usize, kinds: &[OpKind]) -> Vec<u64> {
    let place = |op: &Op| kinds.iter().position(|kind| *kind == op.kind()).unwrap_or_else(|| panic!("{op}"));
    counts(plan.images().iter().filter_map(|image| image.ops.get(k)).map(place), kinds.len())
}

/// The parameters of the operations of a kind.
pub fn values(plan: &Plan, kind: OpKind, value: impl Fn(&Op) -> f64) -> Vec<f64> {
    plan.images().iter().flat_map(|image| &image.ops).filter(|op| op.kind() == kind).map(value).collect()
}

/// How many values lie in each of the cells between these borders.
pub fn cells(values: &[f64], borders: &[f64]) -> Vec<u64> {
    counts(values.iter().map(|v| borders.partition_point(|border| border <= v)), borders.len() + 1)
}

#[test]
fn randaugment_draws_every_operation_alike_and_all_at_its_magnitude() {
    let mut results = Vec::new();
    for seed in SEEDS {
        let plan = drawn("randaugment(n=2, m=9)", seed);
        assert!(plan.images().iter().all(|image| image.ops.len() == 2 && image.sub_policy.is_none()));
        let kinds = scheme("randaugment").operations();
        assert_eq!(kinds.len(), 14);
        // With replacement: every ordered pair as often.
        let place = |op: &Op| kinds.iter().position(|kind| *kind == op.kind()).unwrap();
        let pairs = plan.images().iter().map(|image| 14 * place(&image.ops[0]) + place(&image.ops[1]));
        results.push(check(&format!("pairs, seed {seed}"), &counts(pairs, 196), &uniform(196)));
        for kind in kinds {
            let convention = Convention::TorchvisionRandAugment;
            let of =
                |negative| Sampler::resolve(convention, kind, 9.0, negative, Size { width: 4, height: 3 }).unwrap();
            let (positive, negative) = (of(false), of(true));
            let ops: Vec<_> = plan.images().iter().flat_map(|i| &i.ops).filter(|op| op.kind() == kind).collect();
            assert!(ops.iter().all(|op| **op == positive || **op == negative), "{kind}");
            // On images of 4 x 3 a shift is no whole pixel, and has no sign to see.
            if positive != negative {
                let signs = counts(ops.iter().map(|op| usize::from(**op == negative)), 2);
                results.push(check(&format!("signs of {kind}, seed {seed}"), &signs, &uniform(2)));
            }
        }
    }
    report(results);
}

#[test]
fn trivialaugment_draws_one_operation_and_every_magnitude_alike() {
    let mut results = Vec::new();
    for seed in SEEDS {
        let plan = drawn("trivialaugment", seed);
        assert!(plan.images().iter().all(|image| image.ops.len() == 1));
        let kinds = scheme("trivialaugment").operations();
        results.push(check(&format!("seed {seed}"), &kinds_at(&plan, 0, &kinds), &uniform(14)));
        let degrees = values(&plan, OpKind::Rotate, |op| signed(op).unwrap());
        let bins = counts(degrees.iter().map(|d| (d.abs() / 4.5).round() as usize), 31);
        results.push(check(&format!("magnitudes, seed {seed}"), &bins, &uniform(31)));
        // The sign says nothing of the magnitude.
        let joint = degrees.iter().filter(|d| **d != 0.0);
        let joint = counts(joint.map(|d| 2 * (d.abs() as usize / 23).min(5) + usize::from(*d < 0.0)), 12);
        let size = |cell| (1..=30).filter(|bin| ((4.5 * f64::from(*bin)) as usize / 23).min(5) == cell).count() as f64;
        let expected: Vec<_> = (0..12).map(|i| size(i / 2) / 60.0).collect();
        results.push(check(&format!("signs and magnitudes, seed {seed}"), &joint, &expected));
    }
    report(results);
}

#[test]
fn uniformaugment_draws_operations_gates_and_levels_alike() {
    let mut results = Vec::new();
    for seed in SEEDS {
        let plan = drawn("uniformaugment(n=2)", seed);
        let kinds = scheme("uniformaugment").operations();
        assert_eq!(kinds.len(), 15);
        results.push(check(&format!("operations, seed {seed}"), &kinds_at(&plan, 0, &kinds), &uniform(15)));
        let lengths = counts(plan.images().iter().map(|image| image.ops.len()), 3);
        results.push(check(&format!("gates, seed {seed}"), &lengths, &[0.25, 0.5, 0.25]));
        let borders: Vec<f64> = (1..10).map(|k| f64::from(k) / 10.0).collect();
        let levels: Vec<_> = values(&plan, OpKind::Color, |op| (signed(op).unwrap() + 0.9) / 1.8);
        results.push(check(&format!("levels of Color, seed {seed}"), &cells(&levels, &borders), &uniform(10)));
        let levels: Vec<_> = values(&plan, OpKind::Rotate, |op| (signed(op).unwrap() + 30.0) / 60.0);
        results.push(check(&format!("levels of Rotate, seed {seed}"), &cells(&levels, &borders), &uniform(10)));
    }
    report(results);
}

#[test]
fn timms_randaugment_draws_operations_gates_and_interpolations_alike() {
    let mut results = Vec::new();
    for (text, p) in
        [("rand-m9-n2-mstd0.5", 0.5_f64), ("rand-m9-n2-p0.9-inc1", 0.9), ("rand-p0", 0.0), ("rand-p1", 1.0)]
    {
        let plan = drawn(text, 7);
        let lengths = counts(plan.images().iter().map(|image| image.ops.len()), 3);
        results.push(check(&format!("gates of {text}"), &lengths, &[(1.0 - p).powi(2), 2.0 * p * (1.0 - p), p * p]));
        if p == 0.0 {
            continue;
        }
        let kinds = scheme(text).operations();
        assert_eq!(kinds.len(), 15);
        results.push(check(&format!("operations of {text}"), &kinds_at(&plan, 0, &kinds), &uniform(15)));
        let all = || plan.images().iter().flat_map(|image| &image.ops);
        let interpolations = all().filter_map(|op| match op {
            Op::Rotate(op) => Some(op.interpolation),
            Op::ShearX(op) => Some(op.interpolation),
            Op::TranslateY(op) => Some(op.interpolation),
            _ => None,
        });
        let interpolations = counts(
            interpolations.map(|i| match i {
                Interpolation::Nearest => panic!("timm has no nearest"),
                Interpolation::Bilinear => 0,
                Interpolation::Bicubic => 1,
                other => panic!("{other}"),
            }),
            2,
        );
        results.push(check(&format!("interpolations of {text}"), &interpolations, &uniform(2)));
        let negative = all().filter(|op| op.kind() == OpKind::ShearY).map(|op| usize::from(signed(op).unwrap() < 0.0));
        results.push(check(&format!("signs of {text}"), &counts(negative, 2), &uniform(2)));
    }
    report(results);
}

/// The normal distribution's share below -1.5, -1, ..., 1.5 and 2 deviations.
const SHARES: [f64; 8] =
    [0.066_807_201, 0.158_655_254, 0.308_537_539, 0.5, 0.691_462_461, 0.841_344_746, 0.933_192_799, 0.977_249_868];

#[test]
fn noise_on_magnitudes_is_normal_and_cut_off() {
    let mut results = Vec::new();
    let shares = |below: &[f64]| {
        let ends = [&[0.0], below, &[1.0]].concat();
        ends.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    for (text, mean, deviation) in [("rand-m9-mstd0.5-p1", 9.0, 0.5), ("rand-m6-mstd2-p1", 6.0, 2.0)] {
        for seed in SEEDS {
            let levels = values(&drawn(text, seed), OpKind::Rotate, |op| signed(op).unwrap().abs() / 3.0);
            let borders: Vec<f64> = (0..8).map(|k| mean + deviation * (f64::from(k) / 2.0 - 1.5)).collect();
            // Two deviations above the mean is 10, where magnitudes end.
            let borders = [&borders[..7], &[10.0 - 1e-9]].concat();
            let got = cells(&levels, &borders);
            assert!(levels.iter().all(|level| (0.0..=10.0 + 1e-9).contains(level)));
            assert!(levels.iter().any(|level| *level < 10.0) && got[8] > 0);
            results.push(check(&format!("{text}, seed {seed}"), &got, &shares(&SHARES)));
        }
    }
    // More than 100 is any magnitude up to m, here cut off at a half of it.
    let levels = values(&drawn("rand-m16-mstd101-mmax8-p1", 3), OpKind::Rotate, |op| signed(op).unwrap().abs() / 3.0);
    let borders = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0 - 1e-9];
    let expected = [[1.0 / 16.0; 8].as_slice(), &[0.5]].concat();
    results.push(check("any magnitude", &cells(&levels, &borders), &expected));
    // Policies have noise of their own: Rotate 0.4 9 and others near their digits.
    let rotations = values(&drawn("original-mstd0.5", 3), OpKind::Rotate, |op| signed(op).unwrap().abs() / 3.0);
    assert!(rotations.iter().all(|level| (0.0..=10.0 + 1e-9).contains(level) && level.fract() != 0.0 || *level > 9.9));
    report(results);
}

#[test]
fn weights_are_obeyed_and_nothing_is_drawn_twice() {
    let weights: [(OpKind, f64); 15] = [
        (OpKind::Rotate, 3.0),
        (OpKind::ShearX, 2.0),
        (OpKind::ShearY, 2.0),
        (OpKind::TranslateX, 1.0),
        (OpKind::TranslateY, 1.0),
        (OpKind::Color, 0.25),
        (OpKind::Sharpness, 0.25),
        (OpKind::AutoContrast, 0.25),
        (OpKind::Solarize, 0.05),
        (OpKind::SolarizeAdd, 0.05),
        (OpKind::Contrast, 0.05),
        (OpKind::Brightness, 0.05),
        (OpKind::Equalize, 0.05),
        (OpKind::Posterize, 0.05),
        (OpKind::Invert, 0.05),
    ];
    let sum: f64 = weights.iter().map(|(_, w)| w).sum();
    let kinds = weights.map(|(kind, _)| kind);
    let first = weights.map(|(_, w)| w / sum);
    let second: Vec<_> = (0..15)
        .map(|j| (0..15).filter(|i| *i != j).map(|i| first[i] * first[j] / (1.0 - first[i])).sum::<f64>())
        .collect();
    let mut results = Vec::new();
    for seed in SEEDS {
        let plan = drawn("rand-m9-n2-p1-tweights", seed);
        results.push(check(&format!("first, seed {seed}"), &kinds_at(&plan, 0, &kinds), &first));
        results.push(check(&format!("second, seed {seed}"), &kinds_at(&plan, 1, &kinds), &second));
        assert!(plan.images().iter().all(|image| image.ops[0].kind() != image.ops[1].kind()));
    }
    report(results);
    let all = drawn("rand-n15-p1-tweights", 0);
    for image in all.images().iter().take(100) {
        let mut kinds: Vec<_> = image.ops.iter().map(Op::kind).collect();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), 15);
    }
}

#[test]
fn timms_policies_draw_as_policies_do() {
    for list in TimmList::ALL {
        let timm = TimmAutoAugment::new(list);
        let policy: Policy = timm.policy().clone();
        let without = plan(&timm, 5, 1, 1000);
        assert_eq!(without, plan(&policy, 5, 1, 1000), "{}", list.name());
        // Noise changes magnitudes and nothing else.
        let with = plan(&timm.clone().mstd(0.5), 5, 1, 1000);
        let skeleton = |plan: &Plan| -> Vec<_> {
            let image = |i: &autoaugment::PlannedImage| (i.sub_policy, i.ops.iter().map(Op::kind).collect::<Vec<_>>());
            plan.images().iter().map(image).collect()
        };
        assert_eq!(skeleton(&with), skeleton(&without));
        assert_ne!(with, without);
    }
}

#[test]
fn an_image_is_drawn_alike_in_any_batch_and_epochs_differ() {
    for text in ALL {
        let sampler = Sampler::new(scheme(text), 42).unwrap();
        let indices: Vec<u64> = (0..129).map(|i| i * i % 263 + 1000 * (i % 3)).collect();
        let draw = |indices: &[u64]| sampler.plan(shape(indices.len()), 6, indices).unwrap().into_images();
        let together = draw(&indices);
        for size in [1, 7, 64] {
            let apart: Vec<_> = indices.chunks(size).flat_map(draw).collect();
            assert_eq!(apart, together, "{text}, batches of {size}");
        }
        let mut reversed = draw(&indices.iter().rev().copied().collect::<Vec<_>>());
        reversed.reverse();
        assert_eq!(reversed, together, "{text}, reversed");
        assert_ne!(sampler.plan(shape(129), 7, &indices).unwrap().into_images(), together, "{text}");
    }
}

#[test]
fn a_step_is_drawn_alike_however_many_follow_or_were_passed_over() {
    let ops = |scheme: Scheme| plan(&scheme, 9, 0, 500).into_images().into_iter().map(|i| i.ops).collect::<Vec<_>>();
    for (short, long) in [
        ("randaugment(n=1)", "randaugment(n=3)"),
        ("uniformaugment(n=2)", "uniformaugment(n=5)"),
        ("rand-m9-n2-mstd0.5-p0.7", "rand-m9-n4-mstd0.5-p0.7"),
    ] {
        let pairs = ops(scheme(short)).into_iter().zip(ops(scheme(long)));
        assert!(pairs.into_iter().all(|(short, long)| long.starts_with(&short)), "{long}");
    }
    // Branches of AugMix, of which each has its depth.
    let branches = |text: &str| -> Vec<Vec<Vec<Op>>> {
        let mixtures = ops(scheme(text)).into_iter().map(|ops| match &ops[..] {
            [Op::AugMix(mix)] => mix.branches.iter().map(|branch| branch.ops.clone()).collect(),
            other => panic!("{other:?}"),
        });
        mixtures.collect()
    };
    for (narrow, wide) in [("augmix(width=2)", "augmix(width=4)"), ("augmix-w1", "augmix-w3")] {
        let pairs = branches(narrow).into_iter().zip(branches(wide));
        assert!(pairs.into_iter().all(|(narrow, wide)| wide.starts_with(&narrow)), "{wide}");
    }
    // Gates that are closed take nothing from the steps behind them.
    let base = TimmRandAugment::default().n(3).mstd(0.5).m(9);
    let (all, some) = (ops(base.p(1.0).into()), ops(base.p(0.4).into()));
    let mut passed_over = 0;
    for (all, some) in all.iter().zip(&some) {
        let mut left = all.iter();
        assert!(some.iter().all(|op| left.any(|other| other == op)), "{some:?} of {all:?}");
        passed_over += usize::from(!some.is_empty() && !all.starts_with(some));
    }
    assert!(passed_over > 50);
}

#[test]
fn fill_and_interpolation_of_the_sampler_go_before_those_of_a_scheme() {
    for text in ["rand-p1-m9", "v0-mstd0.5", "uniformaugment", "trivialaugment"] {
        let sampler = Sampler::new(scheme(text), 4).unwrap().fill([1, 2, 3]).interpolation(Interpolation::Bilinear);
        let json = sampler.plan(shape(60), 0, &(0..60).collect::<Vec<_>>()).unwrap().to_string();
        let found: BTreeMap<_, _> = ["bilinear", "bicubic", "nearest", "fill=[1,2,3]", "fill=["]
            .map(|word| (word, json.matches(word).count()))
            .into();
        assert!(found["bilinear"] > 0 && found["bicubic"] + found["nearest"] == 0, "{text}: {found:?}");
        assert_eq!(found["fill=[1,2,3]"], found["fill=["], "{text}");
    }
}

/// A scheme behind a policy has random numbers of its own, and leaves the policy's alone.
#[test]
fn schemes_of_one_transform_do_not_share_draws() {
    let timm = || scheme("rand-m9-n2-mstd0.5-p1");
    let policy: Policy = "Rotate 0.5 9 + ShearX 0.5 9".parse().unwrap();
    let ops = |transform: Transform| {
        let sampler = Sampler::new(transform, 3).unwrap();
        let plan = sampler.plan(shape(300), 0, &(0..300).collect::<Vec<_>>()).unwrap();
        plan.into_images().into_iter().map(|image| image.ops).collect::<Vec<_>>()
    };
    let (alone, policy_alone) = (ops(timm().into()), ops(policy.clone().into()));
    let both = ops(Transform::new().policy(policy).policy(timm()));
    let mut same = 0;
    for ((both, alone), policy_alone) in both.iter().zip(&alone).zip(&policy_alone) {
        let behind = both.strip_prefix(&policy_alone[..]).unwrap();
        assert_eq!((behind.len(), alone.len()), (2, 2));
        same += usize::from(behind[0].kind() == alone[0].kind());
    }
    // One of 15 by chance.
    assert!((5..40).contains(&same), "{same}");
    let twice = ops(Transform::new().policy(timm()).policy(timm()));
    assert!(twice.iter().zip(&alone).all(|(twice, alone)| twice.starts_with(alone)));
    let repeated = twice.iter().filter(|ops| ops[..2] == ops[2..]).count();
    assert!(repeated < 3, "{repeated}");
}
