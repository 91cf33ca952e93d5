//! `search`: the same policy each time, whatever stops it; every kind of data; and what it refuses.

use std::path::Path;
use std::time::{Duration, Instant};

use autoaugment::Policy;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::folder::{Folder, color, gray, jpeg};
use crate::searches::{SMALL, bar, command, data, journal};

#[test]
fn a_search_gives_the_same_policy_with_any_number_of_threads() {
    let folder = data(40);
    for (out, threads) in [("a.json", 1), ("b.json", 3)] {
        let call = format!("search data --out {out} --children 8 --seeds 1 {SMALL} --threads {threads}");
        folder.run(&call).ends_with(0).says(&format!("wrote {out} after 16 children"));
    }
    assert_eq!(folder.read("a.json"), folder.read("b.json"));
    assert_eq!(journal(&folder, "a.journal"), journal(&folder, "b.journal"));
    let policy = Policy::from_json(&String::from_utf8(folder.read("a.json")).unwrap()).unwrap();
    assert_eq!(policy.sub_policies.len(), 25);
    folder.run("policy check a.json").ends_with(0);
    // The best five are those of the journal.
    folder.run("search policy --journal a.journal --out c.json").ends_with(0);
    assert_eq!(folder.read("a.json"), folder.read("c.json"));
    // A line that a stop cut off is made again, and said to be.
    let whole = folder.read("b.journal");
    folder.write("b.journal", &whole[..whole.len() - 9]);
    std::fs::remove_file(folder.path("b.json")).unwrap();
    folder
        .run(&format!("search data --out b.json --children 8 --seeds 1 {SMALL}"))
        .ends_with(0)
        .says("warning: b.journal: the last line has no end and is dropped");
    assert_eq!(folder.read("a.json"), folder.read("b.json"));
    // Another seed draws other images, and proposes other policies.
    let call = format!("search data --out d.json --children 8 --seeds 0 {SMALL} --seed 1");
    folder.run(&call).ends_with(0).says("wrote d.json after 8 children");
    assert_ne!(journal(&folder, "d.journal").0[0]["tokens"], journal(&folder, "a.journal").0[0]["tokens"]);
}

#[cfg(unix)]
#[test]
fn a_search_goes_on_after_any_kill() {
    let folder = data(40);
    let call = |out: &str| format!("search data --out {out} --children 24 --seeds 1 {SMALL} --threads 2");
    folder.run(&call("whole.json")).ends_with(0);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut kills, mut is_done) = (0, false);
    while !is_done {
        let mut run = command(&folder, &call("out.json")).spawn().unwrap();
        // Later each time, so that it comes to an end on a slow machine.
        std::thread::sleep(Duration::from_millis(random.random_range(100..600) + 50 * kills));
        let signal = ["KILL", "TERM", "INT"][kills as usize % 3];
        let id = run.id().to_string();
        std::process::Command::new("kill").args([&format!("-{signal}"), &id]).output().unwrap();
        let status = run.wait().unwrap();
        is_done = status.success();
        kills += u64::from(!is_done);
        assert_eq!(folder.exists("out.json"), is_done);
        assert!(kills < 100);
    }
    assert!(kills > 0);
    assert_eq!(folder.read("out.json"), folder.read("whole.json"));
    assert_eq!(journal(&folder, "out.journal"), journal(&folder, "whole.journal"));
}

#[test]
fn every_strategy_and_preset_runs() {
    let folder = data(40);
    folder.run(&format!("search proxy data --out proxy.json {SMALL}")).ends_with(0);
    for (name, options) in [
        ("ppo", "--operations Rotate,ShearX"),
        ("random", ""),
        ("evolution", "--reward accuracy"),
        ("filter", "--candidates 12"),
        ("random", "--preset warm"),
        ("ppo", "--preset paper --reward accuracy-0.5*loss"),
    ] {
        let call =
            format!("search data --out p.json --force --strategy {name} {options} {SMALL} --children 6 --seeds 1");
        folder.run(&format!("{call} --journal {name}{}", options.len())).ends_with(0).says("wrote p.json");
        let text = String::from_utf8(folder.read("p.json")).unwrap();
        let is_narrow = options.contains("--operations");
        let policy = Policy::from_json(&text).unwrap();
        let mut steps = policy.sub_policies.iter().flat_map(|sub_policy| &sub_policy.steps);
        assert_eq!(steps.all(|step| ["Rotate", "ShearX"].contains(&step.op.name())), is_narrow, "{name} {options}");
    }
}

