//! `preview`, `ops`, `policy`, `devices`, `completions` and the help.

use serde_json::Value;

use crate::folder::{Folder, color, gray};

#[test]
fn preview_writes_a_sheet_of_the_expected_size() {
    let folder = Folder::new();
    folder.image("in/a.png", color(60, 40, 0));
    folder.image("in/b.png", gray(90, 60));
    folder.run("preview in --columns 3 --device cpu").ends_with(0).says("wrote preview.png (738 x ");
    let sheet = folder.pixels("preview.png").to_rgb8();
    // The first pixel of the first picture is not the paper; the corner is.
    assert_eq!(sheet.get_pixel(0, 0).0, [255; 3]);
    folder.run("preview in --columns 3 --device cpu").ends_with(2).says("preview.png exists");
    folder.run("preview in --columns 3 --device cpu --force --seed 1").ends_with(0);
    assert_ne!(folder.pixels("preview.png").to_rgb8(), sheet);
    let all = "preview in/a.png --op rotate --size 64 --out r.png --interpolation bicubic --fill 9 --device cpu";
    folder.run(all).ends_with(0);
    assert_eq!(folder.pixels("r.png").width(), 44 + 11 * 64 + 10 * 11);
    folder.run("preview in --op SamplePairing --out s.png --device cpu").ends_with(0);
    folder.run("preview in --op Invert --out i.png --device cpu").ends_with(0);
    folder.run("preview in --sub-policies 25,1 --out p.png --device cpu").ends_with(0);
}

#[test]
fn preview_skips_broken_images() {
    let folder = Folder::new();
    folder.image("in/a.png", color(60, 40, 0));
    folder.write("in/b.png", "broken");
    folder.run("preview in --device cpu").ends_with(1).says("error: in/b.png: not a JPEG, PNG");
    assert!(folder.exists("preview.png"));
    folder.run("preview in/b.png --out other.png").ends_with(1).says("no image could be read");
    assert!(!folder.exists("other.png"));
}

#[test]
fn ops_lists_every_operation() {
    let folder = Folder::new();
    let table = folder.run("ops").ends_with(0).stdout;
    let json: Value =
        serde_json::from_str(&folder.run("ops --json --convention v0").ends_with(2).stdout).unwrap_or_default();
    assert_eq!(json, Value::Null);
    let json: Value =
        serde_json::from_str(&folder.run("ops --json --convention tensorflow --size 64x32").ends_with(0).stdout)
            .unwrap();
    assert_eq!((&json["width"], &json["height"], &json["convention"]), (&64.into(), &32.into(), &"tensorflow".into()));
    let rows = json["operations"].as_array().unwrap();
    assert_eq!(rows.len(), autoaugment::OpKind::ALL.len());
    for (row, &op) in rows.iter().zip(autoaugment::OpKind::ALL) {
        assert_eq!(row["op"], op.name());
        let values = row["values"].as_array().unwrap();
        assert_eq!(values.len(), if autoaugment::Convention::TensorFlow.has_magnitude(op) { 11 } else { 0 });
        assert!(table.lines().any(|line| line.starts_with(op.name()) && line.ends_with(op.summary())), "{op}");
    }
    let forms = json["forms"].as_array().unwrap();
    assert_eq!(forms.len(), autoaugment::OpKind::ALL.len() + autoaugment::OpKind::TRANSFORM_ONLY.len());
    let crop = forms.iter().find(|form| form["op"] == "Crop").unwrap();
    assert_eq!(crop["parameters"][4]["name"], "border");
    assert_eq!(crop["parameters"][4]["values"], "constant, edge, reflect or symmetric");
    assert_eq!(
        (&crop["parameters"][4]["default"], &crop["parameters"][0]["default"]),
        (&"constant".into(), &Value::Null)
    );
    let (_, parameters) = table.split_once("Parameters of the operations").unwrap();
    for form in forms {
        let name = form["op"].as_str().unwrap();
        assert!(parameters.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}\n{parameters}");
    }
    let rotate = table.lines().find(|line| line.starts_with("Rotate ")).unwrap();
    let words: Vec<_> = rotate.split_whitespace().collect();
    assert_eq!(words[..5], ["Rotate", "degrees", "±", "0", "3.33"]);
    // A radius that is drawn, with the most that each magnitude may draw.
    let table = folder.run("ops --convention timm-random-blur").ends_with(0).stdout;
    let blur = table.lines().find(|line| line.starts_with("GaussianBlur ")).unwrap();
    let words: Vec<_> = blur.split_whitespace().collect();
    assert_eq!(words[..6], ["GaussianBlur", "radius", "0.1", "to", "0", "0.2"]);
}

