//! Import: policies from Python code mean what they mean in their framework, and are saved like all others.

use autoaugment::policy::Framework;
use autoaugment::{Convention, OpKind, Policy};

/// The beginning of torchvision's CIFAR-10 list, as its source has it.
const TORCHVISION: &str = r#"
            return [
                (("Invert", 0.1, None), ("Contrast", 0.2, 6)),
                (("Rotate", 0.7, 2), ("TranslateX", 0.3, 9)),
                (("Sharpness", 0.8, 1), ("Sharpness", 0.9, 3)),
            ]
"#;

/// kornia's, annotated.
const KORNIA: &str = r#"cifar10_policy: List[SUBPOLICY_CONFIG] = [
    [("invert", 0.1, None), ("contrast", 0.2, 6)],
    [("rotate", 0.7, 2), ("translate_x", 0.3, 9)],
    [("auto_contrast", 0.5, None), ("equalize", 0.9, None)],
]"#;

/// Lines between two brackets of timm's.
const TIMM: &str = "
    [('PosterizeOriginal', 0.4, 8), ('Rotate', 0.6, 9)],  # 0
    [('Solarize', 0.6, 5), ('AutoContrast', 0.6, 5)],
    [('TranslateYRel', 0.8, 9.5)],
";

/// As Fast AutoAugment's archive has them, and as `repr` prints them.
const FAST: &str = "p = [[['Contrast', 0.8320659688593578, 0.49884310562180767], ['TranslateX', 0.41849883971249136, 7.8e-05]], \
                    [('Cutout', 1, 0.), ('Invert', .5, 1)],]";

/// Names of functions, as DALI's lists have them.
const DALI: &str = "[(equalize, 0.8, 1), (shear_y, 0.8, 4)],
    [(augmentations.posterize, 0.4, 6), (auto_contrast, 0.4, None)],
    [(solarize_add, 1, 10), (identity, 0, None)]";

/// JSON and text give the policy back.
fn policy_round_trips(policy: &Policy) {
    assert_eq!(&Policy::from_json(&policy.to_json()).unwrap(), policy);
    assert_eq!(&policy.to_string().parse::<Policy>().unwrap(), policy);
}

#[test]
fn each_framework_is_read_as_it_writes() {
    for (source, text, expected) in [
        (
            Framework::Torchvision,
            TORCHVISION,
            "convention torchvision\nInvert 0.1 0 + Contrast 0.2 6\nRotate 0.7 2 + TranslateX 0.3 9\nSharpness 0.8 1 + Sharpness 0.9 3",
        ),
        (
            Framework::Kornia,
            KORNIA,
            "convention torchvision\nInvert 0.1 0 + Contrast 0.2 6\nRotate 0.7 2 + TranslateX 0.3 9\nAutoContrast 0.5 0 + Equalize 0.9 0",
        ),
        (
            Framework::Timm,
            TIMM,
            "convention timm-original\nPosterize 0.4 8 + Rotate 0.6 9\nSolarize 0.6 5 + AutoContrast 0.6 5\nTranslateY 0.8 9.5",
        ),
        (
            Framework::FastAutoAugment,
            FAST,
            "convention fast-autoaugment\nContrast 0.8320659688593578 0.49884310562180767 + TranslateX 0.41849883971249136 0.000078\n\
             Cutout 1 0 + Invert 0.5 1",
        ),
        (
            Framework::Dali,
            DALI,
            "convention tensorflow\nEqualize 0.8 1 + ShearY 0.8 4\nPosterize 0.4 6 + AutoContrast 0.4 0\nSolarizeAdd 1 10 + Identity 0 0",
        ),
    ] {
        let policy = Policy::import(text, source).unwrap();
        assert_eq!(policy.to_string(), expected, "{source}");
        policy_round_trips(&policy);
        // A list with one sub-policy needs no brackets around it; one step alone is no sub-policy.
        let first = text.lines().find(|line| line.contains("),") || line.contains("],")).unwrap();
        assert!(Policy::import(first.split('#').next().unwrap(), source).is_ok(), "{source}: {first}");
    }
}

