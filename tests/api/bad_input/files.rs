//! Policies and plans as JSON.

use autoaugment::{Op, Plan, Policy};

use super::{Case, call};

pub fn policy_json(json: &str) -> Result<(), autoaugment::Error> {
    call(Policy::from_json(json))
}

/// A policy file with these steps as its only sub-policy.
pub fn steps_json(steps: &str) -> Result<(), autoaugment::Error> {
    policy_json(&format!(r#"{{"version": 1, "convention": "torchvision", "sub_policies": [[{steps}]]}}"#))
}

/// A plan file with this operation in the only branch of an AugMix.
fn in_branch(op: &str) -> Result<(), autoaugment::Error> {
    op_json(&format!(r#"{{"op": "AugMix", "rule": "blends", "branches": [{{"weight": 1, "ops": [{op}]}}]}}"#))
}

pub fn plan_json(json: &str) -> Result<(), autoaugment::Error> {
    call(Plan::from_json(json))
}

/// A plan file with this operation as its only one.
pub fn op_json(op: &str) -> Result<(), autoaugment::Error> {
    plan_json(&format!(r#"{{"version": 1, "images": [{{"ops": [{op}]}}]}}"#))
}

/// The message of an error of serde, as one of this crate, to stand in the same table.
pub fn as_syntax(error: serde_json::Error) -> autoaugment::Error {
    autoaugment::Error::Syntax { what: "operation", message: error.to_string() }
}

pub fn policy_files() -> Vec<Case> {
    let rotate = r#"{"op": "Rotate", "probability": 1, "magnitude": 9}"#;
    vec![
        ("no file", policy_json(""), "policy: EOF while parsing a value at line 1 column 0"),
        ("no JSON", policy_json("Rotate 1 1"), "policy: expected value at line 1 column 1"),
        ("a list", policy_json("[]"), "policy: invalid length 0, ..."),
        ("a number", policy_json("3"), "policy: invalid type: integer `3`, ..."),
        ("an empty object", policy_json("{}"), "policy: there is no `version`; this build writes 1"),
        ("version null", policy_json(r#"{"version": null}"#), "policy: there is no `version`; this build writes 1"),
        (
            "version 2",
            policy_json(r#"{"version": 2, "policies": []}"#),
            "policy: version 2 is not supported; this build reads versions 1..=1",
        ),
        (
            "version 0",
            policy_json(r#"{"version": 0}"#),
            "policy: version 0 is not supported; this build reads versions 1..=1",
        ),
        ("version -1", policy_json(r#"{"version": -1}"#), "policy: invalid value: integer `-1`, expected u64..."),
        (
            "version 1.0",
            policy_json(r#"{"version": 1.0}"#),
            "policy: invalid type: floating point `1.0`, expected u64...",
        ),
        ("version \"1\"", policy_json(r#"{"version": "1"}"#), "policy: invalid type: string \"1\", expected u64..."),
        ("two versions", policy_json(r#"{"version": 1, "version": 1}"#), "policy: duplicate field `version`..."),
        (
            "no convention",
            policy_json(r#"{"version": 1, "sub_policies": []}"#),
            "policy: missing field `convention` at line 1 column 34",
        ),
        (
            "no sub-policies",
            policy_json(r#"{"version": 1, "convention": "torchvision"}"#),
            "policy: missing field `sub_policies` at line 1 column 43",
        ),
        (
            "a convention's name",
            policy_json(r#"{"version": 1, "convention": "pillow", "sub_policies": []}"#),
            "policy: unknown variant `pillow`, expected one of `torchvision`, `deepvoltaire`, `tensorflow`, \
             `fast-autoaugment`, `timm`, `timm-original`, `timm-research`, `timm-increasing`, `timm-random-blur`, \
             `torchvision-randaugment`, `torchvision-trivialaugment`, `torchvision-augmix`, `timm-augmix` \
             at line 1 column 37",
        ),
        (
            "a field",
            policy_json(r#"{"version": 1, "convention": "torchvision", "sub_policies": [], "name": "mine"}"#),
            "policy: unknown field `name`, expected one of `version`, `convention`, `sub_policies` at line 1 column 70",
        ),
        (
            "an empty policy",
            policy_json(r#"{"version": 1, "convention": "torchvision", "sub_policies": []}"#),
            "the policy has no sub-policies",
        ),
        ("an empty sub-policy", steps_json(""), "sub-policy 1: the sub-policy has no steps"),
        (
            "one list too few",
            policy_json(&format!(r#"{{"version": 1, "convention": "torchvision", "sub_policies": [{rotate}]}}"#)),
            "policy: invalid type: map, expected a sequence...",
        ),
        (
            "behind the end",
            policy_json(&format!(
                r#"{{"version": 1, "convention": "torchvision", "sub_policies": [[{rotate}]]}} and more"#
            )),
            "policy: trailing characters...",
        ),
        ("cut off", policy_json(r#"{"version": 1, "convention": "torchv"#), "policy: EOF while parsing a string..."),
        ("a comma too many", steps_json(&format!("{rotate},")), "policy: expected value at line 1 column 114"),
        (
            "an operation",
            steps_json(&rotate.replace("Rotate", "Rotat")),
            "policy: unknown operation `Rotat`; did you mean `Rotate`? at line 1 column 76",
        ),
        ("no name", steps_json(r#"{"probability": 1, "magnitude": 9}"#), "policy: missing field `op`..."),
        ("no probability", steps_json(r#"{"op": "Invert", "magnitude": 9}"#), "policy: missing field `probability`..."),
        ("no magnitude", steps_json(r#"{"op": "Invert", "probability": 1}"#), "policy: missing field `magnitude`..."),
        (
            "a step's field",
            steps_json(r#"{"op": "Invert", "probability": 1, "magnitude": 9, "sign": 1}"#),
            "policy: unknown field `sign`, expected one of `op`, `probability`, `magnitude`...",
        ),
        (
            "a number as text",
            steps_json(&rotate.replace('9', "\"9\"")),
            "policy: invalid type: string \"9\", expected f64...",
        ),
        (
            "a name as number",
            steps_json(&rotate.replace("\"Rotate\"", "5")),
            "policy: invalid type: integer `5`, expected a string...",
        ),
        (
            "twice",
            steps_json(&rotate.replace("\"op\"", "\"magnitude\": 1, \"op\"")),
            "policy: duplicate field `magnitude`...",
        ),
        ("NaN", steps_json(&rotate.replace('9', "NaN")), "policy: expected value..."),
        ("1e999", steps_json(&rotate.replace('9', "1e999")), "policy: number out of range..."),
        (
            "magnitude 11",
            steps_json(&rotate.replace('9', "11")),
            "sub-policy 1, step 1: Rotate: magnitude 11 is outside 0..=9",
        ),
        (
            "magnitude 0.5",
            steps_json(&rotate.replace('9', "0.5")),
            "sub-policy 1, step 1: Rotate: magnitude 0.5 is not a whole number, and torchvision has whole magnitudes only",
        ),
        (
            "the second step",
            steps_json(&format!("{rotate}, {}", rotate.replace(": 1", ": -0.1"))),
            "sub-policy 1, step 2: Rotate: probability -0.1 is outside 0..=1",
        ),
    ]
}

pub fn plan_files() -> Vec<Case> {
    vec![
        ("no JSON", plan_json("Invert"), "plan: expected value at line 1 column 1"),
        ("an empty object", plan_json("{}"), "plan: there is no `version`; this build writes 2"),
        (
            "version 7",
            plan_json(r#"{"version": 7, "batches": []}"#),
            "plan: version 7 is not supported; this build reads versions 1..=2",
        ),
        ("a policy", plan_json(&Policy::svhn().to_json()), "plan: unknown field `convention`..."),
        ("no images", plan_json(r#"{"version": 1}"#), "plan: missing field `images` at line 1 column 14"),
        (
            "no operations",
            plan_json(r#"{"version": 1, "images": [{}]}"#),
            "plan: missing field `ops` at line 1 column 28",
        ),
        (
            "a field of an image",
            plan_json(r#"{"version": 1, "images": [{"ops": [], "seed": 3}]}"#),
            "plan: unknown field `seed`, expected one of `file`, `index`, `sub_policy`, `ops`...",
        ),
        (
            "index -1",
            plan_json(r#"{"version": 1, "images": [{"ops": [], "index": -1}]}"#),
            "plan: invalid value: integer `-1`, expected u64...",
        ),
        ("no name", op_json(r#"{"degrees": 5}"#), "plan: an operation has no `op`, its name..."),
        ("a number as name", op_json(r#"{"op": 3}"#), "plan: `op` is 3 and must be an operation's name..."),
        ("a name alone", op_json(r#""Invert""#), "plan: invalid type: string \"Invert\", expected an object..."),
        ("a name", op_json(r#"{"op": "Inver"}"#), "plan: unknown operation `Inver`; did you mean `Invert`?..."),
        ("no parameter", op_json(r#"{"op": "Rotate"}"#), "plan: Rotate: missing field `degrees`..."),
        ("a parameter", op_json(r#"{"op": "Invert", "degrees": 5}"#), "plan: Invert: unknown field `degrees`..."),
        (
            "a parameter twice",
            op_json(r#"{"op": "Rotate", "degrees": 5, "degrees": 6}"#),
            "plan: duplicate field `degrees`...",
        ),
        (
            "a parameter's type",
            op_json(r#"{"op": "Rotate", "degrees": "5"}"#),
            "plan: Rotate: invalid type: string \"5\"...",
        ),
        (
            "a parameter's range",
            op_json(r#"{"op": "Posterize", "bits": 9}"#),
            "plan: Posterize: bits 9 is outside 0..=8...",
        ),
        (
            "bits 4.5",
            op_json(r#"{"op": "Posterize", "bits": 4.5}"#),
            "plan: Posterize: invalid type: floating point `4.5`...",
        ),
        (
            "bits 300",
            op_json(r#"{"op": "Posterize", "bits": 300}"#),
            "plan: Posterize: invalid value: integer `300`...",
        ),
        (
            "an interpolation",
            op_json(r#"{"op": "Rotate", "degrees": 5, "interpolation": "cubic"}"#),
            "plan: Rotate: unknown variant `cubic`, expected one of `nearest`, `bilinear`, `bicubic`...",
        ),
        ("a fill of four", op_json(r#"{"op": "Rotate", "degrees": 5, "fill": [1, 2, 3, 4]}"#), "plan: Rotate: ..."),
        (
            "a fill of 256",
            op_json(r#"{"op": "Rotate", "degrees": 5, "fill": [256, 0, 0]}"#),
            "plan: Rotate: invalid value: integer `256`, expected u8...",
        ),
        (
            "no branches",
            op_json(r#"{"op": "AugMix", "rule": "blends", "branches": []}"#),
            "plan: AugMix: branches 0 is outside 1..=32...",
        ),
        (
            "a rule",
            op_json(r#"{"op": "AugMix", "rule": "mean", "branches": [{"weight": 1, "ops": []}]}"#),
            "plan: AugMix: unknown variant `mean`, expected one of `sum`, `sum_then_blend`, `blends`...",
        ),
        (
            "a rule's weight",
            op_json(r#"{"op": "AugMix", "rule": {"sum": -0.1}, "branches": [{"weight": 1, "ops": []}]}"#),
            "plan: AugMix: the rule's weight -0.1 is outside 0..=2...",
        ),
        (
            "a branch's weight",
            op_json(r#"{"op": "AugMix", "rule": "blends", "branches": [{"weight": 2.5, "ops": []}]}"#),
            "plan: AugMix, branch 1: AugMix: weight 2.5 is outside 0..=2...",
        ),
        (
            "a parameter in a branch",
            in_branch(r#"{"op": "Posterize", "bits": 9}"#),
            "plan: AugMix: Posterize: bits 9 is outside 0..=8...",
        ),
        (
            "a pairing in a branch",
            in_branch(r#"{"op": "SamplePairing", "weight": 0.1, "partner": 0}"#),
            "plan: AugMix, branch 1: SamplePairing: a branch of AugMix cannot contain it...",
        ),
        (
            "a crop in a branch",
            in_branch(r#"{"op": "Crop", "x": 0, "y": 0, "width": 1, "height": 1}"#),
            "plan: AugMix, branch 1: Crop: a branch of AugMix cannot contain it...",
        ),
        (
            "branches in a branch",
            in_branch(r#"{"op": "AugMix", "rule": "blends", "branches": [{"weight": 1, "ops": []}]}"#),
            "plan: AugMix, branch 1: AugMix: a branch of AugMix cannot contain it...",
        ),
        (
            "a plan in a step",
            call(serde_json::from_str::<Op>(r#"{"op": "Sharp"}"#).map_err(as_syntax)),
            "operation: unknown operation `Sharp`...",
        ),
    ]
}
