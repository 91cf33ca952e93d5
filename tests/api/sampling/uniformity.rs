//! Uniformity: every single draw has its distribution.

use std::collections::BTreeMap;

use autoaugment::{Op, OpKind, Plan, Policy, Sampler, Scheme, Shape, SubPolicy};

use crate::support::statistics::{check, report};

pub const DRAWS: u64 = 40_000;

pub fn shape(images: usize) -> Shape {
    Shape { images, height: 3, width: 4, channels: 3 }
}

/// One plan of `images` images, numbered from 0.
pub fn plan(policy: &(impl Into<Scheme> + Clone), seed: u64, epoch: u64, images: u64) -> Plan {
    let indices: Vec<u64> = (0..images).collect();
    Sampler::new(policy.clone(), seed).unwrap().plan(shape(images as usize), epoch, &indices).unwrap()
}

pub fn counts(values: impl Iterator<Item = usize>, categories: usize) -> Vec<u64> {
    let mut counts = vec![0; categories];
    values.for_each(|v| counts[v] += 1);
    counts
}

/// The chains that may come of a sub-policy, each with its probability.
fn outcomes(sub_policy: &SubPolicy) -> BTreeMap<Vec<OpKind>, f64> {
    let mut outcomes = BTreeMap::new();
    for gates in 0..1 << sub_policy.steps.len() {
        let mut probability = 1.0;
        let mut chain = Vec::new();
        for (k, step) in sub_policy.steps.iter().enumerate() {
            let applied = gates >> k & 1 == 1;
            probability *= if applied { step.probability } else { 1.0 - step.probability };
            chain.extend(applied.then_some(step.op));
        }
        *outcomes.entry(chain).or_insert(0.0) += probability;
    }
    outcomes
}

#[test]
fn sub_policies_of_every_short_preset_are_drawn_alike_and_their_steps_as_often_as_they_say() {
    let mut results = Vec::new();
    // Those of hundreds of sub-policies would need millions of draws, and are drawn by the same code.
    for name in Policy::preset_names().filter(|name| !name.starts_with("fast-")) {
        let policy = Policy::preset(name).unwrap();
        for seed in [0, 1, 42, u64::MAX] {
            let plan = plan(&policy, seed, 0, DRAWS);
            let numbers = plan.images().iter().map(|i| i.sub_policy.unwrap() - 1);
            let n = policy.sub_policies.len();
            results.push(check(&format!("{name}, seed {seed}"), &counts(numbers, n), &vec![1.0 / n as f64; n]));
        }
        let plan = plan(&policy, 7, 3, DRAWS);
        for (number, sub_policy) in policy.sub_policies.iter().enumerate() {
            let outcomes = outcomes(sub_policy);
            let chains: Vec<_> = outcomes.keys().collect();
            let drawn = plan.images().iter().filter(|i| i.sub_policy == Some(number + 1)).map(|image| {
                let chain: Vec<_> = image.ops.iter().map(Op::kind).collect();
                chains.iter().position(|c| **c == chain).unwrap_or_else(|| panic!("{name}: {chain:?} of {sub_policy}"))
            });
            let counts = counts(drawn, chains.len());
            results.push(check(&format!("{name}: {sub_policy}"), &counts, &outcomes.into_values().collect::<Vec<_>>()));
        }
    }
    assert_eq!(results.len(), 5 * (4 + 25));
    report(results);
}

#[test]
fn a_step_is_applied_as_often_as_its_probability_says() {
    let mut results = Vec::new();
    for probability in [0.0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 1.0] {
        for position in 0..3 {
            let mut steps = ["Invert 0.5 0", "Equalize 0.5 0", "Solarize 0.5 1"].map(String::from);
            steps[position] = format!("Posterize {probability} 5");
            let policy: Policy = steps.join(" + ").parse().unwrap();
            let is_applied = |ops: &[Op]| usize::from(ops.iter().any(|op| op.kind() == OpKind::Posterize));
            let plan = plan(&policy, 11, position as u64, DRAWS);
            let counts = counts(plan.images().iter().map(|i| is_applied(&i.ops)), 2);
            results.push(check(
                &format!("step {position} with {probability}"),
                &counts,
                &[1.0 - probability, probability],
            ));
        }
    }
    report(results);
}

