//! Formats: files of every version load for ever, and whatever is printed or saved reads back exactly.

mod import;
mod schemes;

use autoaugment::{Convention, Interpolation, Op, OpKind, Plan, PlannedImage, Policy, Step, SubPolicy, ops};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::arbitrary;

const POLICY_V1: &str = include_str!("policy-v1.json");
const PLAN_V1: &str = include_str!("plan-v1.json");
/// The same plan. Sub-policies count from 1.
const PLAN_V2: &str = include_str!("plan-v2.json");

/// What the policy file of version 1 says.
fn policy_v1() -> Policy {
    use OpKind::*;
    let of = |steps: &[(OpKind, f64, f64)]| SubPolicy {
        steps: steps.iter().map(|&(op, probability, magnitude)| Step { op, probability, magnitude }).collect(),
    };
    let sub_policies = vec![
        of(&[(Identity, 1.0, 0.0)]),
        of(&[
            (ShearX, 0.1, 10.0),
            (ShearY, 0.1 + 0.2, 2.5),
            (TranslateX, 0.0, 1.0),
            (TranslateY, f64::from_bits(1), 10.0_f64.next_down()),
            (Rotate, 1.0_f64.next_down(), 3.0),
        ]),
        of(&[
            (AutoContrast, 0.2, 4.0),
            (Invert, 0.3, 5.0),
            (Equalize, 0.4, 6.0),
            (Solarize, 0.5, 7.0),
            (SolarizeAdd, 0.6, 8.0),
            (Posterize, 0.7, 9.0),
            (Contrast, 0.8, 0.1),
            (Color, 0.9, 0.2),
            (Brightness, 0.25, 0.3),
            (Sharpness, 0.35, 0.4),
            (Cutout, 0.45, 0.5),
            (SamplePairing, 0.55, 0.6),
            (GaussianBlur, 0.65, 0.7),
            (Desaturate, 0.75, 0.8),
        ]),
    ];
    Policy { convention: Convention::TensorFlow, sub_policies }
}

/// What the plan files say.
fn saved_plan() -> Plan {
    let (nearest, bilinear, bicubic) = (Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic);
    let warped = vec![
        ops::Identity {}.into(),
        ops::ShearX { factor: -0.03333333507180214, interpolation: nearest, fill: [0; 3] }.into(),
        ops::ShearY { factor: 0.3, interpolation: bicubic, fill: [128; 3] }.into(),
        ops::TranslateX { pixels: -(150.0 / 331.0) * 224.0, interpolation: bilinear, fill: [1, 2, 3] }.into(),
        ops::TranslateY { pixels: 14.0, interpolation: nearest, fill: [0; 3] }.into(),
        ops::Rotate { degrees: -0.0, interpolation: nearest, fill: [255; 3] }.into(),
    ];
    let others = vec![
        ops::AutoContrast {}.into(),
        ops::Invert {}.into(),
        ops::Equalize {}.into(),
        ops::Solarize { threshold: 226.66666835546494 }.into(),
        ops::SolarizeAdd { add: 110, threshold: 256 }.into(),
        ops::Posterize { bits: 4 }.into(),
        ops::Contrast { factor: 1.9 }.into(),
        ops::Color { factor: 1.0 - 0.9 }.into(),
        ops::Brightness { factor: -1e-300 }.into(),
        ops::Sharpness { factor: 1e6 }.into(),
        ops::Cutout { x: -20, y: 7, width: 40, height: u32::MAX, fill: [9, 8, 7] }.into(),
        ops::SamplePairing { weight: 0.4, partner: 2 }.into(),
        ops::GaussianBlur { radius: 0.1 }.into(),
        ops::Desaturate { amount: 0.75 }.into(),
    ];
    let file = Some("cats/näin \"so\".png".to_string());
    Plan::new(vec![
        PlannedImage { file, index: u64::MAX, sub_policy: Some(25), ops: warped },
        PlannedImage::default(),
        PlannedImage { file: None, index: 7, sub_policy: Some(1), ops: others },
    ])
}

