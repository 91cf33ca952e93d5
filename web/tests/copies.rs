//! Copies: every form parses with the library to the same thing, and the Rust code compiles and builds it.
//!
//! The Rust code of each state stands in `snippets`, word for word. `UPDATE_SNIPPETS=1` writes it anew.

use std::path::Path;

use autoaugment::{Augmenter, AugmenterConfig, Op, Plan, Result, Scheme, Size};
use autoaugment_web::copies::Copies;
use autoaugment_web::request::Request;

#[rustfmt::skip]
#[path = "snippets/name.rs"]
mod name;
#[rustfmt::skip]
#[path = "snippets/options.rs"]
mod options;
#[rustfmt::skip]
#[path = "snippets/scheme.rs"]
mod scheme;
#[rustfmt::skip]
#[path = "snippets/own.rs"]
mod own;
#[rustfmt::skip]
#[path = "snippets/operation.rs"]
mod operation;

const SIZE: Size = Size { width: 45, height: 37 };

fn request(policy: &str, convention: &str, interpolation: &str, view: &str) -> Request {
    let policy = serde_json::json!(policy);
    let json = format!(
        r#"{{"policy": {policy}, "convention": "{convention}", "interpolation": "{interpolation}",
        "seed": "18446744073709551615", "view": {view}}}"#
    );
    Request::read(&json).unwrap()
}

/// A state of the page, and the function that its Rust code defines.
struct Case {
    snippet: &'static str,
    request: Request,
    augmenter: fn() -> Result<Augmenter>,
}

fn cases() -> Vec<Case> {
    let draws = r#"{"draws": {"columns": 3}}"#;
    let own = "Rotate 0.6 9 + Solarize 0.4 5 # a comment\nIdentity 1 0";
    vec![
        Case { snippet: "name", request: request("imagenet", "", "", draws), augmenter: name::augmenter },
        Case {
            snippet: "options",
            request: request("cifar10", "deepvoltaire", "bicubic", r#"{"sub-policies": {"numbers": [2, 4]}}"#),
            augmenter: options::augmenter,
        },
        Case {
            snippet: "scheme",
            request: request("randaugment(n=2, m=9)", "", "", draws),
            augmenter: scheme::augmenter,
        },
        Case { snippet: "own", request: request(own, "timm", "", draws), augmenter: own::augmenter },
    ]
}

fn check_snippet(name: &str, code: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/snippets/{name}.rs"));
    if std::env::var("UPDATE_SNIPPETS").is_ok_and(|v| v == "1") {
        std::fs::write(&path, code).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), code, "{}", path.display());
}

#[test]
fn every_form_of_a_policy_is_the_same_policy() {
    for case in cases() {
        let copies = Copies::of(&case.request, SIZE).unwrap();
        check_snippet(case.snippet, &copies.rust);
        let config = AugmenterConfig::from_json(&copies.json).unwrap();
        assert_eq!((case.augmenter)().unwrap().config(), config);
        assert_eq!(config.seed, u64::MAX);
        let scheme: Scheme = copies.text.parse().unwrap();
        assert_eq!(AugmenterConfig { transform: scheme.into(), ..config.clone() }, config);
    }
}

#[test]
fn every_form_of_an_operation_is_the_same_operation() {
    let sweep = r#"{"sweep": {"op": "ShearX", "magnitude": 7, "negative": true}}"#;
    let copies = Copies::of(&request("", "deepvoltaire", "bilinear", sweep), SIZE).unwrap();
    check_snippet("operation", &copies.rust);
    let op: Op = copies.text.parse().unwrap();
    assert!(copies.text.contains("interpolation=bilinear") && copies.text.contains("factor=-"), "{}", copies.text);
    assert_eq!(Plan::from_json(&copies.json).unwrap(), Plan::uniform(1, vec![op]));
    assert_eq!(operation::plan(1), Plan::from_json(&copies.json));
}

#[test]
fn commands_and_python_code_name_what_was_chosen() {
    let cases = cases();
    let [name, options, scheme, own] = &cases[..] else { unreachable!() };
    let of = |case: &Case| Copies::of(&case.request, SIZE).unwrap();
    let seed = u64::MAX;
    assert_eq!(
        of(name).command,
        format!("autoaugment apply photos --out augmented --copies 3 --policy imagenet --seed {seed}")
    );
    assert_eq!(
        of(options).command,
        format!(
            "autoaugment preview photos --sub-policies 2,4 --policy cifar10 --seed {seed} --convention deepvoltaire \
             --interpolation bicubic"
        )
    );
    assert!(of(scheme).command.contains("--policy 'randaugment(n=2, m=9)'"));
    assert!(of(own).command.contains("--policy 'convention timm\nRotate 0.6 9 + Solarize 0.4 5\nIdentity 1 0'"));
    let python = of(options).python;
    assert!(
        python.contains(r#"AutoAugment("cifar10", seed=18446744073709551615, convention="deepvoltaire", "#),
        "{python}"
    );
}