#[test]
fn policies_are_shown_checked_and_converted() {
    let folder = Folder::new();
    let shown = folder.run("policy show CIFAR-10").ends_with(0).stdout;
    assert_eq!(shown.trim_end().parse::<autoaugment::Policy>().unwrap(), autoaugment::Policy::cifar10());
    folder.write("own.txt", &shown);
    let json = folder.run("policy convert own.txt --to json").ends_with(0).stdout;
    assert_eq!(json, folder.run("policy show cifar10 --json").ends_with(0).stdout);
    folder.write("own.json", &json);
    assert_eq!(folder.run("policy convert own.json --to text").ends_with(0).stdout, shown);
    let line = "25 sub-policies, 2 steps at most, 13 operations, convention torchvision\n";
    assert_eq!(folder.run("policy check own.json").ends_with(0).stdout, line);
    let checked: Value = serde_json::from_str(&folder.run("policy check own.txt --json").ends_with(0).stdout).unwrap();
    assert_eq!((&checked["sub_policies"], &checked["operations"]), (&25.into(), &13.into()));
}

#[test]
fn schemes_stand_wherever_policies_do() {
    let folder = Folder::new();
    folder.image("in/a.png", color(60, 40, 0));
    folder.image("in/b.png", color(60, 40, 7));
    folder.write("scheme.txt", "rand-m9-mstd0.5-inc1 # as in a run of mine\n");
    let apply = |policy: &str, out: &str| {
        let rest = format!("apply in --device cpu --copies 8 --seed 3 --out {out} --plan-out {out}.json --policy");
        folder.run(&format!("{rest} {policy}")).ends_with(0).says("wrote 16 files");
        let json = String::from_utf8(folder.read(&format!("{out}.json"))).unwrap();
        autoaugment::Plan::from_json(&json).unwrap()
    };
    let plan = apply("randaugment(n=2,m=9)", "randaugment");
    assert!(plan.images().iter().all(|image| image.ops.len() == 2));
    let plan = apply("trivialaugment", "trivialaugment");
    assert!(plan.images().iter().all(|image| image.ops.len() == 1));
    assert_eq!(apply("rand-m9-mstd0.5-inc1", "timm"), apply("scheme.txt", "file"));
    let recipe = apply("uniformaugment --recipe cifar", "recipe");
    assert!(recipe.images().iter().all(|image| matches!(image.ops[0], autoaugment::Op::Crop(_))));

    folder.run("preview in --policy trivialaugment --columns 3 --device cpu").ends_with(0).says("(738 x ");
    let shown = folder.run("policy show rand-m9-mstd0.5").ends_with(0).stdout;
    assert_eq!(shown.parse::<autoaugment::Scheme>().unwrap(), "rand-m9-mstd0.5".parse().unwrap());
    let json: Value = serde_json::from_str(&folder.run("policy show randaugment --json").ends_with(0).stdout).unwrap();
    assert_eq!((&json["scheme"], &json["operations"][0]), (&"randaugment(n=2, m=9)".into(), &"Identity".into()));
    let listed = folder.run("policy list").ends_with(0).stdout;
    let json: Value = serde_json::from_str(&folder.run("policy list --json").ends_with(0).stdout).unwrap();
    for ((form, summary), json) in autoaugment::Scheme::forms().zip(json.as_array().unwrap()) {
        assert!(listed.lines().any(|line| line.starts_with(form) && line.ends_with(summary)), "{form}");
        assert_eq!((&json["name"], &json["summary"]), (&form.into(), &summary.into()));
    }
    folder.run("apply --help").prints("rand-m9-mstd0.5-inc1").prints("autoaugment policy list");
}

#[test]
fn devices_has_the_cpu_last() {
    let folder = Folder::new();
    let json: Value = serde_json::from_str(&folder.run("devices --json").ends_with(0).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().last().unwrap()["name"], "CPU");
    let table = folder.run("devices").ends_with(0).stdout;
    assert!(table.starts_with("DEVICE"), "{table}");
    // Between stands why there is no CUDA, in a build that could use it.
    let lines: Vec<_> = table.trim_end().lines().filter(|line| !line.is_empty() && !is_about_cuda(line)).collect();
    assert!(lines[lines.len() - 2].starts_with("cpu"), "{table}");
    assert!(lines[lines.len() - 1].starts_with("JPEG decoder: mozjpeg (libjpeg-turbo), with"), "{table}");
}