#[test]
fn presets_come_back_from_python() {
    let python = |policy: &Policy, name: fn(OpKind) -> String| {
        let step = |s: &autoaugment::Step| format!("({:?}, {:?}, {:?})", name(s.op), s.probability, s.magnitude);
        let lines = policy.sub_policies.iter().map(|s| s.steps.iter().map(step).collect::<Vec<_>>().join(", "));
        format!("policy = [\n{}]\n", lines.map(|line| format!("  [{line}],\n")).collect::<String>())
    };
    let plain: fn(OpKind) -> String = |op| op.to_string();
    let of_timm: fn(OpKind) -> String = |op| match op {
        OpKind::TranslateX | OpKind::TranslateY => format!("{op}Rel"),
        op => op.to_string(),
    };
    for (policy, source, name) in [
        (Policy::imagenet(), Framework::Torchvision, plain),
        (Policy::cifar10(), Framework::Torchvision, plain),
        (Policy::svhn(), Framework::Torchvision, plain),
        (Policy::fast_imagenet(), Framework::FastAutoAugment, plain),
        (Policy::fast_cifar10(), Framework::FastAutoAugment, plain),
        (Policy::fast_svhn(), Framework::FastAutoAugment, plain),
        (Policy { convention: Convention::Timm, ..Policy::v0() }, Framework::Timm, of_timm),
    ] {
        assert_eq!(Policy::import(&python(&policy, name), source).unwrap(), policy);
        policy_round_trips(&policy);
    }
}

#[test]
fn timms_names_choose_the_convention() {
    for (names, convention) in [
        (&["Rotate", "Invert"][..], Convention::Timm),
        (&["Posterize", "Solarize", "Color"], Convention::Timm),
        (&["PosterizeOriginal", "Solarize"], Convention::TimmOriginal),
        (&["PosterizeIncreasing", "Rotate"], Convention::TimmResearch),
        (&["PosterizeIncreasing", "Contrast"], Convention::TimmResearch),
        (&["PosterizeIncreasing", "SolarizeIncreasing"], Convention::TimmIncreasing),
        (&["Desaturate", "GaussianBlur"], Convention::Timm),
        (&["GaussianBlur", "SolarizeIncreasing", "Desaturate"], Convention::TimmIncreasing),
        (&["Solarize", "Desaturate", "GaussianBlurRand"], Convention::TimmRandomBlur),
        (&["SharpnessIncreasing", "TranslateXRel", "SolarizeAdd"], Convention::TimmIncreasing),
    ] {
        let steps: Vec<_> = names.iter().map(|name| format!("('{name}', 1, 3)")).collect();
        let policy = Policy::import(&format!("[[{}]]", steps.join(", ")), Framework::Timm).unwrap();
        assert_eq!(policy.convention, convention, "{names:?}");
    }
}

#[test]
fn sources_have_names() {
    for source in Framework::ALL {
        assert_eq!(source.name().to_uppercase().parse::<Framework>().unwrap(), source);
        assert_eq!(format!("{source:>20}").len(), 20);
        let has_own = !matches!(source, Framework::Kornia | Framework::Dali);
        assert_eq!(source.caveat().is_none(), has_own, "{source}");
    }
    let error = "tim".parse::<Framework>().unwrap_err();
    assert_eq!(error.to_string(), "unknown framework `tim`; did you mean `timm`?");
}

