//! The report of a search, with controls: its tables, its pictures, and what it refuses.

use super::folder::Folder;

/// IDX files of bars in noise, which a child can tell apart. The class says how the bar lies.
fn bars(folder: &Folder, count: u32) {
    let side = 16u32;
    let mut images: Vec<u8> = [0x803, count, side, side].iter().flat_map(|number| number.to_be_bytes()).collect();
    let mut labels: Vec<u8> = [0x801, count].iter().flat_map(|number| number.to_be_bytes()).collect();
    let mut noise = 1u32;
    for image in 0..count {
        let place = 4 + image / 4 % 8;
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let is_bar = [y == place, x == place, x == y, x + y == side - 1][image as usize % 4];
            images.push((noise >> 25) as u8 + if is_bar { 100 } else { 0 });
        }
        labels.push((image % 4) as u8);
    }
    folder.write("data/train-images-idx3-ubyte", images);
    folder.write("data/train-labels-idx1-ubyte", labels);
}

const SEARCH: &str = "search data --children 12 --train 32 --validation 40 --seeds 2 --threads 2 --out p.json";

#[test]
fn a_report_says_what_was_found_and_against_what() {
    let folder = Folder::new();
    bars(&folder, 240);
    let run = folder.run(&format!("{SEARCH} --report report --controls 2"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = String::from_utf8(folder.read("report/report.md")).unwrap();
    let arms = ["none", "random 25, draw 2", "trivialaugment", "svhn", "**random search**", "**found**"];
    assert!(arms.iter().all(|arm| text.contains(&format!("\n| {arm} | "))), "{text}");
    assert!(text.contains("tested on 168 images that no child saw"), "{text}");
    assert!(text.contains("| ppo |") && text.contains("SHA-256 of the journal"), "{text}");
    let svg = String::from_utf8(folder.read("report/reward.svg")).unwrap();
    assert!(svg.contains("this search") && svg.contains("random search") && !svg.contains("NaN"));
    assert!(folder.pixels("report/policy.png").width() > 900);
    // The policy is the one that was written, and images for testing change nothing about it.
    let policy: serde_json::Value = serde_json::from_slice(&folder.read("p.json")).unwrap();
    let plain = Folder::new();
    bars(&plain, 240);
    assert_eq!(plain.run(SEARCH).code, 0);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&plain.read("p.json")).unwrap(), policy);
    // What is there is not written over.
    let again = folder.run(&format!("{} --report report", SEARCH.replace("p.json", "q.json")));
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("report.md") && !folder.exists("q.json"), "{}", again.stderr);
}

#[test]
fn controls_need_images_that_no_child_sees() {
    let folder = Folder::new();
    bars(&folder, 120);
    let run = folder.run(&format!("{SEARCH} --report report --controls 2"));
    assert_eq!(run.code, 2, "{}", run.stderr);
    let expected =
        "--controls: 48 images are left for testing, and 100 are needed; give fewer to --train or --validation";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let run = folder.run(&format!("{SEARCH} --controls 2"));
    assert!(run.code == 2 && run.stderr.contains("--report"), "{}", run.stderr);
}
