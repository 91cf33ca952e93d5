//! Plans from files: replayed, written by hand, and refused.

use crate::folder::{Folder, color, gray};

fn images() -> Folder {
    let folder = Folder::new();
    for i in 0..70 {
        folder.image(&format!("in/{i:02}.png"), color(8 + i / 40, 6, i));
    }
    folder.image("in/sub/gray.png", gray(8, 6));
    folder
}

/// More images than fit in a window, in three shapes, with partners.
#[test]
fn what_was_applied_can_be_applied_again() {
    let folder = images();
    folder.write("in/15.png", "broken");
    let policy = "SamplePairing 0.7 9 + Rotate 0.6 9; Cutout 0.8 7 + SamplePairing 0.5 4; TranslateX 1 9";
    let drawn = ["apply", "in", "--out", "a", "--copies", "2", "--plan-out", "plan.json", "--policy", policy];
    folder.run_with(&[&drawn[..], &["--device", "cpu"]].concat(), &[]).ends_with(1);
    let plan = String::from_utf8(folder.read("plan.json")).unwrap();
    assert!(plan.contains("SamplePairing") && plan.contains("\"file\": \"sub/gray.png\""));
    let run = folder.run("apply in --out b --plan plan.json --plan-out again.json --device cpu").ends_with(0);
    run.says("1 of 71 inputs are not in the plan");
    assert_eq!(folder.files("a").len(), 140);
    assert_eq!(folder.files("a"), folder.files("b"));
    for name in folder.files("a") {
        assert_eq!(folder.read(&format!("a/{name}")), folder.read(&format!("b/{name}")), "{name}");
    }
    assert_eq!(String::from_utf8(folder.read("again.json")).unwrap(), plan);
}

#[test]
fn a_plan_by_hand_needs_little() {
    let folder = Folder::new();
    folder.image("cat.png", color(4, 4, 0));
    folder.image("dog.png", color(4, 4, 1));
    let named =
        r#"{"version": 1, "images": [{"file": "dog.png", "ops": [{"op": "Invert"}]}, {"file": "dog.png", "ops": []}]}"#;
    folder.write("named.json", named);
    folder.run("apply cat.png dog.png --out named --plan named.json --device cpu").ends_with(0);
    assert_eq!(folder.files("named"), ["dog_0.png", "dog_1.png"]);
    assert_eq!(folder.pixels("named/dog_1.png"), folder.pixels("dog.png"));
    let inverted: Vec<_> = color(4, 4, 1).as_raw().iter().map(|v| 255 - v).collect();
    assert_eq!(folder.pixels("named/dog_0.png").as_bytes(), inverted);
    // Without names the entries are dealt in order.
    let half = |partner| format!(r#"{{"ops": [{{"op": "SamplePairing", "weight": 1, "partner": {partner}}}]}}"#);
    folder.write("dealt.json", format!(r#"{{"version": 1, "images": [{}, {}]}}"#, half(1), half(0)));
    folder.run("apply cat.png dog.png --out dealt --plan dealt.json --device cpu").ends_with(0);
    assert_eq!(folder.pixels("dealt/cat.png"), folder.pixels("dog.png"));
    assert_eq!(folder.pixels("dealt/dog.png"), folder.pixels("cat.png"));
}

#[test]
fn plans_that_do_not_fit_are_refused() {
    let folder = Folder::new();
    folder.image("cat.png", color(4, 4, 0));
    folder.image("dog.png", color(4, 5, 1));
    let pairing = |partner| format!(r#"[{{"op": "SamplePairing", "weight": 0.3, "partner": {partner}}}]"#);
    let cases = [
        (
            r#"{"file": "cow.png", "ops": []}"#.to_string(),
            "plan.json: entry 0 is for `cow.png`, and no input has this name",
        ),
        (r#"{"ops": []}"#.to_string(), "the plan has 1 entries for 2 inputs; it must have equally many for each"),
        (
            r#"{"ops": []}, {"file": "cat.png", "ops": []}"#.to_string(),
            "1 of 2 entries have a `file`; either all must have one or none",
        ),
        (
            format!(r#"{{"file": "cat.png", "ops": {}}}"#, pairing(3)),
            "entry 0: SamplePairing: partner 3 is outside 0..1",
        ),
        (
            format!(r#"{{"ops": {}}}, {{"ops": []}}"#, pairing(1)),
            "entry 0: SamplePairing: cat.png is 4 x 4 with 3 channels and its partner dog.png is 4 x 5 with 3 channels",
        ),
        (r#"{"ops": [{"op": "Posterize", "bits": 9}]}, {"ops": []}"#.to_string(), "Posterize: bits 9 is outside 0..=8"),
        (r#"{"ops": [{"op": "Rotat"}]}, {"ops": []}"#.to_string(), "did you mean `Rotate`?"),
    ];
    for (images, message) in cases {
        folder.write("plan.json", format!(r#"{{"version": 1, "images": [{images}]}}"#));
        folder.run("apply cat.png dog.png --out out --plan plan.json --device cpu").ends_with(2).says(message);
    }
    folder.write("plan.json", r#"{"version": 9, "images": []}"#);
    folder.run("apply cat.png --out out --plan plan.json").ends_with(2).says("version 9 is not supported");
    assert!(!folder.exists("out"));
}

#[test]
fn a_broken_partner_is_the_failure_of_both() {
    let folder = Folder::new();
    folder.image("cat.png", color(4, 4, 0));
    folder.write("dog.png", "broken");
    folder.image("eel.png", color(4, 4, 2));
    let pairing = r#"{"op": "SamplePairing", "weight": 0.3, "partner": 1}"#;
    folder.write(
        "plan.json",
        format!(r#"{{"version": 1, "images": [{{"ops": [{pairing}]}}, {{"ops": []}}, {{"ops": []}}]}}"#),
    );
    let run = folder.run("apply cat.png dog.png eel.png --out out --plan plan.json --device cpu").ends_with(1);
    run.says("cat.png: its SamplePairing partner could not be read").says("2 inputs failed");
    assert_eq!(folder.files("out"), ["eel.png"]);
}

/// A partner that is in no batch of its own size is brought along, and changes nothing.
#[test]
fn a_partner_of_an_image_that_is_resized() {
    let folder = Folder::new();
    for i in 0..2 {
        folder.image(&format!("in/{i}.png"), color(20, 12, i));
    }
    let plan = r#"{"version": 1, "images": [
        {"file": "0.png", "ops": [{"op": "SamplePairing", "weight": 0.5, "partner": 1},
                                  {"op": "Crop", "x": 0, "y": 0, "width": 7, "height": 5}]},
        {"file": "1.png", "ops": []}]}"#;
    folder.write("plan.json", plan);
    folder.run("apply in --out out --plan plan.json --plan-out again.json --device cpu").ends_with(0);
    let (first, second) = (folder.pixels("out/0.png").to_rgb8(), folder.pixels("out/1.png").to_rgb8());
    assert_eq!((first.dimensions(), second.dimensions()), ((7, 5), (20, 12)));
    let mixed = |x, y, c: usize| {
        let [a, b] = [0, 1].map(|i| f32::from(color(20, 12, i).get_pixel(x, y)[c]));
        (a + 0.5 * (b - a)) as u8
    };
    assert!((0..7).all(|x| (0..5).all(|y| (0..3).all(|c| first.get_pixel(x, y)[c] == mixed(x, y, c)))));
    folder.run("apply in --out same --plan again.json --device cpu").ends_with(0);
    assert_eq!(folder.pixels("same/0.png"), folder.pixels("out/0.png"));
}
