//! Listing: what the crate says about its operations, conventions and policies is so.

use std::collections::HashSet;

use autoaugment::ops::Category;
use autoaugment::{Convention, Interpolation, Op, OpKind, Policy, Sampler, Size};
use sha2::{Digest, Sha256};

const SIZE: Size = Size { width: 331, height: 224 };

/// Tables that were learned: a digit that changes is an error, however the change came about.
#[test]
fn presets_never_change() {
    for (name, text) in [
        ("imagenet", include_str!("imagenet.txt")),
        ("cifar10", include_str!("cifar10.txt")),
        ("svhn", include_str!("svhn.txt")),
        ("v0", include_str!("v0.txt")),
        ("fashion-mnist-found", include_str!("fashion-mnist-found.txt")),
    ] {
        assert_eq!(Policy::preset(name).unwrap().to_string(), text.trim_end(), "{name}");
        assert_eq!(text.parse::<Policy>().unwrap(), name.parse().unwrap(), "{name}");
    }
    let made = [Policy::imagenet(), Policy::cifar10(), Policy::svhn(), Policy::v0()];
    let named: Vec<_> = Policy::preset_names().map(|name| Policy::preset(name).unwrap()).collect();
    let found = ["fast-imagenet", "fast-cifar10", "fast-svhn", "fashion-mnist-found"];
    let names = ["imagenet", "cifar10", "svhn", "v0"].into_iter().chain(found);
    assert_eq!(Policy::preset_names().collect::<Vec<_>>(), names.collect::<Vec<_>>());
    assert_eq!(named[..4], made);
    let fast = [Policy::fast_imagenet(), Policy::fast_cifar10(), Policy::fast_svhn()];
    assert_eq!(named[4..], [&fast[..], &[Policy::fashion_mnist_found()]].concat());
    assert!(made.iter().all(|policy| policy.depth() == 2));
    assert_eq!("Invert 1 1\nInvert 1 1 + Invert 1 1 + Invert 1 1".parse::<Policy>().unwrap().depth(), 3);
}

/// The same of tables too long to have twice: digests of their text, made from the repository's lists by another
/// program.
#[test]
fn fast_presets_never_change() {
    for (name, count, first, last, digest) in [
        (
            "fast-cifar10",
            493,
            "Contrast 0.8320659689 0.4988431056 + TranslateX 0.4184988397 0.3940230865",
            "Cutout 0.7550520025 0.089823673 + ShearX 0.5844942417 0.3605119508",
            "03b0369d94fb038b44a41b5361ad516a06aa96530a7433462c22368846005478",
        ),
        (
            "fast-imagenet",
            498,
            "ShearY 0.1414381646 0.5131247916 + Sharpness 0.9290316227 0.9788406213",
            "AutoContrast 0.5404508567 0.7472387762 + Equalize 0.0564987654 0.562818022",
            "58aa09bc04dbcf6aafdb36895cc479e00ff4a30385a6174151169897c551c21b",
        ),
        (
            "fast-svhn",
            497,
            "TranslateX 0.0015769651 0.4318048881 + Invert 0.7395307279 0.7538444308",
            "Contrast 0.9932891065 0.4693006293 + Posterize 0.9033014137 0.5745902253",
            "66cab989441d45ea50962e65ac50aa8dd1ebcce4947d7f2e57aa156744b9779f",
        ),
    ] {
        let policy = Policy::preset(name).unwrap();
        policy.check().unwrap();
        assert_eq!((policy.convention, policy.sub_policies.len()), (Convention::FastAutoAugment, count), "{name}");
        assert!(policy.sub_policies.iter().all(|sub_policy| sub_policy.steps.len() == 2), "{name}");
        let distinct: HashSet<_> = policy.sub_policies.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), count, "{name}");
        let text = policy.to_string();
        assert_eq!((text.lines().nth(1), text.lines().last()), (Some(first), Some(last)), "{name}");
        let found: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, digest, "{name}");
    }
}