/// Every digit and the sign of zeros, which `==` does not see.
fn exact(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

#[test]
fn policies_of_version_1_load() {
    let policy = Policy::from_json(POLICY_V1).unwrap();
    assert_eq!(exact(&policy), exact(&policy_v1()));
    let in_fixture = |kind: &&OpKind| POLICY_V1.contains(&format!("\"{kind}\""));
    assert_eq!(OpKind::ALL.iter().filter(in_fixture).count(), 20, "operations of version 1");
    for convention in Convention::ALL {
        let json = r#"{"version": 1, "convention": "NAME",
            "sub_policies": [[{"op": "Invert", "probability": 1, "magnitude": 0}]]}"#;
        let policy = Policy::from_json(&json.replace("NAME", convention.name())).unwrap();
        assert_eq!(policy.convention, convention);
    }
}

#[test]
fn plans_of_every_version_load() {
    for json in [PLAN_V1, PLAN_V2] {
        assert_eq!(exact(&Plan::from_json(json).unwrap()), exact(&saved_plan()));
        assert_eq!(exact(&serde_json::from_str::<Plan>(json).unwrap()), exact(&saved_plan()));
    }
    let in_fixture = |kind: &&OpKind| PLAN_V1.contains(&format!("\"{kind}\""));
    assert_eq!(OpKind::ALL.iter().filter(in_fixture).count(), 20, "operations of version 1");
    for interpolation in Interpolation::ALL {
        assert!(PLAN_V1.contains(&format!("\"{interpolation}\"")));
    }
}

/// When there is a next version its fixture goes here, and those above stay.
#[test]
fn the_newest_version_is_written_as_its_fixture() {
    assert_eq!(policy_v1().to_json(), POLICY_V1.trim_end());
    assert_eq!(saved_plan().to_json(), PLAN_V2.trim_end());
}

#[test]
fn what_may_be_left_out_has_its_default() {
    let plan = Plan::from_json(
        r#"{"images": [{"ops": [{"op": "rotate", "degrees": 5}, {"op": "Cutout", "x": 1, "y": 2, "width": 3,
            "height": 4}, {"add": 9, "op": "SolarizeAdd"}]}], "version": 1}"#,
    );
    let expected: Vec<Op> = vec![
        ops::Rotate { degrees: 5.0, interpolation: Interpolation::Nearest, fill: [0; 3] }.into(),
        ops::Cutout { x: 1, y: 2, width: 3, height: 4, fill: [0; 3] }.into(),
        ops::SolarizeAdd { add: 9, threshold: 128 }.into(),
    ];
    assert_eq!(plan.unwrap(), Plan::new(vec![PlannedImage { ops: expected.clone(), ..Default::default() }]));
    for (text, op) in
        ["Rotate( degrees = 5 )", "CUTOUT(x=1,y=2,width=3,height=4)", "SolarizeAdd(add=9)"].into_iter().zip(expected)
    {
        assert_eq!(text.parse::<Op>().unwrap(), op);
    }
    // In any order, with commas inside brackets that part nothing.
    let text = "Rotate(fill=[1,2,3], interpolation=bilinear, degrees=5)";
    let op: Op = ops::Rotate { degrees: 5.0, interpolation: Interpolation::Bilinear, fill: [1, 2, 3] }.into();
    assert_eq!(text.parse::<Op>().unwrap(), op);
}

/// Every operation has examples, which are printed as they stand: their text is the format.
#[test]
fn examples_read_back_exactly() {
    for &kind in OpKind::ALL.iter().chain(OpKind::TRANSFORM_ONLY) {
        assert!(!kind.examples().is_empty(), "{kind} has no example");
        for &text in kind.examples() {
            let op: Op = text.parse().unwrap();
            assert_eq!((op.kind(), op.to_string().as_str()), (kind, text));
            through_serde(&op);
        }
    }
}

