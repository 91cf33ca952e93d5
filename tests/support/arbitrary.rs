//! Arbitrary: strategies that make policies, operations and plans, any that are valid.

use autoaugment::{
    Border, Convention, Interpolation, Op, OpKind, Plan, PlannedImage, Policy, Step, SubPolicy,
    ops::{self, Branch, MixRule},
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A number of `low..=high`, the ends, zeros of both signs and the smallest ones among them.
pub fn number(low: f64, high: f64) -> BoxedStrategy<f64> {
    let ends =
        [low, high, 0.0, -0.0, 5e-324, -5e-324, f64::MIN_POSITIVE, 0.1, 1.0 / 3.0, 1.0 - f64::EPSILON / 2.0, 1.0];
    let ends: Vec<_> = ends.into_iter().filter(|v| (low..=high).contains(v)).collect();
    // Any bits give exponents that a uniform number never has.
    let bits = any::<u64>().prop_map(f64::from_bits);
    let bits = bits.prop_map(move |v| if (low..=high).contains(&v) { v } else { low });
    prop_oneof![low..=high, bits, select(ends)].boxed()
}

pub fn convention() -> impl Strategy<Value = Convention> {
    select(Convention::ALL.to_vec())
}

pub fn kind() -> impl Strategy<Value = OpKind> {
    select(OpKind::ALL)
}

fn step(convention: Convention) -> impl Strategy<Value = Step> {
    let last = convention.last_magnitude();
    let whole = (0..=last).prop_map(f64::from).boxed();
    let magnitude = if convention.check(OpKind::Identity, 0.5).is_ok() {
        prop_oneof![whole, number(0.0, f64::from(last))].boxed()
    } else {
        whole
    };
    (kind(), number(0.0, 1.0), magnitude).prop_map(|(op, probability, magnitude)| Step { op, probability, magnitude })
}

/// Any valid policy.
pub fn policy() -> impl Strategy<Value = Policy> {
    convention().prop_flat_map(|convention| {
        let sub_policy = vec(step(convention), 1..5).prop_map(|steps| SubPolicy { steps });
        vec(sub_policy, 1..8).prop_map(move |sub_policies| Policy { convention, sub_policies })
    })
}

/// Any valid operation of a kind, for batches of `images`.
pub fn op_of(kind: OpKind, images: usize) -> BoxedStrategy<Op> {
    let interpolation = select(Interpolation::ALL.to_vec());
    let warp = |limit: f64| {
        let common = prop_oneof![-limit..=limit, (-limit..=limit).prop_map(f64::round), number(-1e6, 1e6)];
        (common, interpolation.clone(), any::<[u8; 3]>())
    };
    let factor = || prop_oneof![-0.5..=2.5, number(-1e6, 1e6)];
    match kind {
        OpKind::Identity => Just(ops::Identity {}.into()).boxed(),
        OpKind::AutoContrast => Just(ops::AutoContrast {}.into()).boxed(),
        OpKind::Invert => Just(ops::Invert {}.into()).boxed(),
        OpKind::Equalize => Just(ops::Equalize {}.into()).boxed(),
        OpKind::ShearX => warp(1.0)
            .prop_map(|(factor, interpolation, fill)| ops::ShearX { factor, interpolation, fill }.into())
            .boxed(),
        OpKind::ShearY => warp(1.0)
            .prop_map(|(factor, interpolation, fill)| ops::ShearY { factor, interpolation, fill }.into())
            .boxed(),
        OpKind::TranslateX => warp(20.0)
            .prop_map(|(pixels, interpolation, fill)| ops::TranslateX { pixels, interpolation, fill }.into())
            .boxed(),
        OpKind::TranslateY => warp(20.0)
            .prop_map(|(pixels, interpolation, fill)| ops::TranslateY { pixels, interpolation, fill }.into())
            .boxed(),
        OpKind::Rotate => {
            let quarter = (-8..=8).prop_map(|turns| f64::from(turns) * 90.0);
            let turned =
                warp(400.0).prop_map(|(degrees, interpolation, fill)| ops::Rotate { degrees, interpolation, fill });
            (turned, quarter, any::<bool>())
                .prop_map(|(op, quarter, is_turn)| {
                    if is_turn { ops::Rotate { degrees: quarter, ..op } } else { op }.into()
                })
                .boxed()
        }
        OpKind::Solarize => prop_oneof![-5.0..=260.0, number(-1e6, 1e6)]
            .prop_map(|threshold| ops::Solarize { threshold }.into())
            .boxed(),
        OpKind::SolarizeAdd => {
            (any::<u8>(), 0..=256_u16).prop_map(|(add, threshold)| ops::SolarizeAdd { add, threshold }.into()).boxed()
        }
        OpKind::Posterize => (0..=8_u8).prop_map(|bits| ops::Posterize { bits }.into()).boxed(),
        OpKind::Contrast => factor().prop_map(|factor| ops::Contrast { factor }.into()).boxed(),
        OpKind::Color => factor().prop_map(|factor| ops::Color { factor }.into()).boxed(),
        OpKind::Brightness => factor().prop_map(|factor| ops::Brightness { factor }.into()).boxed(),
        OpKind::Sharpness => factor().prop_map(|factor| ops::Sharpness { factor }.into()).boxed(),
        OpKind::Cutout => {
            let corner = || prop_oneof![-20..=20_i64, -1_000_000..=1_000_000_i64];
            let side = || prop_oneof![0..=20_u32, any::<u32>()];
            (corner(), corner(), side(), side(), any::<[u8; 3]>())
                .prop_map(|(x, y, width, height, fill)| ops::Cutout { x, y, width, height, fill }.into())
                .boxed()
        }
        OpKind::SamplePairing => (number(0.0, 1.0), 0..images)
            .prop_map(|(weight, partner)| ops::SamplePairing { weight, partner }.into())
            .boxed(),
        OpKind::Desaturate => number(0.0, 1.0).prop_map(|amount| ops::Desaturate { amount }.into()).boxed(),
        OpKind::GaussianBlur => {
            prop_oneof![0.0..=4.0, number(0.0, 128.0)].prop_map(|radius| ops::GaussianBlur { radius }.into()).boxed()
        }
        OpKind::Crop => {
            let corner = || prop_oneof![-20..=20_i64, -1_000_000..=1_000_000_i64];
            let side = || prop_oneof![1..=20_usize, 1..=32767_usize];
            (corner(), corner(), side(), side(), select(Border::ALL.to_vec()), any::<[u8; 3]>())
                .prop_map(|(x, y, width, height, border, fill)| ops::Crop { x, y, width, height, border, fill }.into())
                .boxed()
        }
        OpKind::Resize => {
            let side = || prop_oneof![1..=20_usize, 1..=32767_usize];
            let part = proptest::option::of([number(0.0, 20.0), number(0.0, 20.0), number(0.0, 4e9), number(0.0, 4e9)]);
            (side(), side(), interpolation, part)
                .prop_map(|(width, height, interpolation, part)| {
                    ops::Resize { width, height, interpolation, part }.into()
                })
                .boxed()
        }
        OpKind::HorizontalFlip => Just(ops::HorizontalFlip {}.into()).boxed(),
        OpKind::VerticalFlip => Just(ops::VerticalFlip {}.into()).boxed(),
        OpKind::AugMix => {
            let weight = || number(0.0, 2.0);
            let rule = prop_oneof![
                weight().prop_map(MixRule::Sum),
                weight().prop_map(MixRule::SumThenBlend),
                Just(MixRule::Blends)
            ];
            let alone = select(OpKind::ALL).prop_filter("needs another image", |kind| *kind != OpKind::SamplePairing);
            let ops = vec(alone.prop_flat_map(|kind| op_of(kind, 0)), 0..4);
            let branch = (weight(), ops).prop_map(|(weight, ops)| Branch { weight, ops });
            (rule, vec(branch, 1..5)).prop_map(|(rule, branches)| ops::AugMix { rule, branches }.into()).boxed()
        }
    }
}

/// Any valid operation that leaves the size alone, for batches of `images`.
pub fn op(images: usize) -> impl Strategy<Value = Op> {
    let kind = prop_oneof![19 => kind(), 1 => Just(OpKind::AugMix)];
    kind.prop_flat_map(move |kind| op_of(kind, images))
}

/// Any valid plan for a batch of `images`.
pub fn plan(images: usize) -> impl Strategy<Value = Plan> {
    let file = proptest::option::of(".{0,12}");
    let image = (file, any::<u64>(), proptest::option::of(0..30_usize), vec(op(images), 0..4));
    let image = image.prop_map(|(file, index, sub_policy, ops)| PlannedImage { file, index, sub_policy, ops });
    vec(image, images).prop_map(Plan::new)
}