/// Side, channels, classes and images of a proxy.
fn shape(folder: &Folder, call: &str) -> [u64; 5] {
    folder.run(&format!("search proxy {call} --preset warm --out proxy.json --force")).ends_with(0);
    let proxy: serde_json::Value = serde_json::from_slice(&folder.read("proxy.json")).unwrap();
    let images = &proxy["proxy"]["child"]["network"]["images"];
    let number = |name: &str| images[name].as_u64().unwrap();
    let [side, channels, classes, training, validation] =
        ["side", "channels", "classes", "training", "validation"].map(number);
    // Behind the images there is the network that children start from: three layers of 3 x 3, and a linear one.
    let network = (9 * channels * 8 + 8) + (9 * 8 * 16 + 16) + (9 * 16 * 32 + 32) + (32 * classes + classes);
    let bytes = (training + validation) * (side * side * channels + 4) + 4 * network;
    assert_eq!(folder.read("proxy.images").len() as u64, bytes);
    [side, channels, classes, training, validation]
}

#[test]
fn every_kind_of_data_is_read() {
    let folder = data(40);
    // 80 gray squares of 16 pixels for training, and as many for validation.
    assert_eq!(shape(&folder, "data"), [16, 1, 4, 80, 80]);
    assert_eq!(shape(&folder, "data --train 40 --validation 50 --size 64"), [64, 1, 4, 40, 50]);
    // Color, and images of other sizes.
    for i in 0..40 {
        folder.image(&format!("color/a/{i}.png"), color(40 + i, 30, i));
        folder.image(&format!("color/b/{i}.png"), gray(20, 300));
    }
    folder.write("color/b/large.jpg", jpeg(700, 500));
    assert_eq!(shape(&folder, "color"), [32, 3, 2, 40, 41]);
    assert_eq!(shape(&folder, "color --gray --size 20"), [20, 1, 2, 40, 41]);
    let bytes = |head: &[u8], each: usize, images: usize| [head, &vec![9; each * images]].concat();
    folder.write("idx/train-images-idx3-ubyte", bytes(&[0, 0, 8, 3, 0, 0, 0, 90, 0, 0, 0, 28, 0, 0, 0, 28], 784, 90));
    let labels: Vec<u8> = (0..90).map(|i| i % 3).collect();
    folder.write("idx/train-labels-idx1-ubyte", [&[0, 0, 8, 1, 0, 0, 0, 90][..], &labels].concat());
    assert_eq!(shape(&folder, "idx"), [28, 1, 3, 45, 45]);
    let cifar = |labels: usize| -> Vec<u8> {
        let record = |i: u8| [vec![i % 2; labels], (0..3072).map(|p| (p * usize::from(i)) as u8).collect()].concat();
        (0..80).flat_map(record).collect()
    };
    folder.write("cifar10/data_batch_1.bin", cifar(1));
    folder.write("cifar100/train.bin", cifar(2));
    assert_eq!(shape(&folder, "cifar10"), [32, 3, 2, 40, 40]);
    assert_eq!(shape(&folder, "cifar100"), [32, 3, 2, 40, 40]);
}

#[test]
fn only_drawn_images_are_decoded() {
    let folder = data(40);
    folder.write("data/2/007.png", "broken");
    let runs: Vec<_> = (0..12)
        .map(|seed| {
            let call = format!("search proxy data --train 32 --validation 32 --size 16 --seed {seed}");
            folder.run(&format!("{call} --out {seed}.json"))
        })
        .collect();
    let (good, bad): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.code == 0);
    assert!(!good.is_empty() && !bad.is_empty());
    for run in bad {
        run.ends_with(2).says("error: data/2/007.png: not a JPEG, PNG");
    }
}

