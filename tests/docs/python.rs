//! The comparison of the Python package with what people would take instead: its tables, from the newest measurement.

use std::collections::HashMap;

use crate::peers::{Measurement, thousands, two_digits};

/// Who is called by `python/benches`, and the names on the page.
const CALLED: [(&str, &str); 8] = [
    ("tv2_pil", "torchvision v2 on Pillow"),
    ("tv1_pil", "torchvision v1 on Pillow"),
    ("timm_pil", "timm on Pillow"),
    ("deepvoltaire", "DeepVoltaire's code"),
    ("tv2_tensor", "torchvision v2 on tensors"),
    ("albumentations", "albumentations"),
    ("kornia", "kornia"),
    ("command_line", "our command line"),
];

/// What is passed.
const FORMS: [(&str, &str); 6] = [
    ("pil", "an image of PIL"),
    ("array", "an array of NumPy"),
    ("tensor", "a tensor of torch"),
    ("batch", "a batch of arrays"),
    ("plan_u8", "the same, with a plan"),
    ("plan_f32", "the same, normalized f32 values"),
];

/// Ways from files to batches.
const LOADERS: [(&str, &str); 8] = [
    ("ours", "`Loader`"),
    ("compose", "`Compose` in a `collate_fn` of paths"),
    ("compose_pillow", "`Compose` in a `collate_fn` of images of PIL"),
    ("drop_in", "`AutoAugment` among torchvision's transforms"),
    ("dali_cpu", "DALI on the CPU"),
    ("timm", "timm"),
    ("torch_tensor", "torchvision with `decode_jpeg`"),
    ("torch_pillow", "torchvision with Pillow"),
];

type Line = HashMap<String, String>;

fn number(line: &Line, column: &str) -> Option<f64> {
    line[column].parse().ok()
}

/// Calls and batches: ours, and how many times that is of each library's, at 224 / at 32.
pub fn calls() -> String {
    let measured = Measurement::newest_of("python-");
    let mut text = String::from("| passed | ours, images/CPU-second |");
    CALLED.iter().for_each(|(_, name)| text += &format!(" {name} |"));
    text += &format!("\n{}|\n", "|--".repeat(CALLED.len() + 2));
    let sizes = [("aa_imagenet", "224"), ("aa_cifar10", "32")];
    let pair = |values: [Option<f64>; 2], format: fn(f64) -> String| match values {
        [Some(large), Some(small)] => format!("{} / {}", format(large), format(small)),
        _ => "-".to_string(),
    };
    for (form, name) in FORMS {
        let ours = sizes.map(|(test, size)| measured.rate("ours", test, size, form));
        text += &format!("| {name} | {} |", pair(ours, thousands));
        for (peer, _) in CALLED {
            let ratios = sizes.map(|(test, size)| measured.ratio(peer, test, size, form));
            text += &format!(" {} |", pair(ratios, two_digits));
        }
        text += "\n";
    }
    let import = measured.rate("ours", "import", "", "").expect("the import was measured");
    text + &format!("\n`import autoaugment` takes {:.1} ms besides NumPy. {}", 1000.0 / import, origin(&measured))
}

/// Files to batches, as the table of `benches/files`.
pub fn files() -> String {
    let measured = Measurement::newest_of("python-");
    let line = |peer: &str| {
        let of_files = |line: &&Line| line["peer"] == peer && line["test"] == "imagenet_training";
        measured.lines.iter().find(of_files).and_then(|line| number(line, "images_per_cpu_second_median"))
    };
    let torchvision = line("torch_pillow").expect("a line of torchvision");
    let mut text = "| | images/CPU-second | as a multiple of torchvision with Pillow |\n|--|--|--|\n".to_string();
    for (peer, name) in LOADERS {
        let Some(rate) = line(peer) else { continue };
        text += &format!("| {name} | {} | {} |\n", thousands(rate), two_digits(rate / torchvision));
    }
    text + "\n" + &origin(&measured)
}

/// The machine, what others took of it, the versions, and what was not measured.
fn origin(measured: &Measurement) -> String {
    let others = measured.lines.iter().filter_map(|line| number(line, "cores_of_others_median"));
    let others = others.fold(0.0, f64::max);
    let mut text = format!("{}. Other processes took up to {others:.1} cores.\n", measured.origin());
    for line in measured.lines.iter().filter(|line| !line["note"].is_empty()) {
        text += &format!("{}: {}.\n", line["peer"], line["note"]);
    }
    text
}
