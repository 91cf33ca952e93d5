//! `policy list`, `import` and `compare`.

use autoaugment::Policy;
use serde_json::Value;

use crate::folder::Folder;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn found_policies_are_listed_and_shown() {
    let folder = Folder::new();
    let list = folder.run("policy list").ends_with(0).stdout;
    for (name, policy) in [
        ("fast-imagenet", Policy::fast_imagenet()),
        ("fast-cifar10", Policy::fast_cifar10()),
        ("fast-svhn", Policy::fast_svhn()),
        ("fashion-mnist-found", Policy::fashion_mnist_found()),
    ] {
        let count = format!("{} sub-policies", policy.sub_policies.len());
        assert!(list.lines().any(|line| line.starts_with(&format!("{name} ")) && line.ends_with(&count)), "{list}");
        let shown = folder.run(&format!("policy show {name}")).ends_with(0).stdout;
        assert_eq!(shown.trim_end().parse::<Policy>().unwrap(), policy);
        let shown = folder.run(&format!("policy show {name} --json")).ends_with(0).stdout;
        assert_eq!(Policy::from_json(&shown).unwrap(), policy);
    }
}

#[test]
fn python_is_imported() {
    let folder = Folder::new();
    folder.write("torch.py", "return [((\"Posterize\", 0.4, 8), (\"Invert\", 0.6, None)),]\n");
    folder.write("dali.py", "x = [[(equalize, 0.8, 1), (shear_y, 0.8, 4)]]");
    folder.write("kornia.py", "[('shear_x', 1.0, 4), ('auto_contrast', .5, None)],");
    let shown = folder.run("policy import --from torchvision torch.py").ends_with(0);
    assert_eq!(shown.stdout, "convention torchvision\nPosterize 0.4 8 + Invert 0.6 0\n");
    assert_eq!(shown.stderr, "");
    let shown = folder.run("policy import --from torchvision torch.py --json").ends_with(0).stdout;
    folder.write("torch.json", &shown);
    assert_eq!(folder.run("policy convert torch.json --to json").ends_with(0).stdout, shown);
    folder.write("torch.txt", folder.run("policy import --from torchvision torch.py").ends_with(0).stdout);
    assert_eq!(folder.run("policy convert torch.txt --to json").ends_with(0).stdout, shown);
    let shown =
        folder.run("policy import --from dali dali.py").ends_with(0).says("not what dali does: DALI rounds Posterize");
    assert_eq!(shown.stdout, "convention tensorflow\nEqualize 0.8 1 + ShearY 0.8 4\n");
    let shown =
        folder.run("policy import --from kornia kornia.py").ends_with(0).says("not what kornia does: kornia draws");
    assert_eq!(shown.stdout, "convention torchvision\nShearX 1 4 + AutoContrast 0.5 0\n");
    assert_eq!(folder.run("policy import --from kornia kornia.py --quiet").ends_with(0).stderr, "");
    folder.write("calls.py", "\u{feff}[SubPolicy(0.4, \"posterize\", 8, 0.6, \"rotate\", 9, fillcolor)]");
    let shown = folder.run("policy import --from deepvoltaire calls.py").ends_with(0);
    assert_eq!(
        (shown.stdout.as_str(), shown.stderr.as_str()),
        ("convention deepvoltaire\nPosterize 0.4 8 + Rotate 0.6 9\n", "")
    );
    folder.write("marked.txt", "\u{feff}Rotate 0.6 9 + Solarize 0.4 5\r\nInvert 1 0\r\n");
    let shown = folder.run("policy show marked.txt").ends_with(0).stdout;
    assert!(shown.contains("Rotate 0.6 9 + Solarize 0.4 5\nInvert 1 0"), "{shown}");
}

