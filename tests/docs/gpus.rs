//! GPUs that were proven and measured: their table, from the newest whole run on each hardware adapter.

use serde_json::Value;

use crate::markdown::root;
use crate::peers::thousands;

/// The table of `docs/benchmarks.md`: the ImageNet policy on resident batches of 256.
pub fn on_gpus() -> String {
    let runs = runs();
    if runs.is_empty() {
        return "No hardware GPU has been measured yet.\n".to_string();
    }
    let mut text =
        "| GPU | differing values | output | 32 x 32, images/s (of a copy) | 224 x 224 | 512 x 512 |\n".to_string();
    text += "|--|--|--|--|--|--|\n";
    for run in &runs {
        let groups = run["conformance"].as_array().expect("groups");
        let count = |name: &str| groups.iter().map(|group| group[name].as_u64().expect("a count")).sum::<u64>();
        let proven = format!("{} of {}", count("differing_values"), thousands(count("values") as f64));
        for dtype in ["u8", "f16", "f32"] {
            text += &format!("| {}, {} | {proven} | {dtype} |", name(run), run["date"].as_str().expect("a date"));
            for side in [32, 224, 512] {
                let line = run["speed"].as_array().expect("rows").iter().find(|line| {
                    (line["side"].as_u64(), line["images"].as_u64()) == (Some(side), Some(256))
                        && (line["dtype"].as_str(), line["grouping"].as_str()) == (Some(dtype), Some("auto"))
                        && line["row"] == "gpu_resident"
                });
                text += &line.map_or(" - |".to_string(), |line| {
                    let of_copy = line["of_limit"].as_f64().expect("a part");
                    format!(" {} ({of_copy:.2}) |", thousands(line["images_per_second"].as_f64().expect("a rate")))
                });
            }
            text += "\n";
        }
    }
    text
}

fn name(run: &Value) -> String {
    let adapter = &run["adapter"];
    let [name, backend, driver] = ["name", "backend", "driver"].map(|key| adapter[key].as_str().expect("a text"));
    format!("{name} ({backend}, {driver})")
}

/// The newest whole run of each hardware adapter.
fn runs() -> Vec<Value> {
    let mut runs = Vec::new();
    for folder in std::fs::read_dir(root().join("benches/results")).unwrap() {
        let files = std::fs::read_dir(folder.unwrap().path()).unwrap().map(|file| file.unwrap().path());
        let is_run = |path: &std::path::PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("gpu-") && name.ends_with(".json")
        };
        let mut of_adapter: Vec<_> = files.filter(is_run).collect();
        of_adapter.sort();
        let read = |path| serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap();
        let whole = |run: &Value| run["short"] == false && run["adapter"]["is_software"] == false;
        runs.extend(of_adapter.into_iter().rev().map(read).find(whole));
    }
    runs.sort_by_key(name);
    runs
}
