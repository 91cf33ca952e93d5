//! Parsers: they take or refuse any text, and what they take is valid and prints as itself.

use autoaugment::policy::Framework;
use autoaugment::{
    Batch, Convention, Device, Error, Interpolation, Layout, Op, OpKind, Plan, Policy, Sampler, Scheme, Shape, Step,
    SubPolicy,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::support::arbitrary;

/// Pieces that the formats are made of, in no order.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "Rotate",
        "Invert",
        "Cutout",
        "SamplePairing",
        "convention",
        "torchvision",
        "tensorflow",
        "imagenet",
        "randaugment",
        "uniformaugment",
        "trivialaugment",
        "rand-m",
        "original-mstd",
        "v0-mstd",
        "-",
        "n",
        "m",
        "p",
        "mstd",
        "mmax",
        "inc",
        "tweights",
        "0",
        "1",
        "0.5",
        "9",
        "-1",
        "1e999",
        "NaN",
        "inf",
        "+",
        ";",
        "\n",
        "#",
        " ",
        "\t",
        ",",
        ":",
        "=",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\\",
        "\"op\"",
        "\"version\"",
        "\"images\"",
        "\"sub_policies\"",
        "\"ops\"",
        "degrees",
        "fill",
        "interpolation",
        "bicubic",
        "null",
        "true",
        "\u{0}",
        "é",
        "🙂",
        "\u{feff}",
        "18446744073709551616",
    ];
    vec(select(words.to_vec()), 0..40).prop_map(|words| words.concat())
}

/// A valid text with a piece cut out, doubled, or replaced by something else.
fn damaged(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (text, any::<Index>(), any::<Index>(), pieces(), 0..4).prop_map(|(text, from, to, piece, how)| {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (a, b) = (places[from.index(places.len())], places[to.index(places.len())]);
        let (a, b) = (a.min(b), a.max(b));
        match how {
            0 => format!("{}{}", &text[..a], &text[b..]),
            1 => format!("{}{}", &text[..b], &text[a..]),
            2 => format!("{}{piece}{}", &text[..a], &text[a..]),
            _ => text[..a].to_string(),
        }
    })
}

/// The policy as a Python literal.
fn python(policy: &Policy) -> String {
    let step = |s: &Step| format!("('{}', {}, {}),", s.op, s.probability, s.magnitude);
    let sub_policy = |s: &SubPolicy| format!("[{}],\n", s.steps.iter().map(step).collect::<String>());
    format!("[{}]", policy.sub_policies.iter().map(sub_policy).collect::<String>())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        pieces(),
        damaged(arbitrary::policy().prop_map(|p| p.to_string())),
        damaged(arbitrary::policy().prop_map(|p| p.to_json())),
        damaged(arbitrary::plan(2).prop_map(|p| p.to_json())),
        damaged(arbitrary::op(2).prop_map(|op| op.to_string())),
        damaged(arbitrary::policy().prop_map(|p| python(&p))),
    ]
}

/// A side or a count, the dangerous ones often.
fn count() -> impl Strategy<Value = usize> {
    let large = select(vec![
        0,
        1,
        2,
        3,
        4,
        255,
        65_535,
        65_536,
        1 << 31,
        (1 << 31) - 1,
        1 << 32,
        usize::MAX,
        usize::MAX - 1,
        usize::MAX / 2,
        usize::MAX / 2 + 1,
        usize::MAX / 3,
        usize::MAX / 4,
        usize::MAX / 4 + 1,
    ]);
    prop_oneof![0..8_usize, large, any::<usize>()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn any_text_is_taken_or_refused(text in any_text()) {
        if let Ok(policy) = text.parse::<Policy>() {
            policy.check().unwrap();
            prop_assert_eq!(&policy.to_string().parse::<Policy>().unwrap(), &policy);
        }
        if let Ok(scheme) = text.parse::<Scheme>() {
            prop_assert!(Sampler::new(scheme.clone(), 0).is_ok());
            prop_assert_eq!(&scheme.to_string().parse::<Scheme>().unwrap(), &scheme);
        }
        if let Ok(policy) = Policy::from_json(&text) {
            policy.check().unwrap();
            prop_assert_eq!(&Policy::from_json(&policy.to_json()).unwrap(), &policy);
            prop_assert_eq!(&serde_json::from_str::<Policy>(&text).unwrap(), &policy);
        }
        if let Ok(plan) = Plan::from_json(&text) {
            prop_assert_eq!(&Plan::from_json(&plan.to_json()).unwrap(), &plan);
        }
        if let Ok(op) = text.parse::<Op>() {
            op.check().unwrap();
            prop_assert_eq!(&op.to_string().parse::<Op>().unwrap(), &op);
            prop_assert!(op.caption().starts_with(op.kind().name()));
        }
        for source in Framework::ALL {
            if let Ok(policy) = Policy::import(&text, source) {
                policy.check().unwrap();
                prop_assert_eq!(&Policy::from_json(&policy.to_json()).unwrap(), &policy);
            }
        }
        let _ = Policy::preset(&text);
        let _ = (text.parse::<OpKind>(), text.parse::<Convention>());
        let _ = (text.parse::<Interpolation>(), text.parse::<Device>());
    }

    #[test]
    fn any_shape_is_taken_or_refused(
        (images, height, width, channels) in (count(), count(), count(), prop_oneof![Just(1), Just(3), count()]),
        length in 0..200_usize,
    ) {
        let shape = Shape { images, height, width, channels };
        let expected = [height, width, channels].iter().try_fold(images, |n, &side| n.checked_mul(side));
        let fits = height > 0 && width > 0 && (channels == 1 || channels == 3)
            && height.checked_mul(width).is_some_and(|p| p <= i32::MAX as usize) && expected.is_some();
        prop_assert_eq!(shape.check().is_ok(), fits, "{:?}", shape);
        for length in [length, expected.filter(|n| *n < 5000).unwrap_or(0)] {
            for layout in [Layout::Nhwc, Layout::Nchw] {
                match Batch::new(vec![7; length], shape, layout) {
                    Ok(batch) => {
                        prop_assert!(fits && expected == Some(length));
                        prop_assert_eq!((batch.shape(), batch.layout(), batch.data().len()), (shape, layout, length));
                    }
                    Err(error) => {
                        prop_assert!(!fits || expected != Some(length));
                        prop_assert!(matches!(error, Error::Batch(_)), "{}", error);
                    }
                }
            }
        }
    }
}

#[test]
fn deep_and_long_texts_end() {
    let deep = "[".repeat(100_000);
    let objects = "{\"version\":".repeat(100_000);
    let long = "a".repeat(50_000);
    for text in [&deep, &objects, &long] {
        assert!(text.parse::<Policy>().is_err());
        assert!(text.parse::<Op>().is_err());
        assert!(Policy::from_json(text).is_err());
        assert!(Policy::import(text, Framework::Timm).is_err());
        assert!(Plan::from_json(text).is_err());
        assert!(format!("Rotate(degrees={text})").parse::<Op>().is_err());
        assert!(format!("Rotate {text} 1").parse::<Policy>().is_err());
        assert!(format!("{{\"version\": 1, \"images\": {text}").parse::<Policy>().is_err());
    }
    let many = vec!["Invert 1 1"; 20_000].join("\n");
    assert_eq!(many.parse::<Policy>().unwrap().sub_policies.len(), 20_000);
    assert_eq!(many.replace('\n', " + ").parse::<Policy>().unwrap().depth(), 20_000);
}
