//! The comparison with other libraries: its table, from the newest measurement.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use autoaugment::OpKind;

use crate::markdown::root;

/// The libraries that `benches/peers` measures, and their names on the page.
const LIBRARIES: [(&str, &str); 8] = [
    ("tv1_pil", "torchvision on Pillow"),
    ("timm_pil", "timm on Pillow"),
    ("tv2_tensor", "torchvision v2"),
    ("tv2_batch", "v2 by the batch"),
    ("kornia", "kornia"),
    ("albumentations", "albumentations"),
    ("opencv", "hand-written OpenCV"),
    ("dali_cpu", "DALI on the CPU"),
];

/// Images per CPU-second by library, test, size and io, on one core.
type Rates = HashMap<[String; 4], f64>;

/// One file of results.
pub struct Measurement {
    /// The machine: a folder of `benches/results`.
    device: String,
    date: String,
    pub lines: Vec<HashMap<String, String>>,
    rates: Rates,
}

impl Measurement {
    /// Of `benches/peers`, whose files are dates.
    pub fn newest() -> Self {
        Self::newest_of("")
    }

    /// Of another comparison, whose files have its name before the date.
    pub fn newest_of(name: &str) -> Self {
        let inside = |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = inside(root().join("benches/results")).flat_map(inside);
        let date = |path: &PathBuf| {
            let date = path.file_name()?.to_str()?.strip_suffix(".csv")?.strip_prefix(name)?;
            date.starts_with(|c: char| c.is_ascii_digit()).then(|| date.to_string())
        };
        let newest = files.max_by_key(|path| date(path)).expect("a measurement");
        let date = date(&newest).expect("a measurement of this name");
        let device = newest.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let csv = std::fs::read_to_string(&newest).unwrap();
        let mut rows = csv.lines().map(|line| line.split(',').map(str::to_string));
        let columns: Vec<_> = rows.next().expect("a line of names").collect();
        let lines: Vec<HashMap<_, _>> = rows.map(|row| columns.iter().cloned().zip(row).collect()).collect();
        let one_core = lines.iter().filter(|line| line.get("cores").is_some_and(|cores| cores == "1"));
        let rates = one_core.map(|line| {
            let key = ["peer", "test", "size", "io"].map(|column| line[column].clone());
            (key, line["images_per_cpu_second_median"].parse().unwrap())
        });
        Measurement { device, date, rates: rates.collect(), lines }
    }

    /// The machine, the day and the versions.
    pub fn origin(&self) -> String {
        let mut seen = HashSet::new();
        let versions = self.lines.iter().flat_map(|line| line["versions"].split("; "));
        let versions: Vec<_> = versions.filter(|version| !version.is_empty() && seen.insert(*version)).collect();
        format!("{}. Versions: {}", self.place(), versions.join(", "))
    }

    /// The machine and the day.
    pub fn place(&self) -> String {
        format!("One run on {}, {}", self.device, self.date)
    }

    pub fn rate(&self, peer: &str, test: &str, size: &str, io: &str) -> Option<f64> {
        self.rates.get(&[peer, test, size, io].map(str::to_string)).copied()
    }

    /// How many times a library's images per CPU-second ours has.
    pub fn ratio(&self, peer: &str, test: &str, size: &str, io: &str) -> Option<f64> {
        Some(self.rate("ours", test, size, io)? / self.rate(peer, test, size, io)?)
    }
}

/// The table of `docs/benchmarks.md`, with the versions under it.
pub fn other_libraries() -> String {
    let measured = Measurement::newest();
    let mut text = String::from("| | ours, images/CPU-second |");
    LIBRARIES.iter().for_each(|(_, name)| text += &format!(" {name} |"));
    text += &format!("\n{}|\n", "|--".repeat(LIBRARIES.len() + 2));
    text += &row(&measured, "the policy", ["aa_imagenet", "aa_cifar10"], "native");
    text += &row(&measured, "the policy, array to array", ["aa_imagenet", "aa_cifar10"], "array");
    let mut seen = HashSet::new();
    let tests = measured.lines.iter().map(|line| line["test"].as_str());
    for test in tests.filter(|test| !test.is_empty() && !test.starts_with("aa_") && seen.insert(*test)) {
        text += &row(&measured, &title(test), [test, test], "native");
    }
    text += &format!("\n{}.\n", measured.origin());
    for line in measured.lines.iter().filter(|line| !line["note"].is_empty()) {
        let name =
            LIBRARIES.iter().find(|(peer, _)| *peer == line["peer"]).map_or(line["peer"].as_str(), |(_, name)| name);
        text += &format!("{name} {}.\n", line["note"]);
    }
    text
}

/// A line of the table: ours, and how many times that is of each library's, at 224 / at 32.
fn row(measured: &Measurement, title: &str, [large, small]: [&str; 2], io: &str) -> String {
    let pair = |values: [Option<f64>; 2], format: fn(f64) -> String| match values.map(|value| value.map(format)) {
        [None, None] => "-".to_string(),
        both => both.map(|text| text.unwrap_or_else(|| "-".to_string())).join(" / "),
    };
    let ours = [measured.rate("ours", large, "224", io), measured.rate("ours", small, "32", io)];
    let mut text = format!("| {title} | {} |", pair(ours, thousands));
    for (peer, _) in LIBRARIES {
        let ratios = [measured.ratio(peer, large, "224", io), measured.ratio(peer, small, "32", io)];
        text += &format!(" {} |", pair(ratios, two_digits));
    }
    text + "\n"
}

/// The operation's own name; `rotate_bilinear` is Rotate.
fn title(test: &str) -> String {
    let (name, rest) = test.strip_suffix("_bilinear").map_or((test, ""), |name| (name, ", bilinear"));
    let op: OpKind = name.replace('_', "").parse().unwrap();
    format!("{op}{rest}")
}

/// Three digits that count, and commas.
pub fn thousands(value: f64) -> String {
    let unit = 10f64.powf((value.log10() - 2.0).floor().max(0.0));
    let digits = format!("{:.0}", (value / unit).round() * unit);
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
    groups.join(",")
}

pub fn two_digits(value: f64) -> String {
    let decimals = match value {
        9.95.. => 0,
        0.995.. => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}
