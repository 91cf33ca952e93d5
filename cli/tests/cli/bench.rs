//! `bench`: its table, its JSON and its plot. What was measured is looked at only for being a measurement.

use serde_json::Value;

use crate::folder::{Folder, color};

/// Small, so that it takes no time.
const SMALL: &str = "bench --batch 4 --size 10 --seconds 0.01";

/// What has to be a positive number in each row.
const NUMBERS: [&str; 7] =
    ["seconds", "fastest_seconds", "slowest_seconds", "rounds", "batches", "images_per_second", "bytes_per_second"];

fn json(folder: &Folder, options: &str) -> Value {
    let run = folder.run(&format!("{SMALL} --json {options}")).ends_with(0);
    serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}\n{}", run.stdout))
}

fn row<'a>(point: &'a Value, id: &str) -> &'a Value {
    let rows = point["rows"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no {id} in {rows:#?}"))
}

fn positive(value: &Value) -> f64 {
    value.as_f64().filter(|number| *number > 0.0).unwrap_or_else(|| panic!("{value} is no positive number"))
}

/// All rows have their numbers, and those that are augmented their limit's.
fn check_point(point: &Value, has_gpu: bool) {
    for name in ["images", "side", "input_bytes", "output_bytes"] {
        positive(&point[name]);
    }
    let one_thread = [("cpu_one_thread", "memcpy_one_thread")].to_vec();
    let gpu = [
        ("gpu_resident", "copy_kernel"),
        ("gpu_upload", "upload_alone"),
        ("gpu_upload_and_readback", "upload_and_readback_alone"),
    ];
    let pairs = one_thread.into_iter().chain(gpu.into_iter().filter(|_| has_gpu));
    for (id, limit) in pairs {
        let (row, limit) = (row(point, id), row(point, limit));
        for name in NUMBERS {
            positive(&row[name]);
            positive(&limit[name]);
        }
        assert_eq!(row["limit"], limit["id"]);
        let ratio = positive(&row["images_per_second"]) / positive(&limit["images_per_second"]);
        assert!((positive(&row["of_limit"]) / ratio - 1.0).abs() < 1e-9, "{row}");
    }
}

#[test]
fn the_table_has_a_row_for_everything() {
    let folder = Folder::new();
    let table = folder.run(&format!("{SMALL} --device cpu --policy cifar10 --seed 5")).ends_with(0).stdout;
    assert!(table.contains("policy cifar10 (torchvision), seed 5, 4 images of 10 x 10 x 3"), "{table}");
    assert!(table.contains("All gave the reference's bytes for 3 plans"), "{table}");
    let of_limit = table.lines().find(|line| line.starts_with("CPU, 1 thread")).unwrap();
    assert!(of_limit.ends_with("% of memcpy, 1 thread"), "{of_limit}");
    assert!(table.lines().any(|line| line.starts_with("memcpy, 1 thread")), "{table}");
    assert!(!table.contains("GPU"), "{table}");
}

#[test]
fn json_has_the_same() {
    let folder = Folder::new();
    folder.image("photos/a.png", color(30, 20, 0));
    folder.image("photos/b.png", color(8, 8, 1));
    let report = json(&folder, "photos --device cpu --dtype f32 --output-layout nchw --seed 9 --epoch 2 --policy svhn");
    check_point(&report, false);
    assert_eq!((&report["policy"], &report["seed"], &report["epoch"]), (&"svhn".into(), &9.into(), &2.into()));
    assert_eq!((&report["output"], &report["output_layout"]), (&"f32".into(), &"nchw".into()));
    assert_eq!(report["source"], "2 photographs");
    assert_eq!((&report["input_bytes"], &report["output_bytes"]), (&1200.into(), &4800.into()));
    assert_eq!((&report["gpu"], &report["sweeps"]), (&Value::Null, &Value::Null));
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    // Rows are called noisy by their spread, and only then.
    let noisy = report["noisy"].as_array().unwrap();
    for row in report["rows"].as_array().unwrap() {
        assert_eq!(noisy.contains(&row["id"]), row["spread"].as_f64().unwrap() > 0.5, "{row}");
    }
    positive(&report["cpu"]["threads"]);
    positive(&report["planning"]["drawing_seconds"]);
    positive(&row(&report, "cpu_one_thread")["images_per_cpu_second"]);
}

#[test]
fn a_plot_is_drawn_and_not_overwritten() {
    let folder = Folder::new();
    let report = json(&folder, "--device cpu --plot plot.svg");
    let sweeps = report["sweeps"].as_array().unwrap();
    let xs = |sweep: &Value, name: &str| -> Vec<u64> {
        sweep["points"].as_array().unwrap().iter().map(|point| point[name].as_u64().unwrap()).collect()
    };
    assert_eq!((xs(&sweeps[0], "images"), xs(&sweeps[1], "side")), (vec![1, 4], vec![2, 3, 5, 10, 20]));
    for point in sweeps.iter().flat_map(|sweep| sweep["points"].as_array().unwrap()) {
        check_point(point, false);
    }
    let svg = String::from_utf8(folder.read("plot.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
    for words in [
        "images/s",
        "GB/s, images and results",
        "images of a batch",
        "width and height in pixels",
        "CPU, 1 thread",
        "limit: memcpy, 1 thread",
    ] {
        assert!(svg.contains(words), "{words} is not in\n{svg}");
    }
    folder
        .run(&format!("{SMALL} --device cpu --plot plot.svg"))
        .ends_with(2)
        .says("plot.svg exists; --force overwrites");
    assert_eq!(String::from_utf8(folder.read("plot.svg")).unwrap(), svg);
    folder
        .run(&format!("{SMALL} --device cpu --plot plot.svg --force --dtype f16"))
        .ends_with(0)
        .says("wrote plot.svg");
    assert_ne!(String::from_utf8(folder.read("plot.svg")).unwrap(), svg);

    folder.run(&format!("{SMALL} --device cpu --plot plot.png")).ends_with(0);
    let png = folder.pixels("plot.png").to_rgb8();
    assert_eq!(png.dimensions(), (2400, 1800));
    // Paper in the corner, and somewhere the gray of the first row.
    assert_eq!(png.get_pixel(0, 0).0, [255; 3]);
    assert!(png.pixels().any(|pixel| pixel.0 == [0x55; 3]));
}

/// Any adapter will do; without one the error says so.
#[cfg(feature = "gpu")]
#[test]
fn a_demanded_gpu_has_rows_or_is_missed() {
    let folder = Folder::new();
    if autoaugment::gpu::adapters().is_empty() {
        folder.run(&format!("{SMALL} --device gpu")).ends_with(3).says("no adapter was found");
        return;
    }
    folder.write("rotate.txt", "Rotate 1 5");
    let report = json(&folder, "--device gpu --policy rotate.txt");
    check_point(&report, true);
    assert_ne!(report["gpu"]["name"], "");
    positive(&report["planning"]["programs_seconds"]);
}

#[test]
fn a_broken_photograph_is_an_error() {
    let folder = Folder::new();
    folder.write("broken.png", "no image");
    let run =
        folder.run(&format!("{SMALL} broken.png --device cpu")).ends_with(1).says("error: broken.png: not a JPEG");
    assert_eq!(run.stdout, "");
}