#[test]
fn bad_imports_say_where() {
    let folder = Folder::new();
    folder.write("bad.py", "[\n  [('Rotate', 0.4, 8), ('Rotat', 0.6, 9)]]");
    folder.write("timm.py", "[[('TranslateX', 0.4, 8)]]");
    folder.write("class.py", "class Policy:\n    pass");
    for (call, message) in [
        ("--from timm bad.py", "error: bad.py: line 2, column 25: unknown operation `Rotat`; did you mean `Rotate`?\n"),
        (
            "--from timm timm.py",
            "error: timm.py: line 1, column 4: policy: timm's `TranslateX` shifts by pixels that timm's caller sets; \
             only `TranslateXRel` says how far\n",
        ),
        ("--from deepvoltaire class.py", "class.py: line 2, column 5: policy: a policy is a list of sub-policies; "),
        ("--from tim bad.py", "unknown framework `tim`; did you mean `timm`?"),
        ("--from timm none.py", "error: policy none.py: No such file"),
        ("bad.py", "--from <FRAMEWORK>"),
    ] {
        let run = folder.run(&format!("policy import {call}")).ends_with(2).says(message);
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn conventions_are_compared() {
    let folder = Folder::new();
    let table = folder.run("policy compare torchvision deepvoltaire").ends_with(0).stdout;
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines[..2], ["A: imagenet in convention torchvision", "B: imagenet in convention deepvoltaire"]);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(lines[4]), "OPERATION MAGNITUDE A B SAME");
    for line in [
        "ShearX 5 ±0.16666667 nearest fill 0 ±0.16666667 bicubic fill 128 no",
        "Rotate 9 ±30 nearest fill 0 ±30 nearest fill 128 no",
        "Invert - applied applied yes",
        // A threshold of a hair more than 170 inverts from 171 on, as one of 170.67 does.
        "Solarize 3 170.00000507 170.66666667 yes",
        "Solarize 4 141.66667342 142.22222222 no",
        "Posterize 8 4 4 yes",
        "Color 0 1 1 yes",
        // 1 and a binary32 number are not what 1 and a binary64 number are, rounded to binary32 afterwards.
        "Color 8 0.20000005 or 1.79999995 0.2 or 1.8 no",
    ] {
        assert!(lines.iter().any(|found| words(found) == line), "`{line}` is not in\n{table}");
    }
    let same = lines.iter().filter(|line| line.ends_with(" yes")).count();
    assert_eq!(lines[2], format!("{same} of {} values are the same for images of 224 x 224", lines.len() - 5));
    let all = folder.run("policy compare imagenet torchvision").ends_with(0).stdout;
    assert!(all.contains("22 of 22 values are the same"), "{all}");
    assert_eq!(folder.run("policy compare torchvision imagenet").ends_with(0).stdout, all);
    folder.write("blur.txt", "GaussianBlur 1 9");
    let drawn = folder.run("policy compare timm timm-random-blur --policy blur.txt").ends_with(0).stdout;
    let words: Vec<_> = drawn.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(words, ["GaussianBlur", "9", "1.81", "0.1", "to", "1.8", "no"]);
}

#[test]
fn policies_are_compared_in_full_as_json() {
    let folder = Folder::new();
    folder.write("a.txt", "convention tensorflow\nTranslateX 1 5 + Invert 0 3\nCutout 1 5");
    folder.write("b.txt", "convention tensorflow\nTranslateX 1 5 + Invert 0 1\nColor 1 5");
    let made = json(&folder.run("policy compare a.txt b.txt --json --size 100x50").ends_with(0).stdout);
    assert_eq!((&made["width"], &made["height"]), (&100.into(), &50.into()));
    assert_eq!(made["a"], serde_json::json!({"policy": "a.txt", "convention": "tensorflow"}));
    let rows: Vec<_> = made["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let applied = ["a", "b"].map(|side| row[side].as_array().unwrap().len());
            (row["op"].as_str().unwrap(), row["magnitude"].as_f64(), applied, row["same"].as_bool().unwrap())
        })
        .collect();
    let expected = [
        ("TranslateX", Some(5.0), [2, 2], true),
        ("Invert", None, [1, 1], true),
        ("Color", Some(5.0), [0, 1], false),
        ("Cutout", Some(5.0), [1, 0], false),
    ];
    assert_eq!(rows, expected);
    assert_eq!(made["values"][0]["a"][0]["pixels"], -125.0);
    // What a convention has no value for is nothing, and interpolations that are drawn are all there.
    let made = json(
        &folder.run("policy compare timm fast-autoaugment --policy a.txt --json --size 100x50").ends_with(0).stdout,
    );
    let values = &made["values"][0];
    assert_eq!((values["a"].as_array().unwrap().len(), values["b"].as_array().unwrap().len()), (4, 0));
    assert_eq!(values["a"][1]["interpolation"], "bicubic");
    // The size matters where shifts are parts of the side.
    let shifts = |size: &str| {
        let made = json(
            &folder.run(&format!("policy compare tensorflow torchvision --policy a.txt --json --size {size}")).stdout,
        );
        [made["values"][0]["a"][0]["pixels"].clone(), made["values"][0]["b"][0]["pixels"].clone()]
    };
    assert_eq!((shifts("100x50"), shifts("32x50")), ([(-125.0).into(), 25.0.into()], [(-125.0).into(), 8.0.into()]));
}

