//! Schemes as text and JSON: they read back exactly, and mean what timm's strings mean.

use autoaugment::schemes::{
    RandAugment, TimmAugMix, TimmAutoAugment, TimmList, TimmRandAugment, TimmSet, TorchvisionAugMix, TrivialAugment,
    UniformAugment,
};
use autoaugment::{Convention, OpKind, Policy, Scheme, Stage, Transform};

/// Texts as they are printed, and what they stand for.
fn printed() -> Vec<(&'static str, Scheme)> {
    let rand = TimmRandAugment::default();
    let auto = TimmAutoAugment::new;
    let aug_mix = TimmAugMix::default();
    vec![
        ("randaugment(n=2, m=9)", RandAugment::default().into()),
        ("randaugment(n=3, m=30)", RandAugment::default().n(3).m(30).into()),
        ("trivialaugment", TrivialAugment::default().into()),
        ("uniformaugment(n=2)", UniformAugment::default().into()),
        ("uniformaugment(n=5)", UniformAugment::default().n(5).into()),
        ("augmix(severity=3, width=3, depth=0, alpha=1, all_ops=true)", TorchvisionAugMix::default().into()),
        (
            "augmix(severity=5, width=2, depth=4, alpha=0.5, all_ops=false)",
            TorchvisionAugMix::default().severity(5).width(2).depth(4).alpha(0.5).all_ops(false).into(),
        ),
        ("augmix-m3", aug_mix.into()),
        ("augmix-m5-w4-d2", aug_mix.m(5).width(4).depth(2).into()),
        ("augmix-m3-mstd0.5-a0.2-b1", aug_mix.mstd(0.5).alpha(0.2).blended(true).into()),
        ("rand-m10", rand.into()),
        ("rand-m9-mstd0.5", rand.m(9).mstd(0.5).into()),
        ("rand-m9-n3-mstd0.5", rand.m(9).n(3).mstd(0.5).into()),
        ("rand-m9-mstd0.5-inc1", rand.m(9).mstd(0.5).increasing(true).into()),
        ("rand-m10-mstd1-tweights", rand.mstd(1.0).set(TimmSet::Weights).into()),
        ("rand-m9-t3a", rand.m(9).set(TimmSet::ThreeA).into()),
        ("rand-m9-mstd0.5-inc1-t3aw", rand.m(9).mstd(0.5).increasing(true).set(TimmSet::ThreeAWeights).into()),
        ("rand-m15-p0.25-mstd101-mmax30", rand.m(15).p(0.25).mstd(f64::INFINITY).mmax(30).into()),
        ("original", auto(TimmList::Original).into()),
        ("original-mstd0.5", auto(TimmList::Original).mstd(0.5).into()),
        ("originalr", auto(TimmList::OriginalR).into()),
        ("v0-mstd0", auto(TimmList::V0).into()),
        ("v0-mstd0.5", auto(TimmList::V0).mstd(0.5).into()),
        ("v0r", auto(TimmList::V0R).into()),
        ("3a", auto(TimmList::ThreeA).into()),
        ("3a-mstd0.5", auto(TimmList::ThreeA).mstd(0.5).into()),
    ]
}