#[test]
fn captions_name_the_leading_parameter() {
    for (op, caption) in [
        ("Identity", "Identity"),
        ("Rotate(degrees=30)", "Rotate 30"),
        ("Rotate(degrees=-13.333333015441895)", "Rotate -13.33"),
        ("Color(factor=1.0999999940395355)", "Color 1.1"),
        ("ShearX(factor=0.016)", "ShearX 0.02"),
        ("ShearX(factor=-0.001)", "ShearX 0"),
        ("Posterize(bits=4)", "Posterize 4"),
        ("SolarizeAdd(add=110)", "SolarizeAdd 110"),
        ("Cutout(x=3, y=-1, width=20, height=20)", "Cutout 20 x 20"),
        ("Crop(x=3, y=4, width=20, height=30)", "Crop 20 x 30"),
    ] {
        assert_eq!(op.parse::<Op>().unwrap().caption(), caption);
    }
}

#[test]
fn every_operation_and_convention_is_described_in_words_of_its_own() {
    let summaries: HashSet<_> = OpKind::ALL.iter().map(|op| op.summary()).collect();
    assert_eq!(summaries.len(), OpKind::ALL.len());
    assert!(summaries.iter().all(|summary| summary.contains(' ')));
    let summaries: HashSet<_> = Convention::ALL.iter().map(|convention| convention.summary()).collect();
    assert_eq!(summaries.len(), Convention::ALL.len());
    for convention in Convention::ALL {
        let summary = convention.summary();
        assert!(summary.contains(' ') && !summary.starts_with(&format!("{convention}:")), "{summary}");
        let color = if convention.fill() == [0; 3] { "black fill" } else { "gray fill" };
        assert!(summary.contains(color), "{summary}");
        assert_eq!(format!("{convention:>30}").len(), 30);
        assert_eq!(serde_json::to_value(convention).unwrap(), convention.name());
        assert_eq!(convention.name().parse::<Convention>().unwrap(), convention);
        let grid: Vec<_> = convention.magnitudes().collect();
        assert!(grid.len() > 9 && grid[0] == 0.0 && grid[grid.len() - 1] == f64::from(convention.last_magnitude()));
    }
    assert_eq!(format!("[{:<8}]", OpKind::Invert), "[Invert  ]");
    assert_eq!(format!("[{:>9}]", Interpolation::Nearest), "[  nearest]");
}

#[test]
fn operations_have_a_magnitude_if_it_changes_them_and_a_sign_if_it_does() {
    for convention in Convention::ALL {
        for &kind in OpKind::ALL {
            let of = |magnitude, negative| Sampler::resolve(convention, kind, magnitude, negative, SIZE).unwrap();
            let last = f64::from(convention.last_magnitude());
            assert_eq!(convention.has_magnitude(kind), of(0.0, false) != of(last, false), "{convention} {kind}");
            assert_eq!(convention.is_signed(kind), of(last, false) != of(last, true), "{convention} {kind}");
            let op = of(last, false);
            assert_eq!(op.kind(), kind);
            // A convention's interpolation and fill are in the warps and only there.
            let text = op.to_string();
            let interpolation = format!("interpolation={}", convention.interpolation(kind));
            assert_eq!(text.contains(&interpolation), kind.category() == Category::Warp, "{text}");
            let has_fill = matches!(kind.category(), Category::Warp | Category::Mask);
            let cutout = convention == Convention::FastAutoAugment && kind == OpKind::Cutout;
            let [r, g, b] = if cutout { [125, 123, 114] } else { convention.fill() };
            assert_eq!(text.contains(&format!("fill=[{r},{g},{b}]")), has_fill, "{text}");
        }
    }
    assert_eq!(Convention::DeepVoltaire.interpolation(OpKind::ShearY), Interpolation::Bicubic);
    assert_eq!(Convention::DeepVoltaire.interpolation(OpKind::Rotate), Interpolation::Nearest);
    assert_eq!(Convention::default(), Convention::Torchvision);
}