#[test]
fn bad_comparisons_are_refused() {
    let folder = Folder::new();
    for (call, message) in [
        ("torchvision", "<B>"),
        ("torchvison imagenet", "there is no `torchvison`"),
        ("imagenet randaugment", "randaugment(n=2, m=9) is not a learned policy"),
        (
            "imagenet timm --policy v0",
            "error: --policy needs two conventions to read it; `imagenet` and `timm` are not two conventions\n",
        ),
        ("imagenet v0 --size 0x4", "0 x 4"),
        ("timm torchvision --policy none.txt", "policy: there is no file `none.txt`"),
    ] {
        folder.run(&format!("policy compare {call}")).ends_with(2).says(message);
    }
}

#[test]
fn the_sub_policies_of_timm_are_shown() {
    let folder = Folder::new();
    let shown = folder.run("policy show original-mstd0.5").ends_with(0).stdout;
    assert_eq!(shown.parse::<autoaugment::Scheme>().unwrap(), "original-mstd0.5".parse().unwrap());
    assert!(shown.contains("\n# sub-policy 1: Posterize 0.4 8 + Rotate 0.6 9\n"), "{shown}");
    assert_eq!(shown.matches("# sub-policy ").count(), 25);
    let json: Value = serde_json::from_str(&folder.run("policy show 3a --json").ends_with(0).stdout).unwrap();
    assert_eq!(json["sub_policies"].as_array().unwrap().len(), 3);
    assert!(!folder.run("policy show randaugment").ends_with(0).stdout.contains("sub-policy"));
}

#[test]
fn a_depth_of_none_says_what_it_means() {
    let folder = Folder::new();
    for (policy, means) in [("augmix", true), ("augmix-m5-w4", true), ("augmix-m5-w4-d2", false)] {
        let shown = folder.run(&format!("policy show {policy}")).ends_with(0).stdout;
        assert_eq!(shown.contains("\n# depth 0: each branch has 1 to 3 operations"), means, "{shown}");
    }
}

#[test]
fn statistics_are_what_the_policy_says() {
    let folder = Folder::new();
    let stats = |policy: &str| -> Value {
        let arguments = ["policy", "stats", "--policy", policy, "--samples", "4000", "--json"];
        serde_json::from_str(&folder.run_with(&arguments, &[]).ends_with(0).stdout).unwrap()
    };
    let own = stats("Rotate 1 9 + Rotate 0.5 3; Color 0.25 9 + Cutout 1 5");
    let row = |op: &str| own["operations"].as_array().unwrap().iter().find(|row| row["op"] == op).unwrap();
    let near = |value: &Value, expected: f64| {
        let value = value.as_f64().unwrap();
        assert!((value - expected).abs() < 0.03 * expected.max(1.0), "{value} is not {expected}");
    };
    near(&row("Rotate")["images"], 0.5);
    near(&row("Rotate")["per_image"], 0.75);
    near(&row("Rotate")["strength"]["mean"], (30.0 * 2.0 + 10.0) / 3.0);
    assert_eq!((&row("Rotate")["strength"]["least"], &row("Rotate")["strength"]["most"]), (&10.0.into(), &30.0.into()));
    near(&row("Color")["images"], 0.125);
    near(&row("Color")["strength"]["mean"], 0.9);
    assert_eq!(row("Color")["strength"]["parameter"], "factor - 1");
    assert_eq!(row("Cutout")["strength"]["parameter"], "width");
    near(&own["unchanged"], 0.0);
    near(&own["operations_per_image"], 0.5 * 1.5 + 0.5 * 1.25);
    assert!(stats("augmix")["operations"].as_array().unwrap().iter().any(|row| row["op"] == "AugMix"));
    let table = folder.run("policy stats --samples 500 --plot stats.svg").ends_with(0).says("wrote stats.svg").stdout;
    assert!(table.starts_with("imagenet: ") && table.contains("OPERATION"), "{table}");
    let plot = String::from_utf8(folder.read("stats.svg")).unwrap();
    assert!(plot.contains("Equalize") && plot.contains("% of images"), "{plot}");
    folder.run("policy stats --samples 500 --plot stats.png").ends_with(0);
    folder.run("policy stats --plot stats.txt").ends_with(2).says("must end in .svg or .png");
}