#[test]
fn schemes_print_parse_and_save() {
    for (text, scheme) in printed() {
        assert_eq!(scheme.to_string(), text);
        assert_eq!(text.parse::<Scheme>().unwrap(), scheme);
        let transform = Transform::new().random_horizontal_flip(0.5).policy(scheme.clone());
        let json = serde_json::to_string(&transform).unwrap();
        assert_eq!(json, format!(r#"[{{"random_horizontal_flip":{{"probability":0.5}}}},{{"policy":"{text}"}}]"#));
        assert_eq!(serde_json::from_str::<Transform>(&json).unwrap(), transform);
    }
    let policy: Scheme = Policy::cifar10().into();
    let json = serde_json::to_string(&policy).unwrap();
    assert_eq!(json, serde_json::to_string(&Policy::cifar10()).unwrap());
    assert_eq!(serde_json::from_str::<Scheme>(&json).unwrap(), policy);
    assert_eq!(serde_json::from_str::<Stage>(r#"{"policy": "cifar10"}"#).unwrap(), Stage::Policy(policy.clone()));
    assert_eq!(policy.to_string().parse::<Scheme>().unwrap(), policy);
}

#[test]
fn every_listed_form_is_a_scheme() {
    let forms: Vec<_> = Scheme::forms().collect();
    for (form, summary) in &forms {
        let scheme: Scheme = form.parse().unwrap();
        assert!(!summary.is_empty() && !scheme.operations().is_empty());
    }
    assert!(Policy::preset_names().all(|name| forms.iter().any(|(form, _)| *form == name)));
}

#[test]
fn a_transform_is_none_or_any_scheme() {
    for text in ["none", " None\n"] {
        assert_eq!(text.parse::<Transform>().unwrap(), Transform::new());
    }
    for (form, _) in Scheme::forms() {
        assert_eq!(form.parse::<Transform>().unwrap(), Transform::from(form.parse::<Scheme>().unwrap()), "{form}");
    }
    let policy = Policy::svhn();
    for text in [policy.to_string(), policy.to_json()] {
        assert_eq!(text.parse::<Transform>().unwrap(), policy.clone().into());
    }
    let unknown = "svnh".parse::<Transform>().unwrap_err().to_string();
    assert_eq!(unknown, "unknown policy `svnh`; did you mean `svhn`?");
}

#[test]
fn names_may_be_written_otherwise() {
    for (text, same) in [
        ("RandAugment", "randaugment(n=2, m=9)"),
        (" rand_augment( m=9 , n=2 ) ", "randaugment(n=2, m=9)"),
        ("randaugment(m=12)", "randaugment(n=2, m=12)"),
        ("TrivialAugmentWide", "trivialaugment"),
        ("uniform_augment", "uniformaugment(n=2)"),
        ("rand-inc1-n2-mstd0.5-m9", "rand-m9-mstd0.5-inc1"),
        ("rand-m9-inc0", "rand-m9"),
        ("rand-m9-mstd1000", "rand-m9-mstd101"),
        ("rand-m9-mmax0", "rand-m9"),
        ("rand", "rand-m10"),
        ("AugMix", "augmix(severity=3, width=3, depth=0, alpha=1, all_ops=true)"),
        ("augmix-d2-m5-b0-w3", "augmix-m5-d2"),
    ] {
        assert_eq!(text.parse::<Scheme>().unwrap().to_string(), same, "{text}");
    }
}

/// Every configuration string in timm 1.0.31's docstrings and documentation.
#[test]
fn the_strings_of_timms_documentation_parse() {
    for text in [
        "original-mstd0.5",
        "rand-m9-n3-mstd0.5",
        "rand-mstd1-tweights",
        "rand-m9-mstd0.5",
        "rand-m9-mstd0.5-inc1",
        "rand-m7-mstd0.5-inc1",
        "v0",
        "v0r",
        "original",
        "originalr",
        "augmix-m5-w4-d2",
        "3a",
        "rand-m9-t3a",
        "rand-m9-mstd0.5-t3aw",
    ] {
        text.parse::<Scheme>().unwrap_or_else(|e| panic!("{text}: {e}"));
    }
}

#[test]
fn timms_strings_mean_what_timm_makes_of_them() {
    let convention = |text: &str| text.parse::<Scheme>().unwrap().convention();
    assert_eq!(convention("rand-m9"), Convention::Timm);
    assert_eq!(convention("rand-m9-inc1"), Convention::TimmIncreasing);
    // The sets have the increasing operations, whatever `inc` says.
    for set in ["tweights", "t3a", "t3aw"] {
        assert_eq!(convention(&format!("rand-m9-{set}-inc0")), Convention::TimmIncreasing);
    }
    assert_eq!(convention("3a"), Convention::TimmRandomBlur);
    let three = vec![OpKind::Solarize, OpKind::Desaturate, OpKind::GaussianBlur];
    assert_eq!("3a".parse::<Scheme>().unwrap().operations(), three);
    assert_eq!("rand-t3a".parse::<Scheme>().unwrap().operations(), three);
    assert_eq!("rand-t3aw".parse::<Scheme>().unwrap().operations().len(), 14);
    assert_eq!(convention("original"), Convention::TimmOriginal);
    assert_eq!(convention("originalr"), Convention::TimmResearch);
    assert_eq!(convention("v0-mstd0"), Convention::Timm);
    assert_eq!(convention("v0r"), Convention::TimmResearch);
    assert_eq!(convention("augmix-m5"), Convention::TimmAugMix);
    assert_eq!(convention("augmix"), Convention::TorchvisionAugMix);
    // The word alone was TensorFlow's here first.
    assert_eq!(convention("v0"), Convention::TensorFlow);
    assert_eq!("rand".parse::<Scheme>().unwrap().operations().len(), 15);
    assert!(!"rand".parse::<Scheme>().unwrap().operations().contains(&OpKind::Identity));
}

#[test]
fn what_is_no_scheme_says_why() {
    for (text, message) in [
        ("imagnet", "unknown policy `imagnet`; did you mean `imagenet`?"),
        ("trivialagument", "unknown policy `trivialagument`; did you mean `trivialaugment`?"),
        ("randaugment(n=2", "scheme: `randaugment(n=2` has no closing parenthesis"),
        ("randaugment(2)", "scheme: `2` in `randaugment(2)` is not `parameter=value`"),
        ("randaugment(n=2, n=3)", "scheme: `n` stands twice in `randaugment(n=2, n=3)`"),
        ("randaugment(n=0)", "randaugment: n 0 is outside 1..=100"),
        ("randaugment(m=31)", "randaugment: m 31 is outside 0..=30"),
        ("uniformaugment(n=101)", "uniformaugment: n 101 is outside 1..=100"),
        ("rand-m9-mstdinf", "timm's configuration string: `mstdinf` in `rand-m9-mstdinf` has no number"),
        ("rand-m9-m8", "timm's configuration string: `m` stands twice in `rand-m9-m8`"),
        ("rand-m9-w0", "timm's configuration string: timm has no section `w0` in `rand-m9-w0`"),
        ("rand-m9.5", "timm's configuration string: `m9.5` in `rand-m9.5`: `9.5` is not a whole number"),
        ("rand-p1.5", "rand: p 1.5 is outside 0..=1"),
        ("rand-mmax101", "rand: mmax 101 is outside 1..=100"),
        ("rand-n0", "rand: n 0 is outside 1..=100"),
        ("rand-n16-tweights", "rand: n 16 is more than the 15 operations of which weights draw each once"),
        ("rand-n15-t3aw", "rand: n 15 is more than the 14 operations of which weights draw each once"),
        ("rand-tfoo", "timm's configuration string: `tfoo` in `rand-tfoo` must be tweights, t3a or t3aw"),
        ("rand-m9-", "timm's configuration string: `` in `rand-m9-` has no number"),
        ("v0-m9", "timm's configuration string: timm has no section `m9` in `v0-m9`"),
        ("original-mstd1e400", "original: mstd inf is infinite"),
        ("3a-m9", "timm's configuration string: timm has no section `m9` in `3a-m9`"),
        ("augmix(severity=0)", "augmix: severity 0 is outside 1..=10"),
        ("augmix(width=33)", "augmix: width 33 is outside 1..=32"),
        ("augmix(depth=101)", "augmix: depth 101 is outside 0..=100"),
        ("augmix(alpha=0)", "augmix: alpha 0 is outside 0.000001..=1000000"),
        ("augmix-w0", "augmix: width 0 is outside 1..=32"),
        ("augmix-n2", "timm's configuration string: timm has no section `n2` in `augmix-n2`"),
        ("Rotat 1 1", "line 1: unknown operation `Rotat`; did you mean `Rotate`?"),
    ] {
        assert_eq!(text.parse::<Scheme>().unwrap_err().to_string(), message, "{text}");
    }
    let nothing = "frobnicate".parse::<Scheme>().unwrap_err().to_string();
    assert!(nothing.starts_with("policy: there is no `frobnicate`; there are imagenet, "), "{nothing}");
    assert!(Scheme::forms().all(|(form, _)| nothing.contains(form)), "{nothing}");
    let unknown = "randaugment(k=2)".parse::<Scheme>().unwrap_err().to_string();
    assert!(unknown.starts_with("scheme: randaugment: unknown field `k`"), "{unknown}");
    let json = serde_json::from_str::<Stage>(r#"{"policy": {"version": 9}}"#).unwrap_err().to_string();
    assert!(json.contains("missing field"), "{json}");
    let checked = Transform::from(TimmRandAugment::default().mstd(f64::NAN)).check().unwrap_err().to_string();
    assert_eq!(checked, "rand: mstd NaN is not a number of at least 0");
    let checked = Transform::from(TimmRandAugment::default().mstd(150.0)).check().unwrap_err().to_string();
    assert_eq!(checked, "rand: mstd 150 is above 100 and not infinite");
}
