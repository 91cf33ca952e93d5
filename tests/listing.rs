//! Listing: what the crate says about its operations, conventions and policies is so.

use std::collections::HashSet;

use autoaugment::ops::Kind;
use autoaugment::{Convention, Interpolation, Op, OpKind, Policy, Sampler, Size};

const SIZE: Size = Size { width: 331, height: 224 };

/// Tables that were learned: a digit that changes is an error, however the change came about.
#[test]
fn presets_never_change() {
    for (name, text) in [
        ("imagenet", include_str!("listing/imagenet.txt")),
        ("cifar10", include_str!("listing/cifar10.txt")),
        ("svhn", include_str!("listing/svhn.txt")),
        ("v0", include_str!("listing/v0.txt")),
    ] {
        assert_eq!(Policy::preset(name).unwrap().to_string(), text.trim_end(), "{name}");
        assert_eq!(text.parse::<Policy>().unwrap(), name.parse().unwrap(), "{name}");
    }
    let made = [Policy::imagenet(), Policy::cifar10(), Policy::svhn(), Policy::v0()];
    let named: Vec<_> = Policy::preset_names().map(|name| Policy::preset(name).unwrap()).collect();
    assert_eq!(Policy::preset_names().collect::<Vec<_>>(), ["imagenet", "cifar10", "svhn", "v0"]);
    assert_eq!(named, made);
    assert!(made.iter().all(|policy| policy.depth() == 2));
    assert_eq!("Invert 1 1\nInvert 1 1 + Invert 1 1 + Invert 1 1".parse::<Policy>().unwrap().depth(), 3);
}

#[test]
fn captions_name_the_leading_parameter() {
    for (op, caption) in [
        ("Identity", "Identity"),
        ("Rotate(degrees=30)", "Rotate 30"),
        ("Rotate(degrees=-13.333333015441895)", "Rotate -13.33"),
        ("Color(factor=1.0999999940395355)", "Color 1.1"),
        ("ShearX(factor=0.016)", "ShearX 0.02"),
        ("Posterize(bits=4)", "Posterize 4"),
        ("SolarizeAdd(add=110)", "SolarizeAdd 110"),
    ] {
        assert_eq!(op.parse::<Op>().unwrap().caption(), caption);
    }
}

#[test]
fn every_operation_and_convention_is_described_in_words_of_its_own() {
    let summaries: HashSet<_> = OpKind::ALL.iter().map(|op| op.summary()).collect();
    assert_eq!(summaries.len(), OpKind::ALL.len());
    assert!(summaries.iter().all(|summary| summary.contains(' ')));
    for convention in Convention::ALL {
        let summary = convention.summary();
        assert!(summary.to_lowercase().contains(convention.name()), "{summary}");
        let colour = if convention.fill() == [0; 3] { "black fill" } else { "grey fill" };
        assert!(summary.contains(colour), "{summary}");
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
            assert_eq!(text.contains(&interpolation), kind.class() == Kind::Warp, "{text}");
            let has_fill = matches!(kind.class(), Kind::Warp | Kind::Mask);
            let cutout = convention == Convention::FastAutoAugment && kind == OpKind::Cutout;
            let [r, g, b] = if cutout { [125, 123, 114] } else { convention.fill() };
            assert_eq!(text.contains(&format!("fill=[{r},{g},{b}]")), has_fill, "{text}");
        }
    }
    assert_eq!(Convention::DeepVoltaire.interpolation(OpKind::ShearY), Interpolation::Bicubic);
    assert_eq!(Convention::DeepVoltaire.interpolation(OpKind::Rotate), Interpolation::Nearest);
    assert_eq!(Convention::default(), Convention::Torchvision);
}
