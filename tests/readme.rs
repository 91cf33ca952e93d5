//! The README's tables are those that the library and the newest measurement would write.

use std::collections::HashMap;
use std::path::Path;

use autoaugment::{Convention, OpKind, Scheme, Size};

/// The name of a table, which the marks around it have, and what writes it.
type Section = (&'static str, fn() -> String);

const SECTIONS: [Section; 4] = [
    ("operations", operations),
    ("conventions", conventions),
    ("schemes", schemes),
    ("other libraries", other_libraries),
];

/// The conventions that differ most; the table of conventions has all.
const SHOWN: [Convention; 5] = [
    Convention::Torchvision,
    Convention::DeepVoltaire,
    Convention::TensorFlow,
    Convention::FastAutoAugment,
    Convention::Timm,
];

fn operations() -> String {
    let mut text = String::from("| operation | what it does |");
    for convention in SHOWN {
        text += &format!(" {convention} |");
    }
    text += &format!("\n{}|\n", "|--".repeat(2 + SHOWN.len()));
    for &op in OpKind::ALL {
        text += &format!("| {op} | {} |", op.summary());
        for convention in SHOWN {
            text += &format!(" {} |", range(convention, op));
        }
        text += "\n";
    }
    text
}

fn conventions() -> String {
    let mut text = String::from("| convention | what it is |\n|--|--|\n");
    for convention in Convention::ALL {
        let summary = convention.summary();
        let what = summary.strip_prefix(&format!("{convention}: ")).unwrap_or(summary);
        text += &format!("| `{convention}` | {what} |\n");
    }
    text
}

fn schemes() -> String {
    let mut text = String::from("| written | what it is | operations | convention |\n|--|--|--|--|\n");
    for (form, summary) in Scheme::forms() {
        let scheme: Scheme = form.parse().unwrap();
        let operations = scheme.operations().iter().filter(|op| OpKind::ALL.contains(op)).count();
        let convention = scheme.convention();
        text += &format!("| `{form}` | {summary} | {operations} | `{convention}` |\n");
    }
    text
}

fn range(convention: Convention, op: OpKind) -> String {
    if !convention.has_magnitude(op) {
        return "-".to_string();
    }
    let size = Size { width: 224, height: 224 };
    let value = |magnitude: u32, negative| {
        let value = convention.value(op, f64::from(magnitude), negative, size).unwrap();
        format!("{}", (value * 100.0).round() / 100.0 + 0.0)
    };
    let last = convention.last_magnitude();
    match (convention.is_signed(op), value(last, true), value(last, false)) {
        (false, ..) => format!("{} to {}", value(0, false), value(last, false)),
        // From one end to the other, with a sign besides.
        (true, _, positive) if value(0, false) == format!("-{positive}") => format!("±{positive} to 0 to ±{positive}"),
        // Around zero or around one.
        (true, negative, positive) if negative.trim_start_matches('-') == positive.trim_start_matches('-') => {
            format!("0 to ±{}", positive.trim_start_matches('-'))
        }
        (true, negative, positive) => format!("1 to {negative} or {positive}"),
    }
}

/// Whose measurements the README has: a folder of `benches/results`.
const DEVICE: &str = "amd-epyc-2-cores";
/// The libraries that `benches/peers` measures, and what the README calls them.
const LIBRARIES: [(&str, &str); 8] = [
    ("tv1_pil", "torchvision on Pillow"),
    ("timm_pil", "timm on Pillow"),
    ("tv2_tensor", "torchvision v2"),
    ("tv2_batch", "v2, a batch a call"),
    ("kornia", "kornia"),
    ("albumentations", "albumentations"),
    ("opencv", "OpenCV by hand"),
    ("dali_cpu", "DALI on the CPU"),
];

/// Images per CPU-second by library, test, size and io, on one core.
type Rates = HashMap<[String; 4], f64>;

fn other_libraries() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results").join(DEVICE);
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let newest = files.filter(|path| path.extension().is_some_and(|e| e == "csv")).max().expect("a measurement");
    let csv = std::fs::read_to_string(&newest).unwrap();
    let (columns, lines) = csv.split_once('\n').unwrap();
    let columns: Vec<_> = columns.split(',').collect();
    let lines: Vec<HashMap<_, _>> =
        lines.lines().map(|l| columns.iter().copied().zip(l.split(',')).collect()).collect();

    let one_core = lines.iter().filter(|line| line["cores"] == "1");
    let rates: Rates = one_core
        .map(|line| {
            let key = ["peer", "test", "size", "io"].map(|column| line[column].to_string());
            (key, line["images_per_cpu_second_median"].parse().unwrap())
        })
        .collect();
    let mut text = String::from("| | ours, images/CPU-second |");
    LIBRARIES.iter().for_each(|(_, name)| text += &format!(" {name} |"));
    text += &format!("\n{}|\n", "|--".repeat(LIBRARIES.len() + 2));
    text += &row(&rates, "the policy", ["aa_imagenet", "aa_cifar10"], "native");
    text += &row(&rates, "the policy, array to array", ["aa_imagenet", "aa_cifar10"], "array");
    let mut tests: Vec<_> =
        lines.iter().map(|line| line["test"]).filter(|t| !t.is_empty() && !t.starts_with("aa_")).collect();
    let mut seen = std::collections::HashSet::new();
    tests.retain(|test| seen.insert(*test));
    for test in tests {
        text += &row(&rates, &title(test), [test, test], "native");
    }
    let date = newest.file_stem().unwrap().to_string_lossy().into_owned();
    let mut versions: Vec<_> = lines.iter().flat_map(|line| line["versions"].split("; ")).collect();
    versions.retain(|version| !version.is_empty() && seen.insert(version));
    text += &format!("\nOne run on {DEVICE}, {date}: {}.\n", versions.join(", "));
    for line in lines.iter().filter(|line| !line["note"].is_empty()) {
        let name = LIBRARIES.iter().find(|(peer, _)| *peer == line["peer"]).map_or(line["peer"], |(_, name)| name);
        text += &format!("{name} {}.\n", line["note"]);
    }
    text
}

