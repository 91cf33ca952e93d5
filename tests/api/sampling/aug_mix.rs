//! AugMix: widths, depths, operations, magnitudes and weights as the definitions have them.

use autoaugment::ops::{AugMix, Branch, MixRule};
use autoaugment::{Op, OpKind, Scheme};

use super::uniformity::{DRAWS, counts, plan, signed};
use crate::support::statistics::{check, report};

/// What a scheme drew for many images.
fn mixtures(text: &str, seed: u64) -> Vec<AugMix> {
    let plan = plan(&text.parse::<Scheme>().unwrap(), seed, 0, DRAWS);
    let mixture = |ops: Vec<Op>| match <[Op; 1]>::try_from(ops) {
        Ok([Op::AugMix(mix)]) => mix,
        other => panic!("{other:?}"),
    };
    plan.into_images().into_iter().map(|image| mixture(image.ops)).collect()
}

fn branches(mixtures: &[AugMix]) -> impl Iterator<Item = &Branch> {
    mixtures.iter().flat_map(|mix| &mix.branches)
}

/// How many numbers of 0..1 lie in each tenth.
fn tenths(numbers: impl Iterator<Item = f64>) -> Vec<u64> {
    counts(numbers.map(|v| ((10.0 * v) as usize).min(9)), 10)
}

const TENTH: [f64; 10] = [0.1; 10];

#[test]
fn chains_are_drawn_uniformly() {
    let mut results = Vec::new();
    for (text, kinds) in
        [("augmix", 13), ("augmix(width=4, all_ops=false)", 9), ("augmix-m10", 13), ("augmix-m10-w4-b1", 13)]
    {
        let mixtures = mixtures(text, 3);
        let width = if text.contains('4') { 4 } else { 3 };
        assert!(mixtures.iter().all(|mix| mix.branches.len() == width));
        for i in 0..width {
            let depths = mixtures.iter().map(|mix| mix.branches[i].ops.len() - 1);
            results.push(check(&format!("{text}: depth of branch {i}"), &counts(depths, 3), &[1.0 / 3.0; 3]));
        }
        let drawn = text.parse::<Scheme>().unwrap().operations();
        let drawn: Vec<OpKind> = drawn.into_iter().filter(|kind| *kind != OpKind::AugMix).collect();
        assert_eq!(drawn.len(), kinds);
        for place in 0..3 {
            let ops = branches(&mixtures).filter_map(|branch| branch.ops.get(place));
            let found = ops.map(|op| drawn.iter().position(|kind| *kind == op.kind()).unwrap());
            let uniform = vec![1.0 / kinds as f64; kinds];
            results.push(check(&format!("{text}: operation {place}"), &counts(found, kinds), &uniform));
        }
        // No branch knows what another one has.
        let both = mixtures.iter().map(|mix| 3 * (mix.branches[0].ops.len() - 1) + mix.branches[1].ops.len() - 1);
        results.push(check(&format!("{text}: two depths"), &counts(both, 9), &[1.0 / 9.0; 9]));
        let rotations = branches(&mixtures).flat_map(|branch| &branch.ops).filter(|op| op.kind() == OpKind::Rotate);
        let degrees: Vec<f64> = rotations.map(|op| signed(op).unwrap()).collect();
        if text.starts_with("augmix-") {
            results.push(check(&format!("{text}: levels"), &tenths(degrees.iter().map(|d| d.abs() / 30.0)), &TENTH));
        } else {
            // Three magnitudes of ten, the first of which is nothing.
            let bins = counts(degrees.iter().map(|d| (d.abs() / 30.0 * 9.0).round() as usize), 3);
            results.push(check(&format!("{text}: magnitudes"), &bins, &[1.0 / 3.0; 3]));
        }
        let signs = degrees.iter().filter(|d| **d != 0.0).map(|d| usize::from(*d < 0.0));
        results.push(check(&format!("{text}: signs"), &counts(signs, 2), &[0.5; 2]));
    }
    report(results);
}

#[test]
fn depths_and_severities_that_are_given_are_obeyed() {
    for (text, depth) in [("augmix(severity=10, width=2, depth=5)", 5), ("augmix-w2-d5-mstd0", 5)] {
        let mixtures = mixtures(text, 1);
        assert!(branches(&mixtures).all(|branch| branch.ops.len() == depth), "{text}");
        assert!(mixtures.iter().all(|mix| mix.branches.len() == 2), "{text}");
        let degrees = branches(&mixtures).flat_map(|branch| &branch.ops).filter(|op| op.kind() == OpKind::Rotate);
        let most = degrees.map(|op| signed(op).unwrap().abs()).fold(0.0, f64::max);
        assert_eq!(most, if text.contains("mstd0") { 9.0 } else { 30.0 }, "{text}");
    }
}

/// For alpha 1 the image's share is uniform, and a branch's share of the rest has the density 2 (1 - w).
#[test]
fn weights_have_their_distributions() {
    let mut results = Vec::new();
    let below = |x: f64| 1.0 - (1.0 - x) * (1.0 - x);
    let triangle: Vec<f64> = (0..10).map(|k| below(f64::from(k + 1) / 10.0) - below(f64::from(k) / 10.0)).collect();
    for seed in [0, 7] {
        let torchvision = mixtures("augmix", seed);
        let kept = |mix: &AugMix| if let MixRule::Sum(kept) = mix.rule { kept } else { panic!("{mix:?}") };
        results.push(check("what is kept", &tenths(torchvision.iter().map(kept)), &TENTH));
        let timm = mixtures("augmix-m3", seed);
        let mixed = |mix: &AugMix| if let MixRule::SumThenBlend(m) = mix.rule { m } else { panic!("{mix:?}") };
        results.push(check("what is mixed", &tenths(timm.iter().map(mixed)), &TENTH));
        for i in 0..3 {
            let of_rest = torchvision.iter().map(|mix| mix.branches[i].weight / (1.0 - kept(mix)));
            results.push(check(&format!("branch {i}"), &tenths(of_rest), &triangle));
            let weights = timm.iter().map(|mix| mix.branches[i].weight);
            results.push(check(&format!("timm's branch {i}"), &tenths(weights), &triangle));
        }
    }
    report(results);
    for mix in mixtures("augmix(width=4, alpha=0.3)", 2) {
        let MixRule::Sum(kept) = mix.rule else { panic!("{mix:?}") };
        let sum = kept + mix.branches.iter().map(|branch| branch.weight).sum::<f64>();
        assert!((sum - 1.0).abs() < 1e-6, "{mix:?}");
    }
    // Of blends one after the other, each takes its share away from those before it: the shares are those of a sum
    // again.
    let blends = mixtures("augmix-m3-b1", 2);
    let shares: Vec<Vec<f64>> = blends
        .iter()
        .map(|mix| {
            assert_eq!(mix.rule, MixRule::Blends);
            let weights: Vec<f64> = mix.branches.iter().map(|branch| branch.weight).collect();
            let left = |i: usize| weights[i + 1..].iter().map(|weight| 1.0 - weight).product::<f64>();
            (0..3).map(|i| weights[i] * left(i)).collect()
        })
        .collect();
    let mixed = |shares: &Vec<f64>| shares.iter().sum::<f64>();
    let mut results = vec![check("what is blended", &tenths(shares.iter().map(mixed)), &TENTH)];
    for i in 0..3 {
        let of_mixed = shares.iter().map(|shares| shares[i] / mixed(shares));
        results.push(check(&format!("blended branch {i}"), &tenths(of_mixed), &triangle));
    }
    report(results);
}