/// Through JSON text, indented text, and JSON in memory.
fn through_serde<T: Serialize + DeserializeOwned + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(exact(&serde_json::from_str::<T>(&text).unwrap()), exact(value), "{text}");
    let text = serde_json::to_string_pretty(value).unwrap();
    assert_eq!(exact(&serde_json::from_str::<T>(&text).unwrap()), exact(value), "{text}");
    let json = serde_json::to_value(value).unwrap();
    assert_eq!(exact(&serde_json::from_value::<T>(json).unwrap()), exact(value));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn policies_read_back_exactly(policy in arbitrary::policy()) {
        policy.check().unwrap();
        let text = policy.to_string();
        prop_assert_eq!(exact(&text.parse::<Policy>().unwrap()), exact(&policy), "{}", text);
        prop_assert_eq!(exact(&Policy::from_json(&policy.to_json()).unwrap()), exact(&policy));
        through_serde(&policy);
        // One line, with comments and blanks as people put them.
        let line = text.replace('\n', " ; ") + " # a comment; Invert 1 1";
        prop_assert_eq!(exact(&line.parse::<Policy>().unwrap()), exact(&policy), "{}", line);
    }

    #[test]
    fn operations_read_back_exactly(op in arbitrary::op(9)) {
        op.check().unwrap();
        let text = op.to_string();
        prop_assert_eq!(exact(&text.parse::<Op>().unwrap()), exact(&op), "{}", text);
        prop_assert_eq!(exact(&text.to_lowercase().parse::<Op>().unwrap()), exact(&op), "{}", text);
        through_serde(&op);
        prop_assert!(text.starts_with(op.kind().name()));
    }

    #[test]
    fn plans_read_back_exactly(plan in arbitrary::plan(3)) {
        prop_assert_eq!(exact(&Plan::from_json(&plan.to_json()).unwrap()), exact(&plan));
        through_serde(&plan);
        prop_assert_eq!(exact(&Plan::new(plan.clone().into_images())), exact(&plan));
        prop_assert!(plan.to_string().lines().count() >= 3);
    }

    #[test]
    fn names_read_back(kind in arbitrary::kind(), convention in arbitrary::convention()) {
        through_serde(&kind);
        through_serde(&convention);
        prop_assert_eq!(kind.to_string().to_lowercase().parse::<OpKind>().unwrap(), kind);
        prop_assert_eq!(convention.to_string().to_uppercase().parse::<Convention>().unwrap(), convention);
    }
}

/// Every number of a JSON text, replaced one after the other.
fn with_each_number_replaced(json: &str, by: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for (start, _) in json.match_indices(": ").map(|(at, _)| (at + 2, ())) {
        let length = json[start..].find([',', '\n']).unwrap();
        if json[start..].starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            texts.push(format!("{}{by}{}", &json[..start], &json[start + length..]));
        }
    }
    texts
}

#[test]
fn what_is_no_number_cannot_get_in() {
    let policies = |by: &str| with_each_number_replaced(POLICY_V1, by);
    let plans = |by: &str| with_each_number_replaced(PLAN_V1, by);
    assert_eq!((policies("1").len(), plans("1").len()), (1 + 2 * 20, 1 + 2 + 3 + 21));
    for by in ["NaN", "nan", "Infinity", "-Infinity", "inf", "1e999", "-1e999", "null", "\"NaN\"", "\"1\"", "true"] {
        for json in policies(by) {
            assert!(Policy::from_json(&json).is_err(), "{by} in {json}");
            assert!(serde_json::from_str::<Policy>(&json).is_err(), "{by} in {json}");
        }
        for json in plans(by) {
            // A sub-policy may be none.
            let is_allowed = by == "null" && json.contains("\"sub_policy\": null");
            assert_eq!(Plan::from_json(&json).is_ok(), is_allowed, "{by} in {json}");
            assert_eq!(serde_json::from_str::<Plan>(&json).is_ok(), is_allowed, "{by} in {json}");
        }
    }
    for word in ["NaN", "-NaN", "inf", "-inf", "infinity", "1e999"] {
        assert!(format!("Rotate {word} 1").parse::<Policy>().is_err(), "{word}");
        assert!(format!("convention tensorflow\nRotate 1 {word}").parse::<Policy>().is_err(), "{word}");
        for op in
            ["Rotate(degrees=X)", "Color(factor=X)", "Solarize(threshold=X)", "SamplePairing(weight=X, partner=0)"]
        {
            assert!(op.replace('X', word).parse::<Op>().is_err(), "{word}");
        }
    }
}