fn is_about_cuda(line: &str) -> bool {
    line.starts_with("without CUDA: ")
}

#[test]
#[cfg(feature = "cuda")]
fn devices_has_those_of_cuda_or_says_why_there_are_none() {
    let folder = Folder::new();
    let table = folder.run("devices").ends_with(0).stdout;
    let about: Vec<_> = table.lines().filter(|line| is_about_cuda(line)).collect();
    match autoaugment::cuda::devices() {
        Ok(devices) => {
            assert_eq!(about, [""; 0]);
            for autoaugment::cuda::CudaSummary { number, name, .. } in devices {
                let is_it = |line: &str| line.starts_with(&format!("cuda:{number} ")) && line.contains(&name);
                assert!(table.lines().any(is_it), "{name}: {table}");
            }
        }
        Err(error) => {
            let reason = error.to_string().replace("no usable GPU: ", "");
            assert_eq!(about, [format!("without CUDA: {reason}")]);
            assert!(!table.contains("cuda:"), "{table}");
        }
    }
}

#[test]
#[cfg(feature = "gpu")]
fn an_adapter_that_is_not_there_is_refused_with_those_that_are() {
    let folder = Folder::new();
    let refused = folder.run("bench --device 977").ends_with(3);
    assert!(refused.stderr.contains("no adapter has the number or the name `977`"), "{}", refused.stderr);
    for line in serde_json::from_str::<Value>(&folder.run("devices --json").stdout).unwrap().as_array().unwrap() {
        let (device, name) = (line["device"].as_str().unwrap(), line["name"].as_str().unwrap());
        assert!(device.starts_with("c") || refused.stderr.contains(&format!("{device}: {name}")), "{}", refused.stderr);
    }
}

#[test]
fn completions_and_help_are_printed() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        folder.run(&format!("completions {shell}")).ends_with(0).prints("plan-out");
    }
    let bash = folder.run("completions bash").stdout;
    for word in ["trivialaugment", "fast-imagenet", "AutoContrast", "VerticalFlip", "deepvoltaire", "nchw", "kornia"] {
        assert!(bash.contains(word), "{word} is not completed");
    }
    for command in ["", "apply ", "preview ", "bench "] {
        folder.run(&format!("{command}--help")).ends_with(0).prints("3  a GPU was demanded and there is none");
    }
    folder.run("apply --help").ends_with(0).prints("\"version\": 2").prints("The plan names it.");
    folder.run("apply --help").prints("  Resize(width, height, interpolation=nearest, box=null)\n");
    folder.run("apply --help").prints("[possible values: nearest, bilinear, bicubic]");
    folder.run("--version").ends_with(0).prints(env!("CARGO_PKG_VERSION"));
}

/// The plan that the help shows is one.
#[test]
fn the_plan_in_the_help_is_valid() {
    let help = Folder::new().run("apply --help").ends_with(0).stdout;
    let start = help.find("  {\n    \"version\"").unwrap();
    let end = start + help[start..].find("\n  }").unwrap() + 4;
    assert_eq!(autoaugment::Plan::from_json(&help[start..end]).unwrap().images().len(), 2);
}

/// Without a GPU nothing is amiss; whoever asks is told what runs the plans, and why.
#[cfg(feature = "gpu")]
#[test]
fn the_cpu_alone_is_no_warning() {
    let folder = Folder::new();
    folder.image("cat.png", color(8, 8, 0));
    if autoaugment::gpu::adapters().iter().any(|adapter| !adapter.is_software) {
        folder.run("apply cat.png --out out").ends_with(0).says("running on ");
        return;
    }
    let run = folder.run("apply cat.png --out out").ends_with(0);
    assert_eq!(run.stderr, "wrote 1 file to out\n");
    folder.run("apply cat.png --out out --force --verbose").ends_with(0).says("info: running on the CPU: ");
    let run = folder.run("apply cat.png --out out --copies 65 --force").ends_with(0);
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines, ["running on the CPU: there is no GPU (see `autoaugment devices`)", "wrote 65 files to out"]);
}
