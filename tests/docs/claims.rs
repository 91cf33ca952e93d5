//! Claims: the numbers in the text are those of the newest measurement and of the sources.

use autoaugment::{Policy, Sampler, Shape};

use crate::markdown::{self, Page};
use crate::peers::Measurement;

fn words(path: &'static str) -> String {
    let page = Page { path, text: markdown::read(path) };
    page.paragraphs().into_iter().map(|(_, paragraph)| paragraph + "\n").collect()
}

/// Fails where the page does not have these words, wherever its lines break.
fn says(path: &'static str, claim: &str) {
    assert!(words(path).contains(claim), "{path} does not say `{claim}`");
}

/// The README rounds the ratio of the measurement from array to array, the less favorable one.
#[test]
fn the_speed_is_the_measured_one() {
    let measured = Measurement::newest();
    let times = |peer| format!("{:.0} times as fast as", measured.ratio(peer, "aa_imagenet", "224", "array").unwrap());
    let [opencv, timm, dali] = ["opencv", "timm_pil", "dali_cpu"].map(times);
    says("README.md", &format!("the ImageNet policy runs about {opencv} hand-written OpenCV."));
    says("README.md", &format!("It runs {timm} timm and {dali} DALI"));
}

/// One seed draws the same numbers of sub-policies from policies of one length.
#[test]
fn policies_of_one_length_draw_the_same_sub_policies() {
    says("docs/conventions.md", "One seed gives all learned policies of one length the same sub-policy numbers.");
    let drawn = |policy: Policy| {
        let shape = Shape { images: 64, height: 8, width: 8, channels: 3 };
        let plan = Sampler::new(policy, 3).unwrap().plan(shape, 0, &(0..64).collect::<Vec<_>>()).unwrap();
        plan.images().iter().map(|image| image.sub_policy).collect::<Vec<_>>()
    };
    assert_eq!(drawn(Policy::imagenet()), drawn(Policy::cifar10()));
}

/// The script that makes the files says how many.
#[test]
fn as_many_files_are_compared_as_the_guide_says() {
    let script = std::fs::read_to_string(markdown::root().join("tests/pillow/files.py")).unwrap();
    let sum = |name: &str| -> usize {
        let line = script.lines().find_map(|line| line.strip_prefix(&format!("{name} = {{"))).unwrap();
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse::<usize>().ok()).sum()
    };
    let thousands = |number: usize| format!("{},{:03}", number / 1000, number % 1000);
    let (whole, damaged) = (thousands(sum("WHOLE")), thousands(sum("DAMAGED")));
    says(
        "docs/guide.md",
        &format!("A test compares {whole} files that Pillow or the test writes, and {damaged} damaged ones."),
    );
}