#[test]
fn a_search_ends_in_time_with_its_best_tried_again() {
    let folder = data(40);
    let begin = Instant::now();
    let call = format!(
        "search data --out p.json --preset warm --minutes 0.1 --seeds 1 --children 1000000 {SMALL} --threads 2"
    );
    folder.run(&call).ends_with(0).says("wrote p.json after");
    assert!(begin.elapsed() < Duration::from_secs(60));
    let (jobs, outcomes) = journal(&folder, "p.journal");
    let again = jobs.iter().filter(|job| !job["again"].is_null()).count();
    assert!(again > 0 && jobs.len() > 2 * again - 20 && outcomes.len() > again, "{again} of {}", jobs.len());
}

#[cfg(unix)]
#[test]
fn a_program_of_the_users_trains_children() {
    let folder = data(1);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../search/examples/child.py");
    let child = format!("python3 '{}'", script.display());
    let call = |out: &'static str, child: &str, rest: &[&str]| {
        let fixed = ["search", "--child", child, "--out", out, "--children", "10", "--seeds", "0", "--threads", "2"];
        folder.run_with(&[&fixed[..], rest].concat(), &[])
    };
    call("a.json", &child, &[]).ends_with(0).says("wrote a.json after 10 children");
    call("b.json", &child, &[]).ends_with(0);
    assert_eq!(folder.read("a.json"), folder.read("b.json"));
    // Children with an even seed fail, which are half of them, and the policy is of the others.
    let some = format!(r#"read -r job; case "$job" in *[02468]}}) exit 1;; esac; echo "$job" | {child}"#);
    let failed = call("c.json", &some, &["--retries", "0"]);
    failed
        .ends_with(1)
        .says("warning: a child failed: child: the command failed: ")
        .says("error: 5 of 10 children failed; the policy is of the others");
    assert!(folder.exists("c.json"));
    let refused = call("d.json", "echo broken >&2; exit 3", &["--retries", "2"]).ends_with(2);
    refused.says("and 2 times again: the last time it ended with exit status: 3; its standard error ends with: broken");
    call("e.json", "echo 1", &["--timeout", "9"]).ends_with(2).says("its last line is `1`");
    assert!(!folder.exists("d.json") && !folder.exists("e.json"));
}

