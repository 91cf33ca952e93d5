//! The comparison of loaders, from files to batches: its table, from the newest measurement.

use std::collections::HashMap;

use crate::peers::{Measurement, thousands, two_digits};

/// The loaders that `benches/files` measures, and their names on the page.
const LOADERS: [(&str, &str); 10] = [
    ("ours", "ours, a folder"),
    ("ours_shards", "ours, tar shards"),
    ("dali_cpu", "DALI on the CPU, a folder"),
    ("timm", "timm, a folder"),
    ("torch_tensor", "torchvision with `decode_jpeg`, a folder"),
    ("torch_pillow", "torchvision with Pillow, a folder"),
    ("spdl", "SPDL with torchvision and Pillow, a folder"),
    ("webdataset", "webdataset with torchvision and Pillow, tar shards"),
    ("ours_decode", "our decoder alone, whole files"),
    ("libjpeg_turbo", "libjpeg-turbo alone, whole files"),
];

/// The table of `docs/benchmarks.md`, with the versions and the state of the machine under it.
pub fn loaders() -> String {
    let measured = Measurement::newest_of("files-");
    let line = |peer: &str| measured.lines.iter().find(|line| line["peer"] == peer && line["note"].is_empty());
    let number = |line: &HashMap<String, String>, column: &str| line[column].parse::<f64>().ok();
    let per_cpu = |line| number(line, "images_per_cpu_second_median").expect("a median");
    let ours = per_cpu(line("ours").expect("a line of ours"));
    let mut text =
        "| | images/CPU-second | ours, as a multiple | images/second on all cores |\n|--|--|--|--|\n".to_string();
    for (peer, name) in LOADERS {
        let Some(line) = line(peer) else { continue };
        let by_the_clock = number(line, "images_per_second_median").map_or("-".to_string(), thousands);
        let rate = per_cpu(line);
        text += &format!("| {name} | {} | {} | {by_the_clock} |\n", thousands(rate), two_digits(ours / rate));
    }
    let others = measured.lines.iter().filter_map(|line| number(line, "cores_of_others_median"));
    let others = others.fold(0.0, f64::max);
    text += &format!("\n{}. Other processes took up to {others:.1} cores.\n", measured.origin());
    for line in measured.lines.iter().filter(|line| !line["note"].is_empty()) {
        let name =
            LOADERS.iter().find(|(peer, _)| *peer == line["peer"]).map_or(line["peer"].as_str(), |(_, name)| name);
        text += &format!("{name}: {}.\n", line["note"]);
    }
    text
}