fn case(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_cases_are_imported() {
    let calls = Policy::import(&case("import-calls-of-a-class.py"), Framework::DeepVoltaire).unwrap();
    let expected = "convention deepvoltaire\nPosterize 0.3 7 + Rotate 0.5 8\nTranslateY 0.2 6 + AutoContrast 0.9 1";
    assert_eq!(calls.to_string(), expected);
    policy_round_trips(&calls);
    // The numbers of named arguments count, not their order.
    let named =
        r#"[SubPolicy(operation2="invert", p2=0.3, magnitude_idx2=3, p1=0.4, operation1="rotate", magnitude_idx1=8)]"#;
    let named = Policy::import(named, Framework::DeepVoltaire).unwrap();
    assert_eq!(named.to_string(), "convention deepvoltaire\nRotate 0.4 8 + Invert 0.3 3");
    let returned = Policy::import(&case("import-list-then-return.py"), Framework::FastAutoAugment).unwrap();
    let expected =
        "convention fast-autoaugment\nContrast 0.81 0.47 + TranslateX 0.42 0.39\nColor 0.35 0.43 + Invert 0.5 0.75";
    assert_eq!(returned.to_string(), expected);
}

/// One policy in every form.
#[test]
fn all_forms_are_read() {
    let expected = "Posterize 0.4 8 + Rotate 0.6 9\nInvert 0.1 0 + Contrast 0.2 6";
    for text in [
        "[(('Posterize', 0.4, 8), ('Rotate', 0.6, 9)), (('Invert', 0.1, None), ('Contrast', 0.2, 6))]",
        "[('Posterize', 0.4, 8, 'Rotate', 0.6, 9), ['Invert', 0.1, None, 'Contrast', 0.2, 6]]",
        "[[0.4, 'Posterize', 8, 0.6, 'Rotate', 9], [0.1, 'Invert', 0, 0.2, 'Contrast', 6]]",
        "[[(0.4, 'Posterize', 8), (0.6, 'Rotate', 9)], [(0.1, 'Invert', 0), (0.2, 'Contrast', 6)]]",
        "self.policies = [SubPolicy(0.4, 'Posterize', 8, 0.6, 'Rotate', 9, fillcolor),\n\
         SubPolicy(0.1, 'Invert', 7, 0.2, 'Contrast', 6, (128, 128, 128))]",
        "SubPolicy(p1=0.4, operation1='Posterize', magnitude_idx1=8, p2=0.6, operation2='Rotate', magnitude_idx2=9),\n\
         m.SubPolicy(p1=0.1, operation1='Invert', magnitude_idx1=0, p2=0.2, operation2='Contrast', magnitude_idx2=6, \
         fillcolor=(0, 0, 0)),",
        "[[{'type': 'Posterize', 'prob': 0.4, 'magnitude': 8}, {'op': 'Rotate', 'p': 0.6, 'level': 9}],\n\
         [dict(type='Invert', prob=0.1, magnitude=None), dict(name='Contrast', probability=0.2, magnitude=6)]]",
        "def policy():\n    p = [[('Posterize', 0.4, 8), ('Rotate', 0.6, 9)], [('Invert', 0.1, None), ('Contrast', 0.2, 6)]]\n\
         \n    return p",
    ] {
        let policy = Policy::import(text, Framework::Torchvision).unwrap_or_else(|e| panic!("{text}: {e}"));
        // Invert has no magnitude, whatever stands there.
        let found = policy.to_string().replace("Invert 0.1 7", "Invert 0.1 0");
        assert_eq!(found, format!("convention torchvision\n{expected}"), "{text}");
    }
    for one in ["SubPolicy(0.4, 'rotate', 8, 0.6, 'SHEARX', 9)", "[(0.4, 'rotate', 8, 0.6, 'shearX', 9)]"] {
        let policy = Policy::import(one, Framework::DeepVoltaire).unwrap();
        assert_eq!(policy.to_string(), "convention deepvoltaire\nRotate 0.4 8 + ShearX 0.6 9", "{one}");
    }
    let names = ["shearX", "translateY", "rotate", "color", "posterize", "solarize", "contrast", "sharpness"];
    for name in names.into_iter().chain(["brightness", "autocontrast", "equalize", "invert"]) {
        Policy::import(&format!("[SubPolicy(1, \"{name}\", 3)]"), Framework::DeepVoltaire).unwrap();
    }
}

/// The code of public repositories has these forms around its lists.
#[test]
fn code_is_read_as_people_copy_it() {
    let class = r#"import random

from PIL import Image, ImageEnhance, ImageOps


class MyPolicy(object):
    """ Randomly choose one of the best sub-policies.

        Example:
        >>> policy = MyPolicy()
    """

    def __init__(self, fillcolor=(128, 128, 128)):
        super(MyPolicy, self).__init__()
        self.policies = [
            SubPolicy(0.4, "posterize", 8, 0.6, "rotate", 9, fillcolor),
            SubPolicy(0.1, "invert", 0, 0.2, "contrast", 6, fillcolor),

        ]

    def __call__(self, img):
        policy_idx = random.randint(0, len(self.policies) - 1)
        return self.policies[policy_idx](img)

    def __repr__(self):
        return "AutoAugment My Policy"
"#;
    let several_lines = r#"    def _get_policies(
        self, policy: AutoAugmentPolicy
    ) -> List[Tuple[Tuple[str, float, Optional[int]], Tuple[str, float, Optional[int]]]]:
        if policy == AutoAugmentPolicy.IMAGENET:
            return [
                (("Posterize", 0.4, 8), ("Rotate", 0.6, 9)),
                (("Invert", 0.1, None), ("Contrast", 0.2, 6)),
            ]
"#;
    let made_into_ops = r#"def auto_augment_policy_mine(hparams):
    # Found by a search.
    policy = [
        [('PosterizeOriginal', 0.4, 8), ('Rotate', 0.6, 9)],
        [('Invert', 0.1, 0), ('Contrast', 0.2, 6)],
    ]
    pc = [[AugmentOp(*a, hparams=hparams) for a in sp] for sp in policy]
    return pc
"#;
    let joined = "def arsaug_policy():
    exp0_0 = [
        [('Posterize', 0.4, 8), ('Rotate', 0.6, 9)]]
    exp0_1 = [
        [('Invert', 0.1, 0), ('Contrast', 0.2, 6)]]

    return exp0_0 + exp0_1
";
    let docstring = r#"    @staticmethod
    def policy_mine():
        """A policy.

        Each tuple is (operation, probability, magnitude), as in [('Rotate', 0.6, 9)].
        """
        policy = [
            [('Posterize', 0.4, 8), ('Rotate', 0.6, 9)],
            [('Invert', 0.1, 0), ('Contrast', 0.2, 6)],
        ]
        return policy
"#;
    let gray =
        "[SubPolicy(0.4, 'posterize', 8, 0.6, 'rotate', 9, 128), SubPolicy(0.1, 'invert', 0, 0.2, 'contrast', 6, 0)]";
    let names = "policies = [[dict(op='Posterize', p=0.4, mag=8), dict(op='Rotate', p=0.6, mag=9)],
        [{'name': 'Invert', 'probability': 0.1, 'magnitude': 0}, {'name': 'Contrast', 'p': 0.2, 'magnitude': 6}]]";
    for (text, framework, convention) in [
        (class, Framework::DeepVoltaire, Convention::DeepVoltaire),
        (gray, Framework::DeepVoltaire, Convention::DeepVoltaire),
        (several_lines, Framework::Torchvision, Convention::Torchvision),
        (joined, Framework::Torchvision, Convention::Torchvision),
        (docstring, Framework::Torchvision, Convention::Torchvision),
        (names, Framework::Torchvision, Convention::Torchvision),
        (made_into_ops, Framework::Timm, Convention::TimmOriginal),
    ] {
        let policy = Policy::import(text, framework).unwrap_or_else(|e| panic!("{text}: {e}"));
        let expected = "Posterize 0.4 8 + Rotate 0.6 9\nInvert 0.1 0 + Contrast 0.2 6";
        assert_eq!(policy.to_string(), format!("convention {convention}\n{expected}"), "{text}");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_text() {
    use autoaugment::{AugmenterConfig, Plan, Scheme};
    let text = case("policy-with-bom.txt");
    assert!(text.starts_with('\u{feff}'));
    let policy: Policy = text.parse().unwrap();
    assert_eq!(policy.to_string(), "convention torchvision\nRotate 0.6 9 + Solarize 0.4 5\nInvert 1 0");
    assert_eq!(Scheme::from_json_or_text(&text).unwrap(), policy.clone().into());
    let marked = |text: &str| format!("\u{feff}{text}");
    assert_eq!(Policy::from_json(&marked(&policy.to_json())), Ok(policy.clone()));
    assert_eq!(Scheme::from_json_or_text(&marked(&policy.to_json())), Ok(policy.into()));
    assert_eq!(marked("randaugment").parse::<Scheme>(), "randaugment".parse::<Scheme>());
    let plan = Plan::uniform(1, vec!["Invert".parse().unwrap()]);
    assert_eq!(Plan::from_json(&marked(&plan.to_json())), Ok(plan));
    assert_eq!(AugmenterConfig::from_json(&marked("{}")), AugmenterConfig::from_json("{}"));
}