/// The parameter that carries the sign.
pub fn signed(op: &Op) -> Option<f64> {
    match op {
        Op::Rotate(op) => Some(op.degrees),
        Op::ShearX(op) => Some(op.factor),
        Op::ShearY(op) => Some(op.factor),
        Op::TranslateX(op) => Some(op.pixels),
        Op::TranslateY(op) => Some(op.pixels),
        Op::Brightness(op) => Some(op.factor - 1.0),
        Op::Color(op) => Some(op.factor - 1.0),
        Op::Contrast(op) => Some(op.factor - 1.0),
        Op::Sharpness(op) => Some(op.factor - 1.0),
        _ => None,
    }
}

#[test]
fn both_signs_are_drawn_alike_and_have_the_same_size() {
    let mut results = Vec::new();
    for convention in autoaugment::Convention::ALL {
        for &op in OpKind::ALL.iter().filter(|op| convention.is_signed(**op)) {
            let last = convention.last_magnitude();
            let policy: Policy = format!("convention {convention}\n{op} 1 {last}").parse().unwrap();
            let plan = plan(&policy, 5, 0, DRAWS);
            let values: Vec<f64> = plan.images().iter().map(|i| signed(&i.ops[0]).unwrap()).collect();
            let size = values[0].abs();
            assert!(size > 0.0 && values.iter().all(|v| (v.abs() - size).abs() < 1e-12), "{convention} {op}");
            let counts = counts(values.iter().map(|v| usize::from(*v < 0.0)), 2);
            results.push(check(&format!("{convention} {op}"), &counts, &[0.5; 2]));
        }
    }
    assert_eq!(results.len(), 7 * 9 + 6 * 5);
    report(results);
}

#[test]
fn unsigned_operations_have_one_value() {
    for convention in autoaugment::Convention::ALL {
        for &op in OpKind::ALL.iter().filter(|op| !convention.is_signed(**op)) {
            if matches!(op, OpKind::Cutout | OpKind::SamplePairing) || convention.random_lower_bound(op).is_some() {
                continue;
            }
            let last = convention.last_magnitude();
            let policy: Policy = format!("convention {convention}\n{op} 1 {last}").parse().unwrap();
            let plan = plan(&policy, 5, 0, 100);
            assert!(plan.images().iter().all(|i| i.ops == plan.images()[0].ops), "{convention} {op}");
        }
    }
}

#[test]
fn cutout_is_centered_on_every_pixel_alike() {
    let mut results = Vec::new();
    for (text, position) in [("Cutout 1 9", 0), ("Invert 0.3 0 + Cutout 1 0", 1), ("Cutout 0.5 9 + Cutout 1 0", 1)] {
        let plan = plan(&text.parse::<Policy>().unwrap(), 3, 0, DRAWS);
        let pixels = plan.images().iter().map(|image| match image.ops.last() {
            Some(Op::Cutout(cutout)) => {
                let center = |corner: i64, side: u32| (corner + i64::from(side / 2)) as usize;
                let (x, y) = (center(cutout.x, cutout.width), center(cutout.y, cutout.height));
                assert!(x < 4 && y < 3, "{cutout:?}");
                y * 4 + x
            }
            other => panic!("{other:?}"),
        });
        results.push(check(&format!("{text}, step {position}"), &counts(pixels, 12), &[1.0 / 12.0; 12]));
    }
    report(results);
}

#[test]
fn partners_are_the_other_images_alike() {
    let policy: Policy = "SamplePairing 1 9".parse().unwrap();
    let sampler = Sampler::new(policy, 9).unwrap();
    let mut results = Vec::new();
    for images in [2, 3, 5, 8] {
        let mut counts = vec![0; images * images];
        for epoch in 0..4000 {
            let indices: Vec<u64> = (0..images as u64).collect();
            let plan = sampler.plan(shape(images), epoch, &indices).unwrap();
            for (i, image) in plan.images().iter().enumerate() {
                match image.ops[0] {
                    Op::SamplePairing(ref pairing) => counts[i * images + pairing.partner] += 1,
                    ref other => panic!("{other}"),
                }
            }
        }
        for (i, counts) in counts.chunks(images).enumerate() {
            let others = (0..images).map(|j| if j == i { 0.0 } else { 1.0 / (images - 1) as f64 });
            results.push(check(&format!("image {i} of {images}"), counts, &others.collect::<Vec<_>>()));
        }
    }
    report(results);
    let alone = sampler.plan(shape(1), 0, &[3]).unwrap();
    assert_eq!(alone.to_string(), "3: SamplePairing(weight=0.4, partner=0)");
}