/// A line of the table: ours, and how many times that is of each library's, at 224 / at 32.
fn row(rates: &Rates, title: &str, [large, small]: [&str; 2], io: &str) -> String {
    let rates_of = |peer: &str| {
        let rate = |test: &str, size: &str| rates.get(&[peer, test, size, io].map(str::to_string)).copied();
        [rate(large, "224"), rate(small, "32")]
    };
    let pair = |values: [Option<f64>; 2], format: fn(f64) -> String| match values.map(|value| value.map(format)) {
        [None, None] => "-".to_string(),
        both => both.map(|text| text.unwrap_or_else(|| "-".to_string())).join(" / "),
    };
    let ours = rates_of("ours");
    let mut text = format!("| {title} | {} |", pair(ours, thousands));
    for (peer, _) in LIBRARIES {
        let theirs = rates_of(peer);
        let ratio = |i: usize| Some(ours[i]? / theirs[i]?);
        text += &format!(" {} |", pair([ratio(0), ratio(1)], two_digits));
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
fn thousands(value: f64) -> String {
    let unit = 10f64.powf((value.log10() - 2.0).floor().max(0.0));
    let digits = format!("{:.0}", (value / unit).round() * unit);
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
    groups.join(",")
}

fn two_digits(value: f64) -> String {
    format!(
        "{value:.*}",
        if value >= 9.95 {
            0
        } else if value >= 0.995 {
            1
        } else {
            2
        }
    )
}

#[test]
fn the_tables_are_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let mut expected = readme.clone();
    for (name, table) in SECTIONS {
        let begin = format!("<!-- {name}: generated; `UPDATE_README=1 cargo test --test readme` writes it -->\n");
        let end = format!("<!-- end of {name} -->");
        let (before, rest) = expected.split_once(&begin).expect("the README has the mark before the table");
        let (_, after) = rest.split_once(&end).expect("the README has the mark behind the table");
        expected = format!("{before}{begin}{}{end}{after}", table());
    }
    if std::env::var("UPDATE_README").is_ok() {
        std::fs::write(path, &expected).unwrap();
        return;
    }
    assert!(readme == expected, "a table of the README is out of date: UPDATE_README=1 cargo test --test readme");
}
