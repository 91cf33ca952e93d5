//! timm's sets of operations and its random blur: what they draw has the distribution that timm's has.

use autoaugment::{Op, OpKind, Policy};

use super::schemes::{SEEDS, cells, drawn, kinds_at, scheme, uniform, values};
use super::uniformity::{DRAWS, counts, plan};
use crate::support::statistics::{check, report};

#[test]
fn timms_other_sets_are_drawn_alike_or_by_their_weights() {
    let three = [OpKind::Solarize, OpKind::Desaturate, OpKind::GaussianBlur];
    let weights: [(OpKind, f64); 14] = [
        (OpKind::Solarize, 6.0),
        (OpKind::Desaturate, 6.0),
        (OpKind::GaussianBlur, 6.0),
        (OpKind::Rotate, 3.0),
        (OpKind::ShearX, 2.0),
        (OpKind::ShearY, 2.0),
        (OpKind::Posterize, 1.0),
        (OpKind::AutoContrast, 1.0),
        (OpKind::Color, 1.0),
        (OpKind::Sharpness, 1.0),
        (OpKind::Contrast, 1.0),
        (OpKind::Brightness, 1.0),
        (OpKind::Equalize, 1.0),
        (OpKind::Invert, 1.0),
    ];
    let mut results = Vec::new();
    for seed in SEEDS {
        let plan = drawn("rand-m7-n2-p1-t3a", seed);
        // Operations may repeat where there are no weights.
        let place = |op: &Op| three.iter().position(|kind| *kind == op.kind()).unwrap();
        let pairs = plan.images().iter().map(|image| 3 * place(&image.ops[0]) + place(&image.ops[1]));
        results.push(check(&format!("t3a, seed {seed}"), &counts(pairs, 9), &uniform(9)));
        assert!(values(&plan, OpKind::GaussianBlur, radius).iter().all(|r| (r - 1.43).abs() < 1e-12));
        let plan = drawn("rand-m7-n2-p1-t3aw", seed);
        let shares = weights.map(|(_, weight)| weight / 33.0);
        let drawn = kinds_at(&plan, 0, &weights.map(|(kind, _)| kind));
        results.push(check(&format!("t3aw, seed {seed}"), &drawn, &shares));
        assert!(plan.images().iter().all(|image| image.ops[0].kind() != image.ops[1].kind()));
    }
    report(results);
}

fn radius(op: &Op) -> f64 {
    match op {
        Op::GaussianBlur(blur) => blur.radius,
        other => panic!("{other}"),
    }
}

#[test]
fn a_random_blur_has_any_radius_up_to_its_magnitudes() {
    let mut results = Vec::new();
    for seed in SEEDS {
        let plan = drawn("3a", seed);
        assert!(plan.images().iter().all(|image| image.ops.len() == 1));
        let kinds = scheme("3a").operations();
        results.push(check(&format!("kinds, seed {seed}"), &kinds_at(&plan, 0, &kinds), &uniform(3)));
        let from_0_to_1: Vec<_> = values(&plan, OpKind::GaussianBlur, radius).iter().map(|r| (r - 0.1) / 1.9).collect();
        let borders: Vec<f64> = (1..10).map(|k| f64::from(k) / 10.0).collect();
        results.push(check(&format!("radii, seed {seed}"), &cells(&from_0_to_1, &borders), &uniform(10)));
    }
    // From 0.1 to 2 a tenth of the magnitude; the second blur of an image has a radius of its own.
    let policy: Policy = "convention timm-random-blur
GaussianBlur 1 5 + GaussianBlur 1 5"
        .parse()
        .unwrap();
    let plan = plan(&policy, 1, 0, DRAWS);
    let pairs = plan.images().iter().map(|image| {
        let [a, b] = [0, 1].map(|k| ((radius(&image.ops[k]) - 0.1) / 0.9 * 4.0) as usize);
        4 * a + b
    });
    results.push(check("pairs of radii", &counts(pairs, 16), &uniform(16)));
    report(results);
}
