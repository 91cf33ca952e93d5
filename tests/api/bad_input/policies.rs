//! Policies as text and made by hand.

use autoaugment::{Augmenter, Convention, Device, OpKind, Policy, Sampler, Size, Step, SubPolicy};

use super::{Case, call};

pub fn text(policy: &str) -> Result<(), autoaugment::Error> {
    call(policy.parse::<Policy>())
}

/// A policy of one step, made by hand.
pub fn step(convention: Convention, op: OpKind, probability: f64, magnitude: f64) -> Result<(), autoaugment::Error> {
    call(Policy::new(convention, vec![SubPolicy { steps: vec![Step { op, probability, magnitude }] }]))
}

pub fn policies_as_text() -> Vec<Case> {
    vec![
        ("no text", text(""), "the policy has no sub-policies"),
        ("a comment", text("# Invert 1 1"), "the policy has no sub-policies"),
        ("a convention alone", text("convention torchvision"), "the policy has no sub-policies"),
        ("a preset's name", text("imagnet"), "unknown policy `imagnet`; did you mean `imagenet`?"),
        ("another name", text("randaugment"), "unknown policy `randaugment`"),
        ("an operation's name", text("Rotat 1 1"), "line 1: unknown operation `Rotat`; did you mean `Rotate`?"),
        ("no such operation", text("Sepia 1 1"), "line 1: unknown operation `Sepia`"),
        ("two words", text("Rotate 1"), "line 1: step: `Rotate 1` is not `OPERATION PROBABILITY MAGNITUDE`"),
        ("four words", text("Rotate 1 2 3"), "line 1: step: `Rotate 1 2 3` is not `OPERATION PROBABILITY MAGNITUDE`"),
        ("no second step", text("Rotate 1 2 +"), "line 1: step: `` is not `OPERATION PROBABILITY MAGNITUDE`"),
        ("a comma", text("Rotate 0,5 2"), "line 1: step: Rotate: the probability `0,5` is not a number"),
        ("a word", text("Rotate 1 high"), "line 1: step: Rotate: the magnitude `high` is not a number"),
        (
            "the convention below",
            text("Rotate 1 1\nconvention torchvision"),
            "line 2: policy: the convention must be on the first line",
        ),
        (
            "two conventions",
            text("convention torchvision\nconvention tensorflow\nRotate 1 1"),
            "line 2: policy: the convention must be on the first line",
        ),
        (
            "no such convention",
            text("convention torchvison\nRotate 1 1"),
            "line 1: unknown convention `torchvison`; did you mean `torchvision`?",
        ),
        (
            "the fourth line",
            text("# mine\n\nRotate 1 1; Invert 1 1\nSolarise 1 1"),
            "line 4: unknown operation `Solarise`; did you mean `Solarize`?",
        ),
        (
            "the second of a line",
            text("Rotate 1 1; Invert 1 1 + Color 1 11"),
            "sub-policy 2, step 2: Color: magnitude 11 is outside 0..=9",
        ),
        ("magnitude 11", text("Rotate 1 11"), "sub-policy 1, step 1: Rotate: magnitude 11 is outside 0..=9"),
        ("magnitude -1", text("Rotate 1 -1"), "sub-policy 1, step 1: Rotate: magnitude -1 is outside 0..=9"),
        ("magnitude NaN", text("Rotate 1 NaN"), "sub-policy 1, step 1: Rotate: magnitude NaN is outside 0..=9"),
        (
            "magnitude 11 of tensorflow",
            text("convention tensorflow\nRotate 1 10\nRotate 1 10.5"),
            "sub-policy 2, step 1: Rotate: magnitude 10.5 is outside 0..=10",
        ),
        (
            "a fraction",
            text("Rotate 1 4.5"),
            "sub-policy 1, step 1: Rotate: magnitude 4.5 is not a whole number, and torchvision has whole magnitudes only",
        ),
        ("an unused digit", text("Invert 1 10"), "sub-policy 1, step 1: Invert: magnitude 10 is outside 0..=9"),
        ("probability 1.5", text("Rotate 1.5 1"), "sub-policy 1, step 1: Rotate: probability 1.5 is outside 0..=1"),
        ("probability -0.1", text("Rotate -0.1 1"), "sub-policy 1, step 1: Rotate: probability -0.1 is outside 0..=1"),
        ("probability NaN", text("Rotate nan 1"), "sub-policy 1, step 1: Rotate: probability NaN is outside 0..=1"),
        ("probability inf", text("Rotate inf 1"), "sub-policy 1, step 1: Rotate: probability inf is outside 0..=1"),
        ("a preset by name", call(Policy::preset("SVNH")), "unknown policy `SVNH`; did you mean `svhn`?"),
    ]
}

pub fn policies_made_by_hand() -> Vec<Case> {
    let torchvision = Convention::Torchvision;
    let empty = || SubPolicy { steps: Vec::new() };
    let invalid = Policy { convention: torchvision, sub_policies: Vec::new() };
    let v0 = Policy { convention: torchvision, ..Policy::v0() };
    let last = "sub-policy 23, step 2: Solarize: magnitude 10 is outside 0..=9";
    let size = Size { width: 4, height: 4 };
    vec![
        ("no sub-policies", call(Policy::new(torchvision, Vec::new())), "the policy has no sub-policies"),
        ("no steps", call(Policy::new(torchvision, vec![empty()])), "sub-policy 1: the sub-policy has no steps"),
        ("a sampler of none", call(Sampler::new(invalid.clone(), 0)), "the policy has no sub-policies"),
        ("an augmenter of none", call(Augmenter::builder(invalid).build()), "the policy has no sub-policies"),
        ("v0 in torchvision", call(Sampler::new(v0, 0)), last),
        (
            "v0 read as torchvision",
            call(Augmenter::builder(Policy::v0()).convention(torchvision).device(Device::Cpu).build()),
            last,
        ),
        (
            "magnitude NaN",
            step(Convention::TensorFlow, OpKind::Cutout, 1.0, f64::NAN),
            "sub-policy 1, step 1: Cutout: magnitude NaN is outside 0..=10",
        ),
        (
            "a fraction",
            step(Convention::DeepVoltaire, OpKind::Cutout, 1.0, 0.5),
            "sub-policy 1, step 1: Cutout: magnitude 0.5 is not a whole number, and deepvoltaire has whole magnitudes only",
        ),
        (
            "probability NaN",
            step(torchvision, OpKind::Identity, f64::NAN, 0.0),
            "sub-policy 1, step 1: Identity: probability NaN is outside 0..=1",
        ),
        (
            "probability just above 1",
            step(torchvision, OpKind::Identity, 1.0_f64.next_up(), 0.0),
            "sub-policy 1, step 1: Identity: probability 1.0000000000000002 is outside 0..=1",
        ),
        (
            "magnitude of a single operation",
            call(Sampler::resolve(torchvision, OpKind::Color, 9.5, false, size)),
            "Color: magnitude 9.5 is outside 0..=9",
        ),
        (
            "magnitude of a value",
            call(torchvision.value(OpKind::Color, -0.5, true, size)),
            "Color: magnitude -0.5 is outside 0..=9",
        ),
    ]
}
