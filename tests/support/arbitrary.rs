//! Arbitrary: strategies that make policies, operations and plans, any that are valid.

use std::collections::BTreeSet;
use std::slice;

use autoaugment::{
    Convention, Op, OpKind, Plan, PlannedImage, Policy, Step, SubPolicy,
    ops::{self, Branch, MixRule},
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

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

/// Any valid operation of a kind, for batches of `images`: its examples, and what comes of other parameters.
pub fn op_of(kind: OpKind, images: usize) -> BoxedStrategy<Op> {
    match kind {
        // What depends on the batch, and what has operations of its own.
        OpKind::SamplePairing => (number(0.0, 1.0), 0..images)
            .prop_map(|(weight, partner)| ops::SamplePairing { weight, partner }.into())
            .boxed(),
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
        _ => like_examples(kind).boxed(),
    }
}

/// An operation's parameters, by name.
type Parameters = Map<String, Value>;

/// Examples of a kind with any of their parameters changed, as far as the operation allows it.
fn like_examples(kind: OpKind) -> impl Strategy<Value = Op> {
    let examples: Vec<Parameters> = kind.examples().iter().map(|text| parameters(&text.parse().unwrap())).collect();
    let names: BTreeSet<String> = examples.iter().flat_map(|example| example.keys().cloned()).collect();
    let change = |name: String| {
        let values: Vec<Value> = examples.iter().filter_map(|example| example.get(&name).cloned()).collect();
        (Just(name), any::<bool>(), like(&values))
    };
    let changes: Vec<_> = names.into_iter().filter(|name| name != "op").map(change).collect();
    (select(examples), changes).prop_map(|(mut example, changes)| {
        for (name, is_changed, value) in changes {
            let changed = Parameters::from_iter(example.clone().into_iter().chain([(name, value)]));
            if is_changed && op_from(&changed).is_ok() {
                example = changed;
            }
        }
        op_from(&example).unwrap()
    })
}

fn parameters(op: &Op) -> Parameters {
    match serde_json::to_value(op).unwrap() {
        Value::Object(parameters) => parameters,
        other => panic!("{other}"),
    }
}

fn op_from(parameters: &Parameters) -> Result<Op, serde_json::Error> {
    serde_json::from_value(Value::Object(parameters.clone()))
}

/// Values of the type of these: between them, somewhat beyond, and anywhere.
fn like(values: &[Value]) -> BoxedStrategy<Value> {
    let numbers: Vec<f64> = values
        .iter()
        .flat_map(|value| value.as_array().map_or(slice::from_ref(value), Vec::as_slice))
        .filter_map(Value::as_f64)
        .collect();
    let [low, high] = [f64::min, f64::max].map(|extreme| numbers.iter().copied().reduce(extreme).unwrap_or_default());
    let beyond = (high - low).max(1.0) / 2.0;
    let (low, high) = (low - beyond, high + beyond);
    let whole = prop_oneof![(low as i64)..=(high as i64), any::<u32>().prop_map(i64::from), -1_000_000..=1_000_000_i64];
    let real = prop_oneof![low..=high, (low..=high).prop_map(f64::round), number(-1e6, 1e6)];
    match &values[0] {
        Value::Number(first) if first.is_f64() => real.prop_map(Value::from).boxed(),
        Value::Number(_) => whole.prop_map(Value::from).boxed(),
        // Colors, and rectangles.
        Value::Array(first) if first[0].is_f64() => vec(real, first.len()).prop_map(Value::from).boxed(),
        Value::Array(first) => vec(any::<u8>(), first.len()).prop_map(Value::from).boxed(),
        _ => select(values.to_vec()).boxed(),
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