#[test]
fn other_versions_are_refused_whatever_else_they_say() {
    for (json, newest, read) in [
        (POLICY_V1, 1, (|j| Policy::from_json(j).map(|_| ())) as fn(&str) -> _),
        (PLAN_V2, 2, |j| Plan::from_json(j).map(|_| ())),
    ] {
        let what = if json == POLICY_V1 { "policy" } else { "plan" };
        for version in ["0", "3", "4", "18446744073709551615"] {
            let text = json.replace(&format!("\"version\": {newest}"), &format!("\"version\": {version}"));
            let expected =
                format!("{what}: version {version} is not supported; this build reads versions 1..={newest}");
            assert_eq!(read(&text).unwrap_err().to_string(), expected);
            // A later version may have anything.
            assert_eq!(read(&text.replace("\"op\"", "\"shape\"")).unwrap_err().to_string(), expected);
        }
        let text = json.replace(&format!("  \"version\": {newest},\n"), "");
        let expected = format!("{what}: there is no `version`; this build writes {newest}");
        assert_eq!(read(&text).unwrap_err().to_string(), expected);
    }
    let later = POLICY_V1.replace("\"version\": 1", "\"version\": 2");
    let error = serde_json::from_str::<Policy>(&later).unwrap_err().to_string();
    assert!(error.starts_with("policy: version 2 is not supported"), "{error}");
    let later = PLAN_V2.replace("\"version\": 2", "\"version\": 3");
    let error = serde_json::from_str::<Plan>(&later).unwrap_err().to_string();
    assert!(error.starts_with("plan: version 3 is not supported"), "{error}");
}

/// The text with `"extra": 1` put into each object in turn.
fn with_an_extra_field(json: &str) -> Vec<String> {
    let objects = json.match_indices('{').map(|(at, _)| at + 1);
    objects.map(|at| format!("{}\"extra\": 1, {}", &json[..at], &json[at..])).collect()
}

#[test]
fn unknown_fields_are_refused_everywhere() {
    let policies = with_an_extra_field(POLICY_V1);
    let plans = with_an_extra_field(PLAN_V1);
    assert_eq!((policies.len(), plans.len()), (1 + 20, 1 + 3 + 20));
    for json in policies {
        let error = Policy::from_json(&json).unwrap_err().to_string();
        assert!(error.starts_with("policy: unknown field `extra`"), "{error}");
    }
    for json in plans {
        let error = Plan::from_json(&json).unwrap_err().to_string();
        assert!(error.starts_with("plan: ") && error.contains("unknown field `extra`"), "{error}");
    }
}

/// The text with each line that has a field standing twice.
fn with_a_field_twice(json: &str) -> Vec<String> {
    let lines: Vec<_> = json.lines().collect();
    let has_field = |i: &usize| lines[*i].contains("\": ") && !lines[*i].ends_with(['[', '{']);
    let twice = |i: usize| {
        let mut lines = lines.clone();
        let line = format!("{},", lines[i].trim_end_matches(','));
        lines.insert(i, &line);
        lines.join("\n")
    };
    (0..lines.len()).filter(has_field).map(twice).collect()
}

#[test]
fn fields_that_stand_twice_are_refused_everywhere() {
    for json in with_a_field_twice(POLICY_V1) {
        let error = Policy::from_json(&json).unwrap_err().to_string();
        assert!(error.starts_with("policy: duplicate field"), "{error}");
    }
    let plans = with_a_field_twice(PLAN_V1);
    assert!(plans.len() > 40);
    for json in plans {
        let error = Plan::from_json(&json).unwrap_err().to_string();
        assert!(error.starts_with("plan: ") && error.contains("duplicate field"), "{error}");
    }
}