#[cfg(unix)]
#[test]
fn a_stopped_search_stops_its_programs() {
    let folder = data(1);
    let mut search = command(&folder, "search --out p.json --child");
    let mut run = search.arg("sleep 300 & echo $! >> processes; wait").spawn().unwrap();
    let processes = || std::fs::read_to_string(folder.path("processes")).unwrap_or_default();
    let begin = Instant::now();
    while processes().lines().count() == 0 {
        assert!(begin.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(10));
    }
    std::process::Command::new("kill").arg(run.id().to_string()).status().unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
    let is_running = |id: &str| std::process::Command::new("kill").args(["-0", id]).output().unwrap().status.success();
    while processes().lines().any(is_running) {
        assert!(begin.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn wrong_calls_are_refused_with_the_reason() {
    let folder = data(40);
    (0..80).for_each(|i| folder.image(&format!("one/only/{i}.png"), bar(0, i)));
    folder.image("lacks/a/1.png", bar(0, 1));
    folder.write("lacks/b/notes.txt", "no image");
    folder.write("taken.json", "mine");
    folder.write("shard.tar", "");
    folder.write("splits/train/a/1.png", "");
    folder.write("splits/val/a/1.png", "");
    (0..40).for_each(|i| folder.image(&format!("broken/a/{i}.png"), bar(0, i)));
    (0..40).for_each(|i| folder.write(&format!("broken/b/{i}.png"), "no image"));
    let journal = format!("search data --out journal.json --children 2 --seeds 0 {SMALL}");
    folder.run(&journal).ends_with(0);
    for (call, expected) in [
        ("search", "<DATA>..."),
        ("search data", "--out <FILE>"),
        ("search none --out p.json", "none: No such file"),
        ("search data/0/000.png --out p.json", "000.png: expected a folder of class folders, tar shards"),
        ("search splits --out p.json", "it has the splits `train` and `val`"),
        ("search lacks --out p.json", "the class `b` has no images"),
        ("search one --out p.json", "data: there is one class, and a child learns to tell classes apart"),
        (
            "search data --out p.json --train 160",
            "160 images for training and 0 for validation cannot be taken from 160",
        ),
        ("search data --out p.json --train 100 --validation 61", "cannot be taken from 160"),
        ("search data --out p.json --validation 0", "0 is not in 1..=1000000"),
        ("search data --out p.json --train 31", "31 is not in 32..=1000000"),
        ("search data --out p.json --size 15", "15 is not in 16..=64"),
        ("search data --out p.json --size 65", "65 is not in 16..=64"),
        ("search data --out p.json --children 0", "0 is not in 1..=10000000"),
        ("search data --out p.json --minutes 0", "expected a number of minutes above 0"),
        ("search data --out p.json --minutes nan", "expected a number of minutes above 0"),
        ("search data --out p.json --reward loss", "expected accuracy, or accuracy-W*loss"),
        ("search data --out p.json --strategy best", "[possible values: ppo, random, evolution, filter]"),
        ("search data --out p.json --preset slow", "[possible values: fast, warm, paper]"),
        ("search data --out p.json --operations Rotat", "did you mean `Rotate`?"),
        ("search data --out p.json --operations Rotate,Rotate", "operations: Rotate occurs twice"),
        ("search data --out p.json --threads 0", "0 is not in 1..=4096"),
        ("search data --out p.json --timeout 3", "cannot be used with"),
        ("search data --out p.json --child true", "cannot be used with '--child <COMMAND>'"),
        ("search --out p.json --child true --size 20", "cannot be used with"),
        (
            "search data --out p.journal",
            "--out p.journal: the journal has this name too; give it another one by --journal",
        ),
        (
            "search proxy data --out p.images",
            "--out p.images: its images would have this name too; let it end in .json",
        ),
        (
            "search shard.tar --out shard.tar --force",
            "shard.tar would be overwritten, and the run reads it as shard.tar",
        ),
        ("search shard.tar --out p.json --journal shard.tar", "shard.tar would be overwritten"),
        ("search data --out taken.json", "taken.json exists; --force overwrites it"),
        ("search data --out data --force", "data is no file that could be written"),
        (
            "search data --out p.json --journal journal.journal --children 3 --seeds 0 --train 64 --validation 64",
            "journal journal.journal: it is of another search: search.children is 2, and 3 was expected\n",
        ),
        ("search data --out p.json --journal taken.json", "journal taken.json: it is no journal, and is left as it is"),
    ] {
        folder.run(call).ends_with(2).says(expected);
        assert!(!folder.exists("p.json"), "{call}");
    }
    folder.run("search broken --out p.json --size 16").ends_with(2).says("broken/b/").says("not a JPEG, PNG");
    folder.run("search broken --out p.json").ends_with(2).says("broken/b/");
    assert_eq!(folder.read("taken.json"), b"mine");
    // Whoever has the policy and the journal gets the policy again, and nothing is trained.
    folder.run(&journal).ends_with(2).says("journal.json exists");
    folder.run(&format!("{journal} --force")).ends_with(0).says("continuing journal.journal after 2 children");
}

#[cfg(feature = "burn-children")]
#[test]
fn children_of_other_networks_are_trained_by_burn() {
    let folder = data(40);
    let call = |out: &str| format!("search data --out {out} --network small --children 3 --seeds 0 {SMALL}");
    for out in ["a.json", "b.json"] {
        folder.run(&call(out)).ends_with(0).says(&format!("wrote {out} after 3 children"));
    }
    assert_eq!(folder.read("a.json"), folder.read("b.json"));
    assert_eq!(journal(&folder, "a.journal"), journal(&folder, "b.journal"));
    let begins = String::from_utf8(folder.read("a.journal")).unwrap();
    assert!(begins.starts_with('{') && begins.contains(r#""network":{"settings":{"large":"#), "{begins}");
    folder.run("search data --out a.json --force --children 3 --seeds 0 --train 64 --validation 64").ends_with(2);
    let wide = "search proxy data --network reduced-cifar10 --validation 32 --out";
    folder.run(&format!("{wide} p.json --train 128")).ends_with(0);
    folder.run(&format!("{wide} q.json --train 64")).ends_with(2).says("fewer than a step of 128");
}
